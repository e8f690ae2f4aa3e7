//! The sender's signature: `lowercase_hex(SHA1(appSecret + nonce + timestamp))`.
//!
//! It is a plain concatenation: no separator, no HMAC. It covers neither body nor path nor appKey,
//! so whoever captures one URL can post any body with it while its timestamp is fresh.

use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;

use super::{
    keyring::{Keyring, Secret},
    query::Claim,
    refusal::Refusal,
};
use crate::domain::{ids::AppKey, time::Timestamp};

/// The time that a timestamp may lie ahead of the receiver's clock, in seconds.
const MAX_AHEAD_SECONDS: u64 = 300;

/// The rule for the age of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Accepts at most this many seconds of age, and at most 300 seconds ahead of the receiver's
    /// clock.
    WithinSeconds(u64),
    /// Accepts any age, for sample events with a fixed signature. A captured URL can then be
    /// replayed for ever.
    Unchecked,
}

impl Freshness {
    fn accepts(self, timestamp: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::WithinSeconds(max_age) => {
                now.since(timestamp).as_millis() <= u128::from(max_age) * 1000
                    && timestamp.since(now).as_millis() <= u128::from(MAX_AHEAD_SECONDS) * 1000
            }
            Self::Unchecked => true,
        }
    }
}

/// Signs as the sender does; `timestamp` is Unix milliseconds in decimal digits.
///
/// ```
/// use chatroom_status_sync::callback::{self, keyring::Secret};
///
/// // The vector that the vendor publishes.
/// let signature = callback::sign(&Secret::new("Y1W2MeFwwwRxa0"), "14314", "1408710653000");
/// assert_eq!(signature, "30be0bbca9c9b2e27578701e9fda2358a814c88f");
/// ```
pub fn sign(secret: &Secret, nonce: &str, timestamp: &str) -> String {
    hex::encode(digest(secret, nonce, timestamp))
}

fn digest(secret: &Secret, nonce: &str, timestamp: &str) -> [u8; 20] {
    let mut hash = Sha1::new();
    hash.update(secret.bytes());
    hash.update(nonce);
    hash.update(timestamp);
    hash.finalize().into()
}

/// Finds the app that a query string belongs to, and checks that it was signed with one of the
/// app's secrets and is fresh.
///
/// Age is judged last, so that only somebody who holds a secret learns what the receiver's clock
/// says.
pub(super) fn check(
    query: &str,
    keyring: &Keyring,
    freshness: Freshness,
    now: Timestamp,
) -> Result<AppKey, Refusal> {
    let claim = Claim::parse(query)?;
    let (app, secrets) = keyring.secrets_of(claim.app_key.as_deref()).ok_or(Refusal::UnknownApp)?;
    let matches = |secret: &Secret| {
        digest(secret, &claim.nonce, &claim.timestamp_text).ct_eq(&claim.signature)
    };
    if !secrets.iter().any(|secret| matches(secret).into()) {
        return Err(Refusal::WrongSignature);
    }
    if !freshness.accepts(claim.timestamp, now) {
        return Err(Refusal::Stale { timestamp: claim.timestamp });
    }
    Ok(app.clone())
}
