//! Writing: four blanks a level, ASCII only.

use std::fmt;

use crate::python::{Py, float_repr};

/// Writes a document as `dumps(value, indent=4)` does.
pub(crate) fn encode(value: &Py) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    put(&mut out, value, 0).ok();
    out
}

/// Whether a value is written with at most so many bytes, as a member of an answer: found out without
/// writing it. Each line is indented, so that a short text can become a thousand times as long.
pub(crate) fn fits(value: &Py, most: usize) -> bool {
    put(&mut Room(most), value, 1).is_ok()
}

/// Takes so many bytes, and keeps none.
struct Room(usize);

impl fmt::Write for Room {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

fn put(out: &mut impl fmt::Write, value: &Py, depth: usize) -> fmt::Result {
    match value {
        Py::None => out.write_str("null"),
        Py::Bool(on) => out.write_str(if *on { "true" } else { "false" }),
        Py::Int(digits) => out.write_str(digits),
        Py::Float(number) => out.write_str(&float_json(*number)),
        Py::Str(text) => quote(out, text),
        Py::List(items) if items.is_empty() => out.write_str("[]"),
        Py::List(items) => {
            let lines = items.iter().map(|item| (None, item));
            put_lines(out, ['[', ']'], lines, depth)
        }
        Py::Dict(members) if members.is_empty() => out.write_str("{}"),
        Py::Dict(members) => {
            let lines = members.hashed().into_iter().map(|(name, value)| (Some(name), value));
            put_lines(out, ['{', '}'], lines, depth)
        }
    }
}

fn put_lines<'a>(
    out: &mut impl fmt::Write,
    ends: [char; 2],
    lines: impl Iterator<Item = (Option<&'a str>, &'a Py)>,
    depth: usize,
) -> fmt::Result {
    out.write_char(ends[0])?;
    for (index, (name, value)) in lines.enumerate() {
        if index > 0 {
            out.write_char(',')?;
        }
        break_line(out, depth + 1)?;
        if let Some(name) = name {
            quote(out, name)?;
            out.write_str(": ")?;
        }
        put(out, value, depth + 1)?;
    }
    break_line(out, depth)?;
    out.write_char(ends[1])
}

fn break_line(out: &mut impl fmt::Write, depth: usize) -> fmt::Result {
    write!(out, "\n{:1$}", "", 4 * depth)
}

fn float_json(number: f64) -> String {
    match float_repr(number).as_str() {
        "nan" => "NaN".to_owned(),
        "inf" => "Infinity".to_owned(),
        "-inf" => "-Infinity".to_owned(),
        plain => plain.to_owned(),
    }
}

fn quote(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for letter in text.chars() {
        match letter {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            '\u{8}' => out.write_str("\\b")?,
            '\u{c}' => out.write_str("\\f")?,
            ' '..='~' => out.write_char(letter)?,
            _ => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
    }
    out.write_char('"')
}
