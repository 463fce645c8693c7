//! A PHP value: what a JSON body becomes in PHP, how a value turns into text, and how it compares
//! when its type is not the expected one.
//!
//! Clients depend on this: `"1"`, `true` and `1.0` can all name user 1.

use std::borrow::Cow;

use serde_json::{Number, Value};

use super::float::{self, Digits};
use super::numeric;

/// A key of a PHP array: a text that spells an integer is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// An integer.
    Index(i64),
    /// Any other text.
    Name(Cow<'static, str>),
}

/// A PHP value.
#[derive(Clone, Debug, PartialEq)]
pub enum Php {
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
    /// An array: PHP has one type for lists and maps.
    Array(Vec<(Key, Php)>),
    /// A map that is written as a JSON object even if it is empty.
    Object(Vec<(Key, Php)>),
}

/// What `-0` in JSON is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MinusZero {
    /// The float: since PHP 7.1.
    Float,
    /// The integer 0: before PHP 7.1.
    Integer,
}

impl Key {
    /// The key that a text stands for.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.parse::<i64>() {
            Ok(index) if index.to_string() == text => Self::Index(index),
            _ => Self::Name(text.to_owned().into()),
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
    pub fn map<'a>(members: impl IntoIterator<Item = (&'a str, Php)>) -> Self {
        Self::Array(members.into_iter().map(|(name, value)| (Key::of(name), value)).collect())
    }

    /// What `json_decode` makes of a JSON value since PHP 7.1, with objects as arrays.
    #[must_use]
    pub fn from_json(value: Value) -> Self {
        Self::decoded(value, MinusZero::Float)
    }

    /// What `json_decode` makes of a JSON value, with objects as arrays.
    #[must_use]
    pub fn decoded(value: Value, minus_zero: MinusZero) -> Self {
        let decoded = |value| Self::decoded(value, minus_zero);
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::from_number(&number, minus_zero),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => items.into_iter().map(decoded).collect(),
            Value::Object(members) => {
                let entry = |(name, value): (String, Value)| (Key::of(&name), decoded(value));
                Self::Array(members.into_iter().map(entry).collect())
            }
        }
    }

    /// An integer beyond 64 bits is a float.
    fn from_number(number: &Number, minus_zero: MinusZero) -> Self {
        let text = number.to_string();
        match text.parse::<i64>() {
            Ok(value) if text != "-0" || minus_zero == MinusZero::Integer => Self::Int(value),
            _ => Self::Float(text.parse().unwrap_or(f64::INFINITY)),
        }
    }

    /// The entries, if it is an array.
    #[must_use]
    pub fn entries(&self) -> Option<&[(Key, Php)]> {
        if let Self::Array(entries) = self { Some(entries) } else { None }
    }

    /// The member of this name; `None` for a null too, as PHP's `isset` has it.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<&Php> {
        self.argument(name).filter(|value| **value != Self::Null)
    }

    /// The member of this name, also if it is null.
    #[must_use]
    pub fn argument(&self, name: &str) -> Option<&Php> {
        let named = |key: &Key| matches!(key, Key::Name(own) if own == name);
        let found = self.entries()?.iter().find(|(key, _)| named(key));
        found.map(|(_, value)| value)
    }

    /// Whether it is an array with the keys 0, 1, 2... in this order. An empty one is not: PHP's
    /// `range(0, -1)` counts down.
    #[must_use]
    pub fn is_list(&self) -> bool {
        let Some(entries) = self.entries() else { return false };
        !entries.is_empty() && are_positions(entries)
    }

    /// Whether it is an array.
    #[must_use]
    pub const fn is_array(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// Whether a validator checks it: neither null nor the empty text.
    #[must_use]
    pub fn is_given(&self) -> bool {
        !matches!(self, Self::Null) && *self != Self::from("")
    }

    /// The value cast to a string; an array becomes the word `Array`.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Null | Self::Bool(false) => String::new(),
            Self::Bool(true) => "1".to_owned(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => float::text(*value, Digits::Fourteen, 'E'),
            Self::Text(text) => text.clone(),
            Self::Array(_) | Self::Object(_) => "Array".to_owned(),
        }
    }

    /// `==` with an integer before PHP 8: a text counts as the number at its beginning, or as 0.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::float_cmp, reason = "PHP compares them so")]
    pub fn loosely_is_before_8(&self, number: i64) -> bool {
        let Self::Text(text) = self else { return self.loosely_is(number) };
        let beginning = numeric::prefix(text.trim_start_matches(numeric::is_blank));
        beginning.parse().unwrap_or(0.0) == number as f64
    }

    /// `==` with an integer since PHP 8.
    #[must_use]
    #[allow(clippy::cast_precision_loss, clippy::float_cmp, reason = "PHP compares them so")]
    pub fn loosely_is(&self, number: i64) -> bool {
        match self {
            Self::Null => number == 0,
            Self::Bool(value) => *value == (number != 0),
            Self::Int(value) => *value == number,
            Self::Float(value) => *value == number as f64,
            Self::Text(text) => match numeric::value(text) {
                Some(value) => value == number as f64,
                None => *text == number.to_string(),
            },
            Self::Array(_) | Self::Object(_) => false,
        }
    }
}

/// Whether the keys are 0, 1, 2... in this order, so that JSON has a list for it.
pub(super) fn are_positions(entries: &[(Key, Php)]) -> bool {
    (0..).zip(entries).all(|(place, (key, _))| *key == Key::Index(place))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn minus_zero_is_an_integer_before_7_1() {
        let read = |json, how| Php::decoded(serde_json::from_str(json).unwrap(), how);
        assert_eq!(read("-0", MinusZero::Integer), Php::Int(0));
        assert_eq!(read("[-0]", MinusZero::Integer), [Php::Int(0)].into_iter().collect());
        for (json, how) in [("-0", MinusZero::Float), ("-0.0", MinusZero::Integer)] {
            let Php::Float(zero) = read(json, how) else { panic!("{json} is no float") };
            assert!(zero.is_sign_negative(), "{json}");
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
    fn before_php_8_a_text_counts_as_its_leading_number() {
        for zero in ["0", "", "abc", "-x", "0abc", " 0", "\t0x1", "0.0"] {
            assert!(Php::from(zero).loosely_is_before_8(0), "{zero:?}");
        }
        for other in ["2abc", "1", "-1", "0.5"] {
            assert!(!Php::from(other).loosely_is_before_8(0), "{other:?}");
        }
        assert!(Php::from("1abc").loosely_is_before_8(1));
        assert!(Php::Bool(false).loosely_is_before_8(0));
        assert!(!Php::Array(Vec::new()).loosely_is_before_8(0));
    }

    #[test]
    fn a_list_has_the_keys_from_zero_in_order() {
        let list = |json| Php::from_json(serde_json::from_str(json).unwrap()).is_list();
        assert!(list("[1]") && list(r#"{"0":1,"1":2}"#));
        assert!(!list("[]") && !list(r#"{"1":1}"#) && !list(r#"{"00":1}"#) && !list("5"));
    }
}
