//! Values as RhodeCode's Python 2 holds them, and the texts it makes of them.
//!
//! RhodeCode passes what a caller sent through `%s` and `%r` into its answers, so that a client can
//! see `None`, `True` and `['x']`: fixtures/transcripts/rhodecode/get-user.json.

use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::mapping::Dict;

/// A value out of a request, or on its way into an answer.
#[derive(Clone, PartialEq)]
pub(crate) enum Py {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of any length, in decimal digits.
    Int(String),
    /// A float.
    Float(f64),
    /// A string.
    Str(String),
    /// A list.
    List(Vec<Py>),
    /// A dictionary.
    Dict(Dict),
}

/// Shows no content: requests carry tokens and passwords.
impl fmt::Debug for Py {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Dict(_) => "dict",
        })
    }
}

impl From<&str> for Py {
    fn from(text: &str) -> Self {
        Self::Str(text.to_owned())
    }
}

impl From<String> for Py {
    fn from(text: String) -> Self {
        Self::Str(text)
    }
}

impl From<Option<String>> for Py {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::None, Self::Str)
    }
}

impl From<bool> for Py {
    fn from(on: bool) -> Self {
        Self::Bool(on)
    }
}

impl From<Dict> for Py {
    fn from(mapping: Dict) -> Self {
        Self::Dict(mapping)
    }
}

impl From<&Value> for Py {
    fn from(value: &Value) -> Self {
        match value {
            Value::Null => Self::None,
            Value::Bool(on) => Self::Bool(*on),
            Value::Number(number) => Self::number(&number.to_string()),
            Value::String(text) => Self::Str(text.clone()),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => Self::Dict(
                members.iter().map(|(name, value)| (name.clone(), Self::from(value))).collect(),
            ),
        }
    }
}

impl Py {
    /// A number as JSON writes it.
    pub(crate) fn number(text: &str) -> Self {
        if text.contains(['.', 'e', 'E']) {
            return Self::Float(text.parse().unwrap_or(f64::NAN));
        }
        Self::Int(if text == "-0" { "0".to_owned() } else { text.to_owned() })
    }

    /// The string, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    /// Whether Python takes it for true.
    pub(crate) fn truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(on) => *on,
            Self::Int(digits) => digits != "0",
            Self::Float(number) => *number != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Dict(members) => !members.is_empty(),
        }
    }

    /// `str(value)`.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Str(text) => text.clone(),
            Self::Int(digits) => digits.clone(),
            Self::Float(number) => float_text(*number),
            _ => self.repr(),
        }
    }

    /// `repr(value)`.
    pub(crate) fn repr(&self) -> String {
        let mut out = String::new();
        self.put_repr(&mut out);
        out
    }

    /// Writes into one text: nested lists would else be copied once a level.
    fn put_repr(&self, out: &mut String) {
        match self {
            Self::None => out.push_str("None"),
            Self::Bool(true) => out.push_str("True"),
            Self::Bool(false) => out.push_str("False"),
            Self::Int(digits) => {
                out.push_str(digits);
                // Python 2 marks what does not fit a machine word.
                if digits.parse::<i64>().is_err() {
                    out.push('L');
                }
            }
            Self::Float(number) => out.push_str(&float_repr(*number)),
            Self::Str(text) => out.push_str(&text_repr(text)),
            Self::List(items) => {
                out.push('[');
                for (place, item) in items.iter().enumerate() {
                    out.push_str(if place > 0 { ", " } else { "" });
                    item.put_repr(out);
                }
                out.push(']');
            }
            Self::Dict(members) => {
                out.push('{');
                for (place, (name, value)) in members.hashed().into_iter().enumerate() {
                    out.push_str(if place > 0 { ", " } else { "" });
                    out.push_str(&text_repr(name));
                    out.push_str(": ");
                    value.put_repr(out);
                }
                out.push('}');
            }
        }
    }
}

