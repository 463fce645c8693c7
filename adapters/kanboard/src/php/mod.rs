//! Values as PHP has them: what a JSON body becomes there, how a value turns into text or is
//! compared when the type is not the expected one, and how it is written as JSON again.
//!
//! Clients depend on the looseness: `"1"`, `true` and `1.0` all name user 1. Nothing here knows
//! Kanboard.

mod written;

use serde_json::{Number, Value};

use self::written::{Digits, float_text};

/// A key of a PHP array: a text that spells an integer is one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    /// An integer.
    Index(i64),
    /// Any other text.
    Name(String),
}

/// A PHP value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Php {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer of 64 bits.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Text(String),
    /// Lists and maps are one thing.
    Array(Vec<(Key, Php)>),
    /// Something that is written as a JSON object even if it is empty.
    Object(Vec<(Key, Php)>),
}

/// What cannot be written as JSON: an infinite number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwritable;

impl Key {
    /// The key that a text stands for.
    pub(crate) fn of(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(index) if index.to_string() == text => Self::Index(index),
            _ => Self::Name(text.to_owned()),
        }
    }
}

impl From<&str> for Php {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<Option<String>> for Php {
    fn from(text: Option<String>) -> Self {
        text.map_or(Self::Null, Self::Text)
    }
}

impl FromIterator<Php> for Php {
    fn from_iter<I: IntoIterator<Item = Php>>(items: I) -> Self {
        Self::Array((0..).map(Key::Index).zip(items).collect())
    }
}

impl Php {
    /// A map with these members.
    pub(crate) fn map<'a>(members: impl IntoIterator<Item = (&'a str, Php)>) -> Self {
        Self::Array(members.into_iter().map(|(name, value)| (Key::of(name), value)).collect())
    }

    /// What `json_decode` makes of it, objects being arrays.
    pub(crate) fn from_json(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::from_number(&number),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => items.into_iter().map(Self::from_json).collect(),
            Value::Object(members) => {
                let entry =
                    |(name, value): (String, Value)| (Key::of(&name), Self::from_json(value));
                Self::Array(members.into_iter().map(entry).collect())
            }
        }
    }

    /// An integer beyond 64 bits is a float, and so is minus zero.
    fn from_number(number: &Number) -> Self {
        let text = number.to_string();
        match text.parse::<i64>() {
            Ok(value) if text != "-0" => Self::Int(value),
            _ => Self::Float(text.parse().unwrap_or(f64::INFINITY)),
        }
    }

    /// The entries, if it is an array.
    pub(crate) fn entries(&self) -> Option<&[(Key, Php)]> {
        match self {
            Self::Array(entries) => Some(entries),
            _ => None,
        }
    }

    /// The member of this name; `None` for a null too, as PHP's `isset` has it.
    pub(crate) fn member(&self, name: &str) -> Option<&Php> {
        self.argument(name).filter(|value| **value != Self::Null)
    }

    /// The member of this name, be it null.
    pub(crate) fn argument(&self, name: &str) -> Option<&Php> {
        let named = |key: &Key| matches!(key, Key::Name(own) if own == name);
        let found = self.entries()?.iter().find(|(key, _)| named(key));
        found.map(|(_, value)| value)
    }

    /// Whether it is an array with the keys 0, 1, 2... in this order. An empty one is not: PHP's
    /// `range(0, -1)` counts down.
    pub(crate) fn is_list(&self) -> bool {
        let Some(entries) = self.entries() else { return false };
        !entries.is_empty() && are_positions(entries)
    }

    /// Whether it is an array.
    pub(crate) const fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether a validator looks at it: neither null nor the empty text.
    pub(crate) fn is_given(&self) -> bool {
        !matches!(self, Self::Null) && *self != Self::from("")
    }

    /// The value as text; an array becomes the word.
    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Null | Self::Bool(false) => String::new(),
            Self::Bool(true) => "1".to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => float_text(*value, Digits::Fourteen),
            Self::Text(text) => text.clone(),
            Self::Array(_) | Self::Object(_) => "Array".to_owned(),
        }
    }

    /// PHP's `==` with an integer.
    #[allow(clippy::cast_precision_loss, clippy::float_cmp, reason = "PHP compares them so")]
    pub(crate) fn loosely_is(&self, number: i64) -> bool {
        match self {
            Self::Null => number == 0,
            Self::Bool(value) => *value == (number != 0),
            Self::Int(value) => *value == number,
            Self::Float(value) => *value == number as f64,
            Self::Text(text) => match numeric(text) {
                Some(value) => value == number as f64,
                None => *text == number.to_string(),
            },
            Self::Array(_) | Self::Object(_) => false,
        }
    }
}

/// The number that a text spells, blanks around it allowed.
pub(crate) fn numeric(text: &str) -> Option<f64> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}');
    let text = text.trim_matches(blank);
    (numeric_prefix(text).len() == text.len()).then(|| text.parse().ok()).flatten()
}

/// The longest beginning that spells a decimal number; empty if there is none.
pub(crate) fn numeric_prefix(text: &str) -> &str {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = |at: usize| usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let start = sign(0);
    let whole = digits(start);
    let mut end = start + whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return "";
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + sign(end + 1);
        let size = if exponent <= bytes.len() { digits(exponent) } else { 0 };
        if size > 0 {
            end = exponent + size;
        }
    }
    &text[..end]
}

fn are_positions(entries: &[(Key, Php)]) -> bool {
    (0..).zip(entries).all(|(place, (key, _))| *key == Key::Index(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(json: &str) -> String {
        let mut out = String::new();
        match Php::from_json(serde_json::from_str(json).unwrap()).write(&mut out) {
            Ok(()) => out,
            Err(Unwritable) => "unwritable".to_owned(),
        }
    }

    #[test]
    fn ids_come_back_as_php_writes_them() {
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
    fn text_of_a_float_has_fourteen_digits() {
        for (value, text) in
            [(1.0, "1"), (1.5, "1.5"), (1e20, "1.0E+20"), (0.1 + 0.2, "0.3"), (1e-5, "1.0E-5")]
        {
            assert_eq!(Php::Float(value).to_text(), text);
        }
    }

    #[test]
    fn zero_is_spelled_in_many_ways() {
        for zero in ["0", "0.0", " 0 ", "-0", "0e5"] {
            assert!(Php::from(zero).loosely_is(0), "{zero:?}");
        }
        for other in ["", "abc", "0x", "1", "0abc"] {
            assert!(!Php::from(other).loosely_is(0), "{other:?}");
        }
        assert!(Php::Bool(true).loosely_is(7));
    }

    #[test]
    fn positions_count_from_nought() {
        let list = |json| Php::from_json(serde_json::from_str(json).unwrap()).is_list();
        assert!(list("[1]") && list(r#"{"0":1,"1":2}"#));
        assert!(!list("[]") && !list(r#"{"1":1}"#) && !list(r#"{"00":1}"#) && !list("5"));
    }
}
