//! Base64 as Python's `base64.b64decode` reads it.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

/// Decodes a text; `None` if its padding is missing.
///
/// Other letters are skipped, what follows the padding is ignored, and so are surplus bits.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_leniently_as_python() {
        for (text, plain) in [
            ("YTpi", Some("a:b")),
            ("YTo=", Some("a:")),
            ("YTp=", Some("a:")),
            ("Y=T o=====x", Some("a:")),
            ("YTo", None),
            ("Y", None),
            ("%%%", Some("")),
        ] {
            let found = decode(text).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(found.as_deref(), plain, "{text}");
        }
    }
}
