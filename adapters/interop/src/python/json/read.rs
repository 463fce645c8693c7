//! `json.loads`.

use super::encoding::decode;
use crate::python::value::Py;

/// Levels of nesting that are read. Python reads some hundreds more; what is read here must also be
/// readable by stricter parsers.
const DEEPEST: usize = 100;
/// Python refuses longer integers.
const LONGEST_INTEGER: usize = 4300;

/// Why a body cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// It is no JSON.
    Malformed,
    /// It is nested too deep.
    TooDeep,
    /// It holds half a surrogate pair, which no [`String`] can hold.
    Surrogate,
}

/// A body that was read.
#[derive(Debug)]
pub struct Body {
    /// Its value, without the entries whose key holds half a surrogate pair.
    pub value: Py,
    /// Whether such an entry was left out.
    pub lacks_entries: bool,
    has_halves: bool,
}

/// Reads a body that holds no half of a surrogate pair; a byte order mark is skipped.
///
/// # Errors
/// If Python could not read it either, if it is nested deeper than 100 levels, or if it holds half
/// a surrogate pair.
pub fn read(body: &[u8]) -> Result<Py, Unreadable> {
    let body = read_body(body)?;
    if body.has_halves { Err(Unreadable::Surrogate) } else { Ok(body.value) }
}

/// Reads a body. A text with half a surrogate pair is [`Py::Halves`].
///
/// # Errors
/// If Python could not read it either, or if it is nested deeper than 100 levels.
pub fn read_body(body: &[u8]) -> Result<Body, Unreadable> {
    let text = decode(body).ok_or(Unreadable::Malformed)?;
    let mut reader = Reader { text: &text, at: 0, has_halves: false, lacks_entries: false };
    reader.blanks();
    let value = reader.value(0)?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(Unreadable::Malformed);
    }
    let Reader { has_halves, lacks_entries, .. } = reader;
    Ok(Body { value, lacks_entries, has_halves })
}

/// The words that stand for values.
const WORDS: [(&str, Py); 6] = [
    ("null", Py::None),
    ("true", Py::Bool(true)),
    ("false", Py::Bool(false)),
    ("NaN", Py::Float(f64::NAN)),
    ("Infinity", Py::Float(f64::INFINITY)),
    ("-Infinity", Py::Float(f64::NEG_INFINITY)),
];

struct Reader<'a> {
    text: &'a str,
    at: usize,
    has_halves: bool,
    lacks_entries: bool,
}

/// A text that is read: in UTF-8, or from its first half of a surrogate pair in UTF-16.
#[derive(Default)]
struct Text {
    text: String,
    units: Option<Vec<u16>>,
}

impl Text {
    fn push(&mut self, letter: char) {
        match &mut self.units {
            None => self.text.push(letter),
            Some(units) => units.extend_from_slice(letter.encode_utf16(&mut [0; 2])),
        }
    }

    fn push_half(&mut self, half: u16) {
        let text = &self.text;
        self.units.get_or_insert_with(|| text.encode_utf16().collect()).push(half);
    }
}

impl From<Text> for Py {
    fn from(text: Text) -> Self {
        text.units.map_or(Self::Str(text.text), Self::Halves)
    }
}

