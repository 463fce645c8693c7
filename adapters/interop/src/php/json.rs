//! JSON as PHP's `json_encode` writes it.

use std::convert::Infallible;
use std::fmt::Write;

use serde_json::Value;

use super::float::{self, Digits};
use super::value::{Key, Php, are_positions};

/// A value that has no JSON: an infinite number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwritable;

/// How `json_encode` was called, and by which PHP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    escape: Escape,
    digits: Digits,
}

/// Which characters are escaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escape {
    /// The default: slashes, and all that is not ASCII.
    Default,
    /// `JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE`: control characters and the two line
    /// separators only.
    Least,
}

impl Style {
    /// With `JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE`, by PHP 7.1 or later.
    pub const UNESCAPED: Self = Self { escape: Escape::Least, digits: Digits::Shortest };
    /// Without flags, by a PHP before 7.1.
    pub const BEFORE_7_1: Self = Self { escape: Escape::Default, digits: Digits::Fourteen };
}

/// Writes a JSON value with the default flags: `\/`, and `\uXXXX` for what is not ASCII.
#[must_use]
pub fn encode(value: &Value) -> String {
    let mut out = String::new();
    let Ok(()) = write_value(&mut out, value);
    out
}

impl Php {
    /// Writes it.
    ///
    /// # Errors
    /// If it holds an infinite number.
    pub fn write(&self, out: &mut String, style: Style) -> Result<(), Unwritable> {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => write_integer(out, *value),
            Self::Float(value) if value.is_finite() => {
                out.push_str(&float::text(*value, style.digits, 'e'));
            }
            Self::Float(_) => return Err(Unwritable),
            Self::Text(text) => write_text(out, text, style.escape),
            Self::Array(entries) if are_positions(entries) => {
                return join(out, ['[', ']'], entries, |out, (_, value)| value.write(out, style));
            }
            Self::Array(entries) | Self::Object(entries) => {
                return join(out, ['{', '}'], entries, |out, entry| {
                    write_member(out, entry, style)
                });
            }
        }
        Ok(())
    }
}

fn write_member(
    out: &mut String,
    (key, value): &(Key, Php),
    style: Style,
) -> Result<(), Unwritable> {
    match key {
        Key::Index(index) => {
            out.push('"');
            write_integer(out, *index);
            out.push('"');
        }
        Key::Name(name) => write_text(out, name, style.escape),
    }
    out.push(':');
    value.write(out, style)
}

fn write_value(out: &mut String, value: &Value) -> Result<(), Infallible> {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(on) => out.push_str(if *on { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number.to_string().trim_end_matches(".0")),
        Value::String(text) => write_text(out, text, Escape::Default),
        Value::Array(items) => return join(out, ['[', ']'], items, write_value),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.as_str(), value));
            return join(out, ['{', '}'], members, write_named);
        }
    }
    Ok(())
}

/// Writes an object with these members, as [`encode`] writes it. No name may be there twice.
pub fn encode_members<'a>(out: &mut String, members: impl IntoIterator<Item = (&'a str, Value)>) {
    let Ok(()) =
        join(out, ['{', '}'], members, |out, (name, value)| write_named(out, (name, &value)));
}

fn write_named(out: &mut String, (name, value): (&str, &Value)) -> Result<(), Infallible> {
    write_text(out, name, Escape::Default);
    out.push(':');
    write_value(out, value)
}

/// Writes items between brackets, with commas.
fn join<T, E>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    write: impl Fn(&mut String, T) -> Result<(), E>,
) -> Result<(), E> {
    out.push(open);
    for (place, item) in items.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        write(out, item)?;
    }
    out.push(close);
    Ok(())
}

/// Writes a text in quotes: at once what needs no escape. U+007F is never escaped.
fn write_text(out: &mut String, text: &str, escape: Escape) {
    out.push('"');
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        // Every byte before it is a letter of its own.
        let (plain, odd) = rest.split_at(at);
        out.push_str(plain);
        let mut letters = odd.chars();
        if let Some(letter) = letters.next() {
            write_letter(out, letter, escape);
        }
        rest = letters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=0x7f) && byte != b'"' && byte != b'\\' && byte != b'/'
}

fn write_letter(out: &mut String, letter: char, escape: Escape) {
    match letter {
        '"' | '\\' => out.extend(['\\', letter]),
        '/' if escape == Escape::Default => out.push_str("\\/"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        ' '..='\u{7f}' => out.push(letter),
        '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => write_escaped(out, letter),
        _ if escape == Escape::Default => write_escaped(out, letter),
        _ => out.push(letter),
    }
}

fn write_integer(out: &mut String, value: i64) {
    // Writing to a string cannot fail.
    write!(out, "{value}").unwrap_or_default();
}

fn write_escaped(out: &mut String, letter: char) {
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
    fn the_default_escapes_slashes_and_all_but_ascii() {
        let value = json!({"a/b": ["é😀\u{7f}\u{1}\u{b}", 1, -0.5, 2.0, null, true], "<'>": {}});
        let expected = concat!(
            r#"{"a\/b":["\u00e9\ud83d\ude00"#,
            "\u{7f}",
            r#"\u0001\u000b",1,-0.5,2,null,true],"<'>":{}}"#
        );
        assert_eq!(encode(&value), expected);
    }

    fn again(json: &str) -> String {
        written(json, Style::UNESCAPED)
    }

    fn written(json: &str, style: Style) -> String {
        let mut out = String::new();
        match Php::from_json(serde_json::from_str(json).unwrap()).write(&mut out, style) {
            Ok(()) => out,
            Err(Unwritable) => "unwritable".to_owned(),
        }
    }

    #[test]
    fn values_come_back_as_php_writes_them() {
        for (sent, answered) in [
            ("1.0", "1"),
            ("1.5", "1.5"),
            ("-0", "-0"),
            ("0.00001", "1.0e-5"),
            ("0.0001", "0.0001"),
            ("0.5", "0.5"),
            ("9223372036854775807", "9223372036854775807"),
            ("9223372036854775808", "9.223372036854776e+18"),
            ("100000000000000000000", "1.0e+20"),
            ("123456.789", "123456.789"),
            ("1e999", "unwritable"),
            ("{}", "[]"),
            (r#"{"0":1,"1":2}"#, "[1,2]"),
            (r#"{"1":1,"0":2}"#, r#"{"1":1,"0":2}"#),
            (r#"{"a":{"b":null}}"#, r#"{"a":{"b":null}}"#),
            (r#""a/b\\\"ü\u2028\u007f\u0007""#, "\"a/b\\\\\\\"ü\\u2028\u{7f}\\u0007\""),
        ] {
            assert_eq!(again(sent), answered, "{sent}");
        }
    }

    #[test]
    fn before_php_7_1_floats_have_fourteen_digits_and_letters_are_escaped() {
        for (sent, answered) in [
            ("9223372036854775808", "9.2233720368548e+18"),
            ("123456.789", "123456.789"),
            ("1.0", "1"),
            (r#"{"é":"a/b"}"#, r#"{"\u00e9":"a\/b"}"#),
        ] {
            assert_eq!(written(sent, Style::BEFORE_7_1), answered, "{sent}");
        }
    }
}
