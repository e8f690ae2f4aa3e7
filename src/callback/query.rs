//! The claims of a callback's query string, before any of them is believed.

use super::refusal::Refusal;
use crate::domain::time::Timestamp;

/// The parameters that take part in verification, each present at most once and not empty.
pub(super) struct Claim {
    /// Absent in callbacks of older versions of the service.
    pub app_key: Option<String>,
    pub nonce: String,
    /// The timestamp as it was sent. These characters were hashed; a number printed again may have
    /// others.
    pub timestamp_text: String,
    pub timestamp: Timestamp,
    pub signature: [u8; 20],
}

impl Claim {
    /// Decodes percent escapes and `+`, and ignores parameters that the sender does not document.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        let (mut app_key, mut nonce, mut timestamp, mut signature) = (None, None, None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (slot, name) = match name.as_ref() {
                "appKey" => (&mut app_key, "appKey"),
                "nonce" => (&mut nonce, "nonce"),
                // Older versions of the service say signTimestamp. Both names at once are as
                // ambiguous as one of them twice.
                "timestamp" | "signTimestamp" => (&mut timestamp, "timestamp"),
                "signature" => (&mut signature, "signature"),
                _ => continue,
            };
            if value.is_empty() {
                return Err(Refusal::Missing(name));
            }
            if slot.replace(value.into_owned()).is_some() {
                return Err(Refusal::Repeated(name));
            }
        }
        let nonce = nonce.ok_or(Refusal::Missing("nonce"))?;
        let timestamp_text = timestamp.ok_or(Refusal::Missing("timestamp"))?;
        let timestamp = parse_timestamp(&timestamp_text).ok_or(Refusal::MalformedTimestamp)?;
        let mut digest = [0; 20];
        hex::decode_to_slice(signature.ok_or(Refusal::Missing("signature"))?, &mut digest)
            .map_err(|_| Refusal::MalformedSignature)?;
        Ok(Self { app_key, nonce, timestamp_text, timestamp, signature: digest })
    }
}

/// Accepts exactly 13 ASCII digits. Nothing separates nonce and timestamp in the hashed text: if
/// the length were free, characters could move from one to the other and the digest would stay the
/// same.
fn parse_timestamp(text: &str) -> Option<Timestamp> {
    if text.len() != 13 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().and_then(Timestamp::from_millis)
}
