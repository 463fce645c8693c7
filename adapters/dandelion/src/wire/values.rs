//! What Dandelion does not take as a user's values, and what nobody could sign in with.

use isogloss_canonical::value::{ValueKind, ValueRule};
use isogloss_interop::php::truth;
use isogloss_interop::values;

use crate::wire::columns;

/// The rules. The login page takes an empty value and `0` for a missing one
/// (`fixtures/transcripts/dandelion/session.json`). The server decodes what a browser sends once more
/// than the browser encodes it, so that nobody could type `a+b` or `%41` there
/// (`fixtures/transcripts/dandelion/resetpassword.json`).
pub(crate) const RULES: &[ValueRule] = &[
    ValueRule::new(ValueKind::Username, "that is empty or `0`", truth::of_text, || "0".to_owned()),
    ValueRule::new(
        ValueKind::Username,
        "with `+`, or `%` before two hexadecimal digits",
        is_plain,
        || "a+b".to_owned(),
    ),
    ValueRule::new(
        ValueKind::Username,
        "longer than 255 bytes",
        |name| columns::check_username(name).is_ok(),
        || "é".repeat(128),
    ),
    ValueRule::new(ValueKind::Password, "that is empty or `0`", truth::of_text, || "0".to_owned()),
    ValueRule::new(
        ValueKind::Password,
        "with `+`, or `%` before two hexadecimal digits",
        is_plain,
        || "secret%41".to_owned(),
    ),
    values::LONGER_THAN_BCRYPT,
    values::NUL,
    ValueRule::new(
        ValueKind::FullName,
        "longer than 65535 bytes, with two for each byte of a character outside ASCII",
        |name| columns::check_full_name(name).is_ok(),
        || "n".repeat(65_536),
    ),
];

/// Whether the server's second decoding leaves a value as it is.
fn is_plain(text: &str) -> bool {
    let is_code =
        |code: &[u8]| matches!(code, [b'%', rest @ ..] if rest.iter().all(u8::is_ascii_hexdigit));
    !text.contains('+') && !text.as_bytes().windows(3).any(is_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_breaks_its_rule_and_common_values_break_none() {
        for rule in RULES {
            assert!(!(rule.takes)(&(rule.example)()), "{rule:?}");
            for common in ["ada.lovelace", "100% sure", "50%-60%", "é漢"] {
                assert!((rule.takes)(common), "{rule:?}: {common}");
            }
        }
    }
}
