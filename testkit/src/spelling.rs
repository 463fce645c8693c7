//! Encodes values for requests: JSON in ASCII, percent-encoding, forms.
//!
//! The client of the recordings wrote JSON in ASCII, with a blank after each comma and colon. The
//! length of a body must be the same, because some servers limit it.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

/// Every character except the unreserved ones of a URL.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'_').remove(b'.').remove(b'-').remove(b'~');

/// Percent-encodes everything but unreserved characters.
#[must_use]
pub fn percent(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Encodes a form. A blank becomes `+`.
#[must_use]
pub fn form(fields: &Map<String, Value>) -> String {
    let plus = |text: &str| percent(text).replace("%20", "+");
    let pairs = fields.iter().map(|(key, value)| format!("{}={}", plus(key), plus(&text(value))));
    pairs.collect::<Vec<_>>().join("&")
}

/// A value as a part of another text.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Null => "None".to_owned(),
        Value::Number(_) | Value::Array(_) | Value::Object(_) => json(value),
    }
}

/// Encodes JSON in ASCII. The members keep their order.
#[must_use]
pub fn json(value: &Value) -> String {
    let mut out = String::new();
    write(value, false, &mut out);
    out
}

/// Encodes JSON in ASCII, with the members sorted by name. Equal values have equal texts.
#[must_use]
pub fn sorted_json(value: &Value) -> String {
    let mut out = String::new();
    write(value, true, &mut out);
    out
}

fn write(value: &Value, sorted: bool, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write(item, sorted, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut entries: Vec<_> = members.iter().collect();
            if sorted {
                entries.sort_by_key(|(key, _)| *key);
            }
            out.push('{');
            for (index, (key, member)) in entries.into_iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                write_text(key, out);
                out.push_str(": ");
                write(member, sorted, out);
            }
            out.push('}');
        }
        Value::String(text) => write_text(text, out),
        Value::Null | Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
    }
}

fn write_text(text: &str, out: &mut String) {
    for character in Value::from(text).to_string().chars() {
        if (' '..='~').contains(&character) {
            out.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let escaped = format!("\\u{unit:04x}");
            out.push_str(&escaped);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_is_ascii_with_blanks() {
        let value: Value =
            serde_json::from_str(r#"{"b":[1,2.0,12345678901234567890123],"a":"Ü😀\n\u007f"}"#)
                .unwrap();
        let plain =
            r#"{"b": [1, 2.0, 12345678901234567890123], "a": "\u00dc\ud83d\ude00\n\u007f"}"#;
        assert_eq!(super::json(&value), plain);
        assert!(sorted_json(&value).starts_with(r#"{"a": "#));
    }

    #[test]
    fn forms_spell_blanks_as_plus() {
        let fields = json!({"a b": "c+d ~ü", "n": 5, "t": true});
        assert_eq!(form(fields.as_object().unwrap()), "a+b=c%2Bd+~%C3%BC&n=5&t=True");
    }
}
