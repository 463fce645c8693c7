//! JSON as Python reads and writes it, which is what OctoPrint's callers send and expect: NaN and
//! Infinity are accepted, integers are exact, floats are spelled by `repr`, keys are sorted,
//! everything outside ASCII is escaped, and indentation is two blanks.

mod encoding;
mod float;
mod keep;
mod read;
mod write;

pub(crate) use keep::{from_kept, to_kept};
pub(crate) use read::{Unreadable, read};
pub(crate) use write::{NotANumber, shown_length, write};

/// A value as Python sees it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Py {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// An integer of any length, in decimal.
    Int(String),
    /// A float, which may be NaN or infinite.
    Float(f64),
    /// A text.
    Str(String),
    /// A list.
    List(Vec<Py>),
    /// A dictionary in the order of insertion; no key twice.
    Dict(Vec<(String, Py)>),
}

/// What Python answers with a `TypeError`, and OctoPrint therefore with a 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TypeError;

impl Py {
    /// A text.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Str(text.into())
    }

    /// A list of texts.
    pub(crate) fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A dictionary.
    pub(crate) fn dict<const N: usize>(entries: [(&str, Py); N]) -> Self {
        Self::Dict(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
    }

    /// Sets a dictionary's entry, in place of an earlier one.
    pub(crate) fn set(&mut self, key: &str, value: Py) {
        let Self::Dict(entries) = self else { return };
        match entries.iter_mut().find(|(own, _)| own == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key.to_owned(), value)),
        }
    }

    /// `bool(value)`.
    pub(crate) fn truthy(&self) -> bool {
        match self {
            Self::None => false,
            Self::Bool(on) => *on,
            Self::Int(digits) => digits != "0",
            Self::Float(float) => *float != 0.0,
            Self::Str(text) => !text.is_empty(),
            Self::List(items) => !items.is_empty(),
            Self::Dict(entries) => !entries.is_empty(),
        }
    }

    /// `word in value`: a key, an item, or a part of a text.
    pub(crate) fn contains(&self, word: &str) -> Result<bool, TypeError> {
        match self {
            Self::Dict(entries) => Ok(entries.iter().any(|(key, _)| key == word)),
            Self::List(items) => {
                Ok(items.iter().any(|item| matches!(item, Self::Str(text) if text == word)))
            }
            Self::Str(text) => Ok(text.contains(word)),
            Self::None | Self::Bool(_) | Self::Int(_) | Self::Float(_) => Err(TypeError),
        }
    }

    /// `value[word]`, which only a dictionary has.
    pub(crate) fn item(&self, word: &str) -> Result<&Py, TypeError> {
        self.get(word).ok_or(TypeError)
    }

    /// `value.get(word)` of a dictionary.
    pub(crate) fn get(&self, word: &str) -> Option<&Py> {
        let Self::Dict(entries) = self else { return None };
        entries.iter().find(|(key, _)| key == word).map(|(_, value)| value)
    }

    /// `[*value]`: the items, the keys or the letters.
    pub(crate) fn unpack(&self) -> Result<Vec<Py>, TypeError> {
        match self {
            Self::List(items) => Ok(items.clone()),
            Self::Dict(entries) => Ok(entries.iter().map(|(key, _)| Self::text(key)).collect()),
            Self::Str(text) => Ok(text.chars().map(Self::text).collect()),
            Self::None | Self::Bool(_) | Self::Int(_) | Self::Float(_) => Err(TypeError),
        }
    }

    /// The text, if it is one.
    pub(crate) fn as_str(&self) -> Option<&str> {
        let Self::Str(text) = self else { return None };
        Some(text)
    }

    /// `value in valid_boolean_trues`: true, 1, "1", "true", "yes", "y" in any case. What cannot
    /// be hashed cannot be looked up: `fixtures/transcripts/octoprint/users-create-errors.json`.
    pub(crate) fn is_yes(&self) -> Result<bool, TypeError> {
        match self {
            Self::None => Ok(false),
            Self::Bool(on) => Ok(*on),
            Self::Int(digits) => Ok(digits == "1"),
            Self::Float(float) => Ok((*float - 1.0).abs() == 0.0),
            Self::Str(text) => {
                Ok(matches!(text.to_lowercase().as_str(), "1" | "true" | "yes" | "y"))
            }
            Self::List(_) | Self::Dict(_) => Err(TypeError),
        }
    }

    /// Whether Python can use it as a dictionary's key.
    pub(crate) fn hashable(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Dict(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, written: &str) {
        let value = read(text.as_bytes()).expect(text);
        assert_eq!(write(&value).expect(text), format!("{written}\n"), "{text}");
        let kept = from_kept(&to_kept(&value));
        assert_eq!(write(&kept).expect(text), format!("{written}\n"), "{text} kept");
    }

    #[test]
    fn writes_what_python_writes() {
        check("{}", "{}");
        check("[]", "[]");
        check("{\"b\":1,\"a\":[1,{}]}", "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": 1\n}");
        check("12345678901234567890123", "12345678901234567890123");
        check("-0", "0");
        check("-0.0", "-0.0");
        check("1e100", "1e+100");
        check("1e16", "1e+16");
        check("123456789012345.0", "123456789012345.0");
        check("1E-5", "1e-05");
        check("0.0001", "0.0001");
        check("1.5e300", "1.5e+300");
        check("\"\\u00fc\u{7f}\u{1F600}\\n\"", "\"\\u00fc\\u007f\\ud83d\\ude00\\n\"");
        check("{\"a\":1,\"a\":2}", "{\n  \"a\": 2\n}");
        check("{\"\\u0000\":\"NaN\"}", "{\n  \"\\u0000\": \"NaN\"\n}");
    }

    #[test]
    fn refuses_what_python_refuses() {
        for text in ["", "{bad", "{} x", "01", "1.", "'x'", "\"\n\"", "[1,]", "nul", "\"\\x\"", "-"]
        {
            assert_eq!(read(text.as_bytes()), Err(Unreadable::Malformed), "{text}");
        }
        assert_eq!(read(b"\"\\ud800\""), Err(Unreadable::Surrogate));
        assert_eq!(read("[".repeat(5000).as_bytes()), Err(Unreadable::TooDeep));
        assert_eq!(read("9".repeat(4301).as_bytes()), Err(Unreadable::Malformed));
    }

    #[test]
    fn the_length_is_known_before_it_is_written() {
        let nested = format!("{}0,0{}", "[".repeat(90), "]".repeat(90));
        for text in ["[0,1.5,null]", "{\"\u{fc}\u{7f}\":{\"a\":[true,\"\u{1F600}\"]}}", &nested] {
            let value = read(text.as_bytes()).expect(text);
            let written = write(&value).expect(text).len();
            let length = shown_length(&value, 0);
            assert!(written <= length + 1 && length < 4 * written + 100, "{text}: {length}");
        }
    }

    #[test]
    fn reads_but_does_not_write_nan() {
        for text in ["NaN", "[Infinity]", "{\"x\":-Infinity}", "1e999"] {
            let value = read(text.as_bytes()).expect(text);
            assert_eq!(write(&value), Err(NotANumber), "{text}");
            assert_eq!(write(&from_kept(&to_kept(&value))), Err(NotANumber), "{text}");
        }
    }

    #[test]
    fn reads_many_names_in_one_pass() {
        let names = (0..1 << 16).map(|n| format!("\"{n:x}\":1")).collect::<Vec<_>>();
        let text = format!("{{{},\"0\":2}}", names.join(","));
        let started = std::time::Instant::now();
        let value = read(text.as_bytes()).expect("many names");
        let took = started.elapsed();
        assert_eq!(value.get("0"), Some(&Py::Int("2".to_owned())));
        assert!(took < std::time::Duration::from_secs(2), "{took:?}");
    }

    #[test]
    fn guesses_the_encoding() {
        let utf16: Vec<u8> = "{\"a\": \"ü\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let read_back = Ok(Py::dict([("a", Py::text("ü"))]));
        assert_eq!(read(&utf16), read_back);
        assert_eq!(read(&[&[0xff, 0xfe], &utf16[..]].concat()), read_back);
        let utf32: Vec<u8> =
            "[1]".chars().flat_map(|letter| u32::from(letter).to_be_bytes()).collect();
        assert_eq!(read(&utf32), Ok(Py::List(vec![Py::Int("1".to_owned())])));
        assert_eq!(read("\u{feff}{}".as_bytes()), Ok(Py::Dict(Vec::new())));
    }
}
