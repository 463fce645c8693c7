//! `str` and `repr` of a value in Python 2.

use std::fmt::Write as _;

use super::float;
use super::value::Py;

impl Py {
    /// `str(value)`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Str(text) => text.clone(),
            Self::Int(digits) => digits.clone(),
            Self::Float(number) => float::text(*number),
            Self::Halves(units) => String::from_utf16_lossy(units),
            Self::None | Self::Bool(_) | Self::List(_) | Self::Dict(_) => self.repr(),
        }
    }

    /// `repr(value)`.
    #[must_use]
    pub fn repr(&self) -> String {
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
            Self::Float(number) => out.push_str(&float::repr(*number)),
            Self::Str(text) => out.push_str(&text_repr(text)),
            Self::Halves(units) => out.push_str(&text_repr(&String::from_utf16_lossy(units))),
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
#[must_use]
pub fn bytes_repr(bytes: &[u8]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_in_python_2() {
        let list = Py::List(vec![Py::from("x"), Py::from("ż'"), Py::None, Py::Bool(true)]);
        assert_eq!(list.to_text(), r#"['x', u"\u017c'", None, True]"#);
        let long = Py::List(vec![Py::number("99999999999999999999999"), Py::number("7")]);
        assert_eq!(long.to_text(), "[99999999999999999999999L, 7]");
        assert_eq!(Py::number("99999999999999999999999").to_text(), "99999999999999999999999");
        assert_eq!(bytes_repr("it's \"x\"".as_bytes()), r#"'it\'s "x"'"#);
        assert_eq!(bytes_repr("{'id': 1}".as_bytes()), r#""{'id': 1}""#);
        assert_eq!(bytes_repr("ż\n\u{7f}".as_bytes()), r"'\xc5\xbc\n\x7f'");
    }
}
