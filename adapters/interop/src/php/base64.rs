//! Base64 as PHP's `base64_decode` reads it without its strict flag.

/// Decodes a text. Bytes that are no base64 digits are skipped; padding is not needed.
#[must_use]
pub fn decode(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in text.iter().filter_map(|byte| sextet(*byte)) {
        bits = (bits << 6 | u32::from(digit)) & 0x3fff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap_or_default());
        }
    }
    bytes
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_and_other_letters_do_not_count() {
        for text in ["YTpi", "Y T=p-i", "YTpi====", "\u{e9}YTpi"] {
            assert_eq!(decode(text.as_bytes()), b"a:b", "{text}");
        }
        assert_eq!(
            (decode(b"YQ"), decode(b"Y"), decode(b"+/+/")),
            (vec![b'a'], vec![], vec![0xfb, 0xff, 0xbf])
        );
    }
}
