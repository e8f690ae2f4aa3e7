//! The step from an unverified callback to a verified one.

use super::{
    keyring::Keyring,
    refusal::Refusal,
    signature::{self, Freshness},
};
use crate::domain::{ids::AppKey, time::Timestamp};

/// A callback as it came in. Nothing in it can be believed, so nothing in it can be read.
pub struct Unverified {
    query: String,
    body: Vec<u8>,
}

/// A callback that was signed with one of the app's secrets.
///
/// The same type stands for content that comes back from this project's own queues, where only
/// verified content is put.
pub struct Verified {
    app: AppKey,
    body: Vec<u8>,
}

impl Unverified {
    /// Takes a raw query string (without `?`) and the bytes of the body.
    pub const fn new(query: String, body: Vec<u8>) -> Self {
        Self { query, body }
    }

    /// Checks the signature at the time `now`.
    ///
    /// # Errors
    /// Gives the callback back together with the reason, so that it can be tried again with newer
    /// secrets.
    pub fn verify(
        self,
        keyring: &Keyring,
        freshness: Freshness,
        now: Timestamp,
    ) -> Result<Verified, (Self, Refusal)> {
        match signature::check(&self.query, keyring, freshness, now) {
            Ok(app) => Ok(Verified { app, body: self.body }),
            Err(refusal) => Err((self, refusal)),
        }
    }
}

impl Verified {
    /// Takes content that was verified before it was put into one of this project's queues.
    pub(crate) const fn from_queue(app: AppKey, body: Vec<u8>) -> Self {
        Self { app, body }
    }

    /// Gives the app whose secret signed.
    pub const fn app(&self) -> &AppKey {
        &self.app
    }

    /// Gives the bytes of the body. They may be anything, because the signature does not cover
    /// them.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}
