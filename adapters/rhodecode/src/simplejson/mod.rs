//! JSON as simplejson 3 reads and writes it under Python 2.
//!
//! What is wrong with a request is told in simplejson's words, with its positions, which count
//! bytes: fixtures/transcripts/rhodecode/envelope-malformed.json.

#[cfg(test)]
mod tests;
mod write;

use isogloss_canonical::extent::Extent;

use crate::mapping::Dict;
use crate::python::{Py, bytes_repr};

pub(crate) use self::write::{encode, fits};

/// Why a text cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// The text is not JSON: simplejson's sentence.
    Malformed(String),
    /// It is nested deeper than Python goes.
    TooDeep,
    /// It holds more values than a call can need. Python reads any number.
    TooMany,
}

type Read<T> = Result<T, Unreadable>;

/// How deep Python lets a document be nested.
const DEEPEST: usize = 900;

/// How many values a document may hold: one of two bytes takes a hundred in memory.
const MOST_VALUES: usize = 50_000;

/// Reads a document.
pub(crate) fn decode(text: &[u8]) -> Read<Py> {
    if Extent::of(text).values > MOST_VALUES {
        return Err(Unreadable::TooMany);
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    if text.starts_with(b"\xef\xbb\xbf") {
        reader.at = 3;
    }
    reader.blanks();
    let value = reader.value()?;
    reader.blanks();
    if reader.at < text.len() {
        return Err(reader.extra());
    }
    Ok(value)
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn value(&mut self) -> Read<Py> {
        const WORDS: [(&[u8], Py); 6] = [
            (b"null", Py::None),
            (b"true", Py::Bool(true)),
            (b"false", Py::Bool(false)),
            (b"NaN", Py::Float(f64::NAN)),
            (b"Infinity", Py::Float(f64::INFINITY)),
            (b"-Infinity", Py::Float(f64::NEG_INFINITY)),
        ];
        match self.peek() {
            Some(b'"') => Ok(Py::Str(self.string()?)),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                if let Some((word, value)) = WORDS.iter().find(|(word, _)| rest.starts_with(word)) {
                    self.at += word.len();
                    return Ok(value.clone());
                }
                self.number()
            }
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Read<Py>) -> Read<Py> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Unreadable::TooDeep);
        }
        self.at += 1;
        self.blanks();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Read<Py> {
        const NAME: &str = "Expecting property name enclosed in double quotes";
        let mut members = Vec::new();
        if self.peek().is_none() {
            return Err(self.expected("Expecting property name enclosed in double quotes or '}'"));
        }
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Py::Dict(Dict::default()));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.expected(NAME));
            }
            let name = self.string()?;
            self.blanks();
            if self.peek() != Some(b':') {
                return Err(self.expected("Expecting ':' delimiter"));
            }
            self.at += 1;
            self.blanks();
            members.push((name, self.value()?));
            self.blanks();
            match self.peek() {
                Some(b'}') => break,
                Some(b',') => self.at += 1,
                _ => return Err(self.expected("Expecting ',' delimiter or '}'")),
            }
            self.blanks();
        }
        self.at += 1;
        Ok(Py::Dict(members.into_iter().collect()))
    }

    fn array(&mut self) -> Read<Py> {
        let mut items = Vec::new();
        if self.peek().is_none() {
            return Err(self.expected("Expecting value or ']'"));
        }
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Py::List(items));
        }
        loop {
            items.push(self.value()?);
            self.blanks();
            match self.peek() {
                Some(b']') => break,
                Some(b',') => self.at += 1,
                _ => return Err(self.expected("Expecting ',' delimiter or ']'")),
            }
            self.blanks();
        }
        self.at += 1;
        Ok(Py::List(items))
    }

    fn number(&mut self) -> Read<Py> {
        let start = self.at;
        if self.peek() == Some(b'-') && self.at + 1 < self.text.len() {
            self.at += 1;
        }
        match self.peek() {
            Some(b'1'..=b'9') => self.digits(),
            Some(b'0') => self.at += 1,
            _ => return Err(self.expected("Expecting value")),
        }
        if self.peek() == Some(b'.') && self.text.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
            self.digits();
        }
        self.exponent();
        let digits = self.text.get(start..self.at).unwrap_or_default();
        Ok(Py::number(&String::from_utf8_lossy(digits)))
    }

    fn digits(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
    }

    fn exponent(&mut self) {
        let start = self.at;
        if !matches!(self.peek(), Some(b'e' | b'E')) {
            return;
        }
        self.at += 1;
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        let digits = self.at;
        self.digits();
        if self.at == digits {
            self.at = start;
        }
    }

    fn string(&mut self) -> Read<String> {
        let start = self.at;
        let mut out = String::new();
        self.at += 1;
        loop {
            let chunk = self.at;
            while let Some(byte) = self.peek() {
                match byte {
                    b'"' | b'\\' => break,
                    0..=0x1f => return Err(self.control()),
                    _ => self.at += 1,
                }
            }
            // Where that is takes counting the lines before it: only once it is needed.
            let unterminated = || self.wrong("Unterminated string starting at", start);
            let Some(stop) = self.peek() else { return Err(unterminated()) };
            push_chunk(&mut out, self.text.get(chunk..self.at).unwrap_or_default())?;
            match stop {
                b'"' => break,
                _ if self.at + 1 < self.text.len() => out.push(self.escape()?),
                _ => return Err(unterminated()),
            }
        }
        self.at += 1;
        Ok(out)
    }

    fn escape(&mut self) -> Read<char> {
        let start = self.at;
        let letter = self.text.get(start + 1).copied().unwrap_or_default();
        self.at += 2;
        Ok(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unicode(start),
            _ => {
                let slash = bytes_repr(b"\\");
                return Err(self.wrong(&format!("Invalid \\X escape sequence {slash}"), start));
            }
        })
    }

    /// Reads the digits of `\uXXXX`, and of a second one where the first is half a pair. Half a pair
    /// by itself, which Python keeps and Rust cannot, becomes the replacement character.
    fn unicode(&mut self, start: usize) -> Read<char> {
        let first = self.hex(start)?;
        if (0xd800..0xdc00).contains(&first) && self.text.get(self.at..self.at + 2) == Some(b"\\u")
        {
            let second = self.at;
            self.at += 2;
            let low = self.hex(second)?;
            if (0xdc00..0xe000).contains(&low) {
                let code = 0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = second;
        }
        Ok(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn hex(&mut self, start: usize) -> Read<u32> {
        let digits = self.text.get(self.at..self.at + 4).unwrap_or_default();
        let whole = self.at + 4 < self.text.len() && digits.iter().all(u8::is_ascii_hexdigit);
        let code =
            std::str::from_utf8(digits).ok().and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match code {
            Some(code) if whole => {
                self.at += 4;
                Ok(code)
            }
            _ => Err(self.wrong("Invalid \\uXXXX escape sequence", start + 1)),
        }
    }

    fn control(&self) -> Unreadable {
        let byte = bytes_repr(self.text.get(self.at..=self.at).unwrap_or_default());
        self.expected(&format!("Invalid control character {byte} at"))
    }

    fn expected(&self, what: &str) -> Unreadable {
        self.wrong(what, self.at)
    }

    fn wrong(&self, what: &str, at: usize) -> Unreadable {
        let (line, column) = self.place(at);
        Unreadable::Malformed(format!("{what}: line {line} column {column} (char {at})"))
    }

    fn extra(&self) -> Unreadable {
        let (at, end) = (self.at, self.text.len());
        let ((line, column), (last, stop)) = (self.place(at), self.place(end));
        Unreadable::Malformed(format!(
            "Extra data: line {line} column {column} - line {last} column {stop} \
             (char {at} - {end})"
        ))
    }

    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.split(|byte| *byte == b'\n').count();
        let newline = before.iter().rposition(|byte| *byte == b'\n');
        (line, newline.map_or(at + 1, |newline| at - newline))
    }
}

/// Takes over bytes that should be UTF-8.
fn push_chunk(out: &mut String, chunk: &[u8]) -> Read<()> {
    let mut start = 0;
    while let Some(rest) = chunk.get(start..).filter(|rest| !rest.is_empty()) {
        let fault = match std::str::from_utf8(rest) {
            Ok(text) => {
                out.push_str(text);
                return Ok(());
            }
            Err(fault) => fault,
        };
        let valid = rest.get(..fault.valid_up_to()).unwrap_or_default();
        out.push_str(&String::from_utf8_lossy(valid));
        start += valid.len();
        // Half a surrogate pair is a letter to Python 2.
        if !matches!(chunk.get(start..), Some([0xed, 0xa0..=0xbf, 0x80..=0xbf, ..])) {
            return Err(Unreadable::Malformed(undecodable(chunk, start)));
        }
        out.push(char::REPLACEMENT_CHARACTER);
        start += 3;
    }
    Ok(())
}

/// What Python 2 says of bytes that are not UTF-8. Places count from the start of the chunk.
fn undecodable(chunk: &[u8], start: usize) -> String {
    let rest = chunk.get(start..).unwrap_or_default();
    let first = rest.first().copied().unwrap_or_default();
    let continued = |at: usize| rest.get(at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let (why, end) = if length == 1 {
        ("invalid start byte", start + 1)
    } else if rest.len() < length {
        // Python adds up the places instead of counting them.
        let tail: usize = (1..rest.len()).take_while(|at| continued(*at)).sum();
        ("unexpected end of data", start + 1 + tail)
    } else {
        let tail = (1..length - 1).take_while(|at| continued(*at)).count();
        ("invalid continuation byte", start + 1 + tail)
    };
    if end - start == 1 {
        return format!("'utf8' codec can't decode byte {first:#04x} in position {start}: {why}");
    }
    let last = end - 1;
    format!("'utf8' codec can't decode bytes in position {start}-{last}: {why}")
}