/// `repr` of a string, which is one of bytes if it is ASCII.
fn text_repr(text: &str) -> String {
    if text.is_ascii() { bytes_repr(text.as_bytes()) } else { unicode_repr(text) }
}

/// `repr` of a byte string.
pub(crate) fn bytes_repr(bytes: &[u8]) -> String {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = String::from(quote);
    for &byte in bytes {
        match byte {
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b' '..=b'~' => push_plain(&mut out, char::from(byte), quote),
            _ => push_hex(&mut out, 'x', u32::from(byte)),
        }
    }
    out.push(quote);
    out
}

/// `repr` of a string with letters beyond ASCII.
fn unicode_repr(text: &str) -> String {
    let quote = quote_for(text.contains('\''), text.contains('"'));
    let mut out = format!("u{quote}");
    for letter in text.chars() {
        match letter {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            ' '..='~' => push_plain(&mut out, letter, quote),
            '\0'..='\u{ff}' => push_hex(&mut out, 'x', u32::from(letter)),
            '\u{100}'..='\u{ffff}' => push_hex(&mut out, 'u', u32::from(letter)),
            _ => push_hex(&mut out, 'U', u32::from(letter)),
        }
    }
    out.push(quote);
    out
}

fn quote_for(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}

fn push_plain(out: &mut String, letter: char, quote: char) {
    if letter == '\\' || letter == quote {
        out.push('\\');
    }
    out.push(letter);
}

fn push_hex(out: &mut String, kind: char, code: u32) {
    let width = match kind {
        'x' => 2,
        'u' => 4,
        _ => 8,
    };
    // Writing to a string cannot fail.
    write!(out, "\\{kind}{code:0width$x}").ok();
}

/// `repr` of a float: the shortest digits that read back the same.
pub(crate) fn float_repr(number: f64) -> String {
    float_digits(number, &format!("{number:e}"), 16)
}

/// `str` of a float: twelve digits.
fn float_text(number: f64) -> String {
    float_digits(number, &format!("{number:.11e}"), 12)
}

/// Lays out `1.25e1` as Python does: plain from `0.0001` to below `10 ** limit`.
fn float_digits(number: f64, scientific: &str, limit: i32) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    if !(-4..limit).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{mark}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(1);
    if digits.len() <= whole {
        return format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len()));
    }
    let (front, back) = digits.split_at(whole);
    format!("{sign}{front}.{back}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_values_as_python_2_does() {
        let list = Py::List(vec![Py::from("x"), Py::from("ż'"), Py::None, Py::Bool(true)]);
        assert_eq!(list.to_text(), r#"['x', u"\u017c'", None, True]"#);
        let long = Py::List(vec![Py::number("99999999999999999999999"), Py::number("7")]);
        assert_eq!(long.to_text(), "[99999999999999999999999L, 7]");
        assert_eq!(Py::number("99999999999999999999999").to_text(), "99999999999999999999999");
        assert_eq!(bytes_repr("it's \"x\"".as_bytes()), r#"'it\'s "x"'"#);
        assert_eq!(bytes_repr("{'id': 1}".as_bytes()), r#""{'id': 1}""#);
        assert_eq!(bytes_repr("ż\n\u{7f}".as_bytes()), r"'\xc5\xbc\n\x7f'");
    }

    #[test]
    fn lays_floats_out_as_python_2_does() {
        for (number, repr, text) in [
            (1.0, "1.0", "1.0"),
            (2.5, "2.5", "2.5"),
            (0.1 + 0.2, "0.30000000000000004", "0.3"),
            (1e16, "1e+16", "1e+16"),
            (1e12, "1000000000000.0", "1e+12"),
            (123_456_789_012_345.0, "123456789012345.0", "1.23456789012e+14"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_01, "1e-05", "1e-05"),
            (-0.0, "-0.0", "-0.0"),
            (1_795_293_042.794_927, "1795293042.794927", "1795293042.79"),
        ] {
            assert_eq!((float_repr(number).as_str(), float_text(number).as_str()), (repr, text));
        }
    }
}