impl Reader<'_> {
    fn next_byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.next_byte(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.text[self.at..].starts_with(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn expect(&mut self, word: &str) -> Result<(), Unreadable> {
        if self.take(word) { Ok(()) } else { Err(Unreadable::Malformed) }
    }

    fn value(&mut self, level: usize) -> Result<Py, Unreadable> {
        if level > DEEPEST {
            return Err(Unreadable::TooDeep);
        }
        match self.next_byte() {
            Some(b'{') => self.dict(level),
            Some(b'[') => self.list(level),
            Some(b'"') => self.string(),
            _ => {
                let word = WORDS.into_iter().find(|(word, _)| self.take(word));
                word.map_or_else(|| self.number(), |(_, value)| Ok(value))
            }
        }
    }

    fn list(&mut self, level: usize) -> Result<Py, Unreadable> {
        let mut items = Vec::new();
        self.at += 1;
        self.blanks();
        if self.take("]") {
            return Ok(Py::List(items));
        }
        loop {
            self.blanks();
            items.push(self.value(level + 1)?);
            self.blanks();
            if self.take("]") {
                return Ok(Py::List(items));
            }
            self.expect(",")?;
        }
    }

    fn dict(&mut self, level: usize) -> Result<Py, Unreadable> {
        let mut entries = Vec::new();
        self.at += 1;
        self.blanks();
        if self.take("}") {
            return Ok(Py::Dict(entries.into_iter().collect()));
        }
        loop {
            self.blanks();
            let key = self.string()?;
            self.blanks();
            self.expect(":")?;
            self.blanks();
            let value = self.value(level + 1)?;
            if let Py::Str(key) = key {
                entries.push((key, value));
            } else {
                self.lacks_entries = true;
            }
            self.blanks();
            if self.take("}") {
                return Ok(Py::Dict(entries.into_iter().collect()));
            }
            self.expect(",")?;
        }
    }

    fn string(&mut self) -> Result<Py, Unreadable> {
        self.expect("\"")?;
        let mut out = Text::default();
        loop {
            let letter = self.text[self.at..].chars().next().ok_or(Unreadable::Malformed)?;
            self.at += letter.len_utf8();
            match letter {
                '"' => return Ok(out.into()),
                '\\' => match self.escape()? {
                    Ok(letter) => out.push(letter),
                    Err(half) => {
                        self.has_halves = true;
                        out.push_half(half);
                    }
                },
                '\0'..='\u{1f}' => return Err(Unreadable::Malformed),
                _ => out.push(letter),
            }
        }
    }

    /// A letter, or half a surrogate pair.
    fn escape(&mut self) -> Result<Result<char, u16>, Unreadable> {
        let letter = self.next_byte().ok_or(Unreadable::Malformed)?;
        if letter == b'u' {
            self.at += 1;
            return self.unicode();
        }
        let plain = match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            _ => return Err(Unreadable::Malformed),
        };
        self.at += 1;
        Ok(Ok(plain))
    }

    fn unicode(&mut self) -> Result<Result<char, u16>, Unreadable> {
        let first = self.unit()?;
        let mut units = vec![first];
        if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
            let before = self.at;
            self.at += 2;
            let second = self.unit()?;
            if (0xdc00..0xe000).contains(&second) {
                units.push(second);
            } else {
                self.at = before;
            }
        }
        let letter = char::decode_utf16(units).next().and_then(Result::ok);
        Ok(letter.ok_or(first))
    }

    fn unit(&mut self) -> Result<u16, Unreadable> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4).ok_or(Unreadable::Malformed)?;
        if !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err(Unreadable::Malformed);
        }
        self.at += 4;
        let digits = &self.text[self.at - 4..self.at];
        u16::from_str_radix(digits, 16).map_err(|_| Unreadable::Malformed)
    }

    fn number(&mut self) -> Result<Py, Unreadable> {
        let start = self.at;
        self.take("-");
        let integer = self.digits();
        if integer == 0 || (integer > 1 && self.text.as_bytes()[self.at - integer] == b'0') {
            return Err(Unreadable::Malformed);
        }
        let fraction = self.fraction();
        let exponent = self.exponent();
        let text = &self.text[start..self.at];
        if fraction || exponent {
            return text.parse().map(Py::Float).map_err(|_| Unreadable::Malformed);
        }
        if integer > LONGEST_INTEGER {
            return Err(Unreadable::Malformed);
        }
        Ok(Py::Int(if text == "-0" { "0" } else { text }.to_owned()))
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.next_byte(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn fraction(&mut self) -> bool {
        let before = self.at;
        let found = self.take(".") && self.digits() > 0;
        if !found {
            self.at = before;
        }
        found
    }

    fn exponent(&mut self) -> bool {
        let before = self.at;
        let mark = self.take("e") || self.take("E");
        let _sign = self.take("+") || self.take("-");
        let found = mark && self.digits() > 0;
        if !found {
            self.at = before;
        }
        found
    }
}
