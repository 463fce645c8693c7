//! Keys and tokens: their formats.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::secret::Secret;

use crate::options::version::KeyFormat;

/// The number of bytes of a key before 1.4.
const SHORT: usize = 16;

/// An API key: 43 characters of base64url.
pub(crate) fn key(bytes: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A fresh API key of a user.
pub(crate) fn fresh_key(exchange: &dyn Exchange, format: KeyFormat) -> Secret {
    let bytes = exchange.random();
    Secret::new(match format {
        KeyFormat::Base64 => key(&bytes),
        KeyFormat::Hex => short_hex(&bytes).to_uppercase(),
    })
}

/// A key of an application, or a token of the plugin that gives such keys.
pub(crate) fn application_token(bytes: &[u8; 32], format: KeyFormat) -> String {
    match format {
        KeyFormat::Base64 => key(bytes),
        KeyFormat::Hex => short_hex(bytes),
    }
}

/// The bytes that a token of [`application_token`] begins with.
pub(crate) fn token_bytes(token: &str) -> Option<Vec<u8>> {
    let is_hex = token.len() == 2 * SHORT;
    if is_hex { hex::decode(token).ok() } else { URL_SAFE_NO_PAD.decode(token).ok() }
}

/// 32 hexadecimal digits.
fn short_hex(bytes: &[u8; 32]) -> String {
    hex::encode(&bytes[..SHORT])
}

/// Whether a text has the format of [`hex_token`].
pub(crate) fn is_hex_token(token: &str) -> bool {
    token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A fresh token: 64 hexadecimal digits.
pub(crate) fn hex_token(exchange: &dyn Exchange) -> String {
    hex::encode(exchange.random())
}
