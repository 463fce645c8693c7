//! Values as PHP and SQLite read them.

use serde_json::Value;

/// An id, as SQLite compares one with an integer.
pub(super) fn id(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Number(number)) => whole(number.as_f64()),
        Some(Value::Bool(on)) => i64::from(*on),
        Some(Value::String(text)) => whole(text.trim().parse().ok()),
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => 0,
    }
}

/// The integer that a number is; 0, which is nobody's id, for any other.
fn whole(number: Option<f64>) -> i64 {
    let number = number.filter(|number| number.fract() == 0.0 && number.abs() < 1e15);
    number.and_then(|number| format!("{number:.0}").parse().ok()).unwrap_or_default()
}

/// A text, as PHP makes one of a value. `None`: null.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(on) => Some(if *on { "1" } else { "" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) | Value::Object(_) => Some("Array".to_owned()),
    }
}

/// A text without the blanks at its ends that PHP trims.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\u{b}', '\0'])
}

/// Whether a value is taken for an e-mail address: an early form of the check in HTML.
pub(super) fn is_email(value: &Value) -> bool {
    let Some(text) = text(value).filter(|text| !text.is_empty()) else { return true };
    let Some((local, domain)) = text.split_once('@') else { return false };
    let alike = |b: u8, others: &[u8]| b.is_ascii_alphanumeric() || others.contains(&b);
    let labels = || domain.split('.').all(|label| !label.is_empty());
    !local.is_empty()
        && local.bytes().all(|b| alike(b, b".!#$%&'*+-/=?^_`{|}~"))
        && domain.len() > 1
        && labels()
        && domain.bytes().all(|b| alike(b, b"-."))
}
