//! Tokens and keys, spelled as OctoPrint spells them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::secret::Secret;

/// An API key: 43 characters of base64url.
pub(crate) fn key(bytes: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A fresh API key.
pub(crate) fn fresh_key(exchange: &dyn Exchange) -> Secret {
    Secret::new(key(&exchange.random()))
}

/// Whether it is spelled like one of our tokens.
pub(crate) fn is_hex_token(token: &str) -> bool {
    token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A fresh token: 64 hexadecimal digits.
pub(crate) fn hex_token(exchange: &dyn Exchange) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let bytes = exchange.random();
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}
