//! Percent encoding, in the variants that the systems' languages use.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// What a single value of a query or form encodes: everything but letters, digits and `-._`.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// What a step of a path encodes: everything but the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &COMPONENT.remove(b'~');

/// What Werkzeug encodes in the path of a `Location` header.
const PATH: &AsciiSet = &SEGMENT
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@');

/// Decodes `%41`. A percent sign without two hexadecimal digits after it stays as it is.
#[must_use]
pub fn decode(bytes: &[u8]) -> Vec<u8> {
    percent_decode(bytes).collect()
}

/// Decodes `%41`, and `+` to a blank, as forms and queries have it.
#[must_use]
pub fn decode_form(bytes: &[u8]) -> Vec<u8> {
    if !bytes.contains(&b'+') {
        return decode(bytes);
    }
    let spaced: Vec<u8> =
        bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    decode(&spaced)
}

/// Decodes a path to text; invalid UTF-8 becomes U+FFFD.
#[must_use]
pub fn decode_text(text: &str) -> String {
    percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned()
}

/// Encodes a value of a query or form: all but letters, digits and `-._`; a blank is `%20`.
#[must_use]
pub fn encode(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// Encodes a value as PHP's `urlencode` does: as [`encode`], but a blank is `+`.
#[must_use]
pub fn encode_form(text: &str) -> String {
    encode(text).replace("%20", "+")
}

/// Encodes one step of a path: all but letters, digits and `-._~`.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// Encodes a path for a `Location` header as Werkzeug does.
#[must_use]
pub fn encode_path(path: &str) -> String {
    Cow::from(utf8_percent_encode(path, PATH)).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_escapes_are_decoded() {
        for (text, decoded) in [
            ("%41%2f%2F", "A//"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%+4%g1", "%+4%g1"),
            ("a+b", "a+b"),
        ] {
            assert_eq!(decode_text(text), decoded, "{text}");
        }
        assert_eq!(decode_text("%ff"), "\u{fffd}");
        assert_eq!(decode_form(b"a+b%2B%41%+4"), b"a b+A% 4");
    }

    #[test]
    fn each_encoder_has_its_own_set() {
        assert_eq!(encode("a b-._~/é"), "a%20b-._%7E%2F%C3%A9");
        assert_eq!(encode_segment("a b-._~/é"), "a%20b-._~%2F%C3%A9");
        assert_eq!(encode_form("a é/%20+"), "a+%C3%A9%2F%2520%2B");
        assert_eq!(encode_path("/a b?~é%@;="), "/a%20b%3F~%C3%A9%25@;=");
    }
}
