//! Values as PHP reads and judges them: whole numbers, switches, and what counts as nothing.
//!
//! Dandelion checks its parameters with PHP's `filter_var` and decides with PHP's idea of truth;
//! clients have come to depend on both (`fixtures/transcripts/dandelion/getuser.json`,
//! `fixtures/transcripts/dandelion/create-user-force-reset.json`).

pub(crate) mod form;
pub(crate) mod json;

use serde_json::Value;

/// Reads a whole number as `FILTER_VALIDATE_INT` does: blanks around it and a sign are fine;
/// leading zeros, fractions and exponents are not.
///
/// The server that was recorded ran on 32 bits, which is also what its database columns hold.
pub(crate) fn int(text: &str) -> Option<i32> {
    let text = trimmed(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let canonical = digits == "0" || !digits.starts_with('0');
    if !canonical || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Reads a switch as `FILTER_VALIDATE_BOOLEAN` does; what it does not know is off.
pub(crate) fn flag(text: &str) -> bool {
    ["1", "true", "on", "yes"].iter().any(|word| word.eq_ignore_ascii_case(trimmed(text)))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\u{b}'])
}

/// Whether a text counts as true: neither empty nor `0`.
pub(crate) fn is_text_true(text: &str) -> bool {
    !matches!(text, "" | "0")
}

/// Whether a value counts as true.
pub(crate) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => is_text_true(text),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_php_reads_them() {
        let read = [" 51 ", "\t-7\n", "+3", "0", "-0", "2147483647"].map(int);
        assert_eq!(read, [51, -7, 3, 0, 0, i32::MAX].map(Some));
        for text in ["", " ", "x", "g1", "01", "1.0", "1e0", "--1", "+", "2147483648", "٣"] {
            assert_eq!(int(text), None, "{text:?}");
        }
    }

    #[test]
    fn unknown_switches_are_off() {
        assert!(["true", "TRUE", "1", "on", "Yes", " 1 "].iter().all(|text| flag(text)));
        assert!(!["", "false", "0", "off", "no", "banana", "2"].iter().any(|text| flag(text)));
    }
}
