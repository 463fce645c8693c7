//! Keys, tokens and passwords: their formats and limits.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::secret::Secret;

/// The most characters of a password that OctoPrint's hash accepts. It answers 500 for a longer one:
/// `fixtures/transcripts/octoprint/users-create-names.json`.
pub(crate) const LONGEST_PASSWORD: usize = 4096;

/// An API key: 43 characters of base64url.
pub(crate) fn key(bytes: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A fresh API key.
pub(crate) fn fresh_key(exchange: &dyn Exchange) -> Secret {
    Secret::new(key(&exchange.random()))
}

/// Whether a text has the format of [`hex_token`].
pub(crate) fn is_hex_token(token: &str) -> bool {
    token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A fresh token: 64 hexadecimal digits.
pub(crate) fn hex_token(exchange: &dyn Exchange) -> String {
    hex::encode(exchange.random())
}
