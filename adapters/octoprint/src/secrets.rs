//! Keys, tokens and passwords: their formats and limits.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, URL_SAFE_NO_PAD};
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

/// Decodes base64 as Python's `b64decode` does: other letters are skipped, text after the padding is
/// ignored, surplus bits are dropped. `None`: the padding is missing.
pub(crate) fn python_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.bytes().filter(|byte| is_digit(*byte) || *byte == b'=');
    let (mut quad, mut pads) = (Vec::new(), 0);
    let mut out = Vec::new();
    for byte in digits {
        if byte == b'=' {
            pads += usize::from(quad.len() >= 2);
            if quad.len() >= 2 && quad.len() + pads >= 4 {
                break;
            }
            continue;
        }
        pads = 0;
        quad.push(byte);
        if quad.len() == 4 {
            out.extend(LENIENT.decode(&quad).ok()?);
            quad.clear();
        }
    }
    if !quad.is_empty() && quad.len() + pads < 4 {
        return None;
    }
    out.extend(LENIENT.decode(&quad).ok()?);
    Some(out)
}

const LENIENT: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, NO_PAD.with_decode_allow_trailing_bits(true));

fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// Whether a text has the format of [`hex_token`].
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_base64_as_python_does() {
        for (text, decoded) in [
            ("YTpi", Some("a:b")),
            ("YTo=", Some("a:")),
            ("YTp=", Some("a:")),
            ("Y=T o=====x", Some("a:")),
            ("YTo", None),
            ("Y", None),
            ("%%%", Some("")),
        ] {
            let found = python_base64(text).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(found.as_deref(), decoded, "{text}");
        }
    }
}
