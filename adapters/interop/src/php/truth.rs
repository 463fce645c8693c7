//! What counts as true in PHP.

use serde_json::Value;

/// Whether a text counts as true: neither empty nor `0`.
#[must_use]
pub fn of_text(text: &str) -> bool {
    !matches!(text, "" | "0")
}

/// Whether a JSON value counts as true.
#[must_use]
pub fn of_json(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64().is_none_or(|number| number != 0.0),
        Value::String(text) => of_text(text),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn empty_and_zero_are_false() {
        for value in
            [json!(null), json!(0), json!(0.0), json!("0"), json!(""), json!([]), json!({})]
        {
            assert!(!of_json(&value), "{value}");
        }
        for value in [json!(true), json!(-1), json!("0.0"), json!(" "), json!([0])] {
            assert!(of_json(&value), "{value}");
        }
    }
}
