//! A Python value, and what Python's operators make of it.

use std::borrow::Cow;
use std::char::DecodeUtf16Error;
use std::fmt;

use serde_json::Value;

use super::dict::Dict;

/// A Python value.
#[derive(Clone, PartialEq)]
pub enum Py {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of any length, in decimal digits.
    Int(String),
    /// A float, which may be NaN or infinite.
    Float(f64),
    /// A text.
    Str(String),
    /// A text with half a surrogate pair, in UTF-16. No [`String`] can hold it.
    Halves(Vec<u16>),
    /// A list.
    List(Vec<Py>),
    /// A dictionary.
    Dict(Dict<Py>),
}

/// An operation for which Python raises a `TypeError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeError;

/// Shows no content: requests carry tokens and passwords.
impl fmt::Debug for Py {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) | Self::Halves(_) => "str",
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

impl From<Dict<Py>> for Py {
    fn from(dict: Dict<Py>) -> Self {
        Self::Dict(dict)
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
    /// A text.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// A list of texts.
    #[must_use]
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A dictionary.
    #[must_use]
    pub fn dict<const N: usize>(entries: [(&'static str, Py); N]) -> Self {
        Self::Dict(entries.into_iter().collect())
    }

    /// A number as JSON writes it: what has neither a point nor an exponent is an integer.
    #[must_use]
    pub fn number(text: &str) -> Self {
        if text.contains(['.', 'e', 'E']) {
            return Self::Float(text.parse().unwrap_or(f64::NAN));
        }
        Self::Int(if text == "-0" { "0" } else { text }.to_owned())
    }

    /// Sets a dictionary's entry, in place of an earlier one. Other values have no entries.
    pub fn set(&mut self, key: impl Into<Cow<'static, str>>, value: Py) {
        if let Self::Dict(entries) = self {
            entries.set(key, value);
        }
    }

    /// `bool(value)`.
    #[must_use]
    pub fn truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(on) => *on,
            Self::Int(digits) => digits != "0",
            Self::Float(float) => *float != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::Halves(units) => !units.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Dict(entries) => !entries.is_empty(),
        }
    }

    /// `word in value`: a key, an item, or a part of a text.
    ///
    /// # Errors
    /// If Python cannot iterate over it.
    pub fn contains(&self, word: &str) -> Result<bool, TypeError> {
        match self {
            Self::Dict(entries) => Ok(entries.get(word).is_some()),
            Self::List(items) => {
                Ok(items.iter().any(|item| matches!(item, Self::Str(text) if text == word)))
            }
            Self::Str(text) => Ok(text.contains(word)),
            Self::Halves(units) => Ok(String::from_utf16_lossy(units).contains(word)),
            Self::None | Self::Bool(_) | Self::Int(_) | Self::Float(_) => Err(TypeError),
        }
    }

    /// `value[word]`, which only a dictionary has.
    ///
    /// # Errors
    /// If it is no dictionary, or has no such key.
    pub fn item(&self, word: &str) -> Result<&Py, TypeError> {
        self.get(word).ok_or(TypeError)
    }

    /// `value.get(word)` of a dictionary.
    #[must_use]
    pub fn get(&self, word: &str) -> Option<&Py> {
        let Self::Dict(entries) = self else { return None };
        entries.get(word)
    }

    /// `[*value]`: the items, the keys or the letters.
    ///
    /// # Errors
    /// If Python cannot iterate over it.
    pub fn unpack(&self) -> Result<Vec<Py>, TypeError> {
        match self {
            Self::List(items) => Ok(items.clone()),
            Self::Dict(entries) => Ok(entries.iter().map(|(key, _)| Self::text(key)).collect()),
            Self::Str(text) => Ok(text.chars().map(Self::text).collect()),
            Self::Halves(units) => Ok(letters(units)),
            Self::None | Self::Bool(_) | Self::Int(_) | Self::Float(_) => Err(TypeError),
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        let Self::Str(text) = self else { return None };
        Some(text)
    }

    /// Whether Python can use it as a dictionary's key.
    #[must_use]
    pub fn hashable(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Dict(_))
    }
}

/// The letters of a text in UTF-16. Half a surrogate pair is one of them.
fn letters(units: &[u16]) -> Vec<Py> {
    let half = |error: DecodeUtf16Error| Py::Halves(vec![error.unpaired_surrogate()]);
    let letters = char::decode_utf16(units.iter().copied());
    letters.map(|letter| letter.map_or_else(half, Py::text)).collect()
}
