//! Writing: sorted keys, two blanks a level, ASCII only, a newline at the end.

use std::fmt::Write as _;

use super::Py;
use super::float::repr;

/// NaN and Infinity are read but cannot be written; OctoPrint answers 500:
/// `fixtures/transcripts/octoprint/users-settings-nan.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotANumber;

/// The text of an answer.
pub(crate) fn write(value: &Py) -> Result<String, NotANumber> {
    let mut out = String::new();
    put(&mut out, value, 0)?;
    out.push('\n');
    Ok(out)
}

/// How long the text of a value is at most, without writing it: a short text that is nested deep
/// becomes long, as each item is a line of its own.
pub(crate) fn shown_length(value: &Py, level: usize) -> usize {
    const SCALAR: usize = 24;
    let lines = |items: usize| (items + 1) * (2 * (level + 1) + 2);
    match value {
        Py::None | Py::Bool(_) | Py::Float(_) => SCALAR,
        Py::Int(digits) => digits.len(),
        Py::Str(text) => text_length(text),
        Py::List(items) => {
            items.iter().fold(lines(items.len()), |sum, item| sum + shown_length(item, level + 1))
        }
        Py::Dict(entries) => entries.iter().fold(lines(entries.len()), |sum, (key, item)| {
            sum + text_length(key) + 2 + shown_length(item, level + 1)
        }),
    }
}

fn text_length(text: &str) -> usize {
    let letter = |letter: char| match letter {
        '"' | '\\' => 2,
        ' '..='~' => 1,
        _ => 6 * letter.len_utf16(),
    };
    2 + text.chars().map(letter).sum::<usize>()
}

fn put(out: &mut String, value: &Py, level: usize) -> Result<(), NotANumber> {
    match value {
        Py::None => out.push_str("null"),
        Py::Bool(on) => out.push_str(if *on { "true" } else { "false" }),
        Py::Int(digits) => out.push_str(digits),
        Py::Float(float) if float.is_finite() => out.push_str(&repr(*float)),
        Py::Float(_) => return Err(NotANumber),
        Py::Str(text) => put_text(out, text),
        Py::List(items) if items.is_empty() => out.push_str("[]"),
        Py::Dict(entries) if entries.is_empty() => out.push_str("{}"),
        Py::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                line(out, index, level + 1);
                put(out, item, level + 1)?;
            }
            close(out, level, ']');
        }
        Py::Dict(entries) => {
            out.push('{');
            // Byte order of UTF-8 is the order of code points, which is Python's.
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (index, (key, item)) in entries.into_iter().enumerate() {
                line(out, index, level + 1);
                put_text(out, key);
                out.push_str(": ");
                put(out, item, level + 1)?;
            }
            close(out, level, '}');
        }
    }
    Ok(())
}

fn line(out: &mut String, index: usize, level: usize) {
    if index > 0 {
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", level));
}

fn close(out: &mut String, level: usize, bracket: char) {
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", level));
    out.push(bracket);
}

fn put_text(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(letter),
            _ => put_escaped(out, letter),
        }
    }
    out.push('"');
}

fn put_escaped(out: &mut String, letter: char) {
    for unit in letter.encode_utf16(&mut [0; 2]) {
        // Writing to a String cannot fail.
        let _infallible = write!(out, "\\u{unit:04x}");
    }
}
