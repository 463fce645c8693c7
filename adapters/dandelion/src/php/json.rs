//! JSON as PHP's `json_encode` writes it by default: `\/`, and `\uXXXX` for what is not ASCII.

use std::fmt::Write;

use serde_json::Value;

/// Writes a value.
pub(crate) fn encode(value: &Value) -> String {
    let mut out = String::new();
    write(&mut out, value);
    out
}

fn write(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(on) => out.push_str(if *on { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number.to_string().trim_end_matches(".0")),
        Value::String(text) => string(out, text),
        Value::Array(items) => {
            list(out, ['[', ']'], items.iter(), write);
        }
        Value::Object(members) => list(out, ['{', '}'], members.iter(), |out, (name, value)| {
            string(out, name);
            out.push(':');
            write(out, value);
        }),
    }
}

fn list<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl Iterator<Item = T>,
    item: impl Fn(&mut String, T),
) {
    out.push(open);
    for (index, next) in items.enumerate() {
        if index > 0 {
            out.push(',');
        }
        item(out, next);
    }
    out.push(close);
}

fn string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '/' => out.extend(['\\', letter]),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='\u{7f}' => out.push(letter),
            _ => escaped(out, letter),
        }
    }
    out.push('"');
}

fn escaped(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        // Writing to a string cannot fail.
        write!(out, "\\u{unit:04x}").unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn escapes_as_php_does() {
        let value = json!({"a/b": ["é😀\u{7f}\u{1}\u{b}", 1, -0.5, 2.0, null, true], "<'>": {}});
        let expected = concat!(
            r#"{"a\/b":["\u00e9\ud83d\ude00"#,
            "\u{7f}",
            r#"\u0001\u000b",1,-0.5,2,null,true],"<'>":{}}"#
        );
        assert_eq!(encode(&value), expected);
    }
}
