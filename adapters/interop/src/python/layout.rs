//! How Python writes JSON: one item a line, ASCII only.

use std::char::DecodeUtf16Error;
use std::fmt;

use super::float;
use super::value::Py;

/// In which order the entries of a dictionary are written.
#[derive(Clone, Copy)]
pub(super) enum Order {
    /// By key (`sort_keys=True`).
    Sorted,
    /// As Python 2 iterates over them.
    Hashed,
}

/// The options of `dumps`.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    /// Blanks a level.
    pub(super) indent: usize,
    /// The order of entries.
    pub(super) order: Order,
    /// What stands between two items, before the new line.
    pub(super) comma: &'static str,
    /// Whether NaN and Infinity are written (`allow_nan=True`).
    pub(super) nan: bool,
}

/// Writes a value that stands at a depth of nesting.
///
/// Fails if the writer does, or at NaN and Infinity where the layout refuses them.
pub(super) fn write(
    out: &mut impl fmt::Write,
    value: &Py,
    depth: usize,
    layout: Layout,
) -> fmt::Result {
    match value {
        Py::None => out.write_str("null"),
        Py::Bool(on) => out.write_str(if *on { "true" } else { "false" }),
        Py::Int(digits) => out.write_str(digits),
        Py::Float(number) => write_float(out, *number, layout),
        Py::Str(text) => quote(out, text),
        Py::Halves(units) => quote_halves(out, char::decode_utf16(units.iter().copied())),
        Py::List(items) if items.is_empty() => out.write_str("[]"),
        Py::List(items) => {
            let lines = items.iter().map(|item| (None, item));
            write_lines(out, ['[', ']'], lines, depth, layout)
        }
        Py::Dict(members) if members.is_empty() => out.write_str("{}"),
        Py::Dict(members) => {
            let entries = match layout.order {
                Order::Sorted => members.sorted(),
                Order::Hashed => members.hashed(),
            };
            let lines = entries.into_iter().map(|(name, value)| (Some(name), value));
            write_lines(out, ['{', '}'], lines, depth, layout)
        }
    }
}

fn write_lines<'a>(
    out: &mut impl fmt::Write,
    ends: [char; 2],
    lines: impl Iterator<Item = (Option<&'a str>, &'a Py)>,
    depth: usize,
    layout: Layout,
) -> fmt::Result {
    out.write_char(ends[0])?;
    for (index, (name, value)) in lines.enumerate() {
        if index > 0 {
            out.write_str(layout.comma)?;
        }
        break_line(out, (depth + 1) * layout.indent)?;
        if let Some(name) = name {
            quote(out, name)?;
            out.write_str(": ")?;
        }
        write(out, value, depth + 1, layout)?;
    }
    break_line(out, depth * layout.indent)?;
    out.write_char(ends[1])
}

fn break_line(out: &mut impl fmt::Write, mut blanks: usize) -> fmt::Result {
    const BLANKS: &str = "                                ";
    out.write_char('\n')?;
    while blanks > 0 {
        let some = blanks.min(BLANKS.len());
        out.write_str(&BLANKS[..some])?;
        blanks -= some;
    }
    Ok(())
}

fn write_float(out: &mut impl fmt::Write, number: f64, layout: Layout) -> fmt::Result {
    if number.is_finite() {
        return out.write_str(&float::repr(number));
    }
    if !layout.nan {
        return Err(fmt::Error);
    }
    out.write_str(match number {
        _ if number.is_nan() => "NaN",
        _ if number > 0.0 => "Infinity",
        _ => "-Infinity",
    })
}

/// Writes a text in quotes: at once what needs no escape.
fn quote(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| !is_plain(byte)) {
        // Every byte before it is a letter of its own.
        let (plain, odd) = rest.split_at(at);
        out.write_str(plain)?;
        let mut letters = odd.chars();
        letters.next().map_or(Ok(()), |letter| write_letter(out, letter))?;
        rest = letters.as_str();
    }
    out.write_str(rest)?;
    out.write_char('"')
}

const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'
}

/// Writes letters in quotes. Half a surrogate pair is escaped as it is.
fn quote_halves(
    out: &mut impl fmt::Write,
    letters: impl Iterator<Item = Result<char, DecodeUtf16Error>>,
) -> fmt::Result {
    out.write_char('"')?;
    for letter in letters {
        match letter {
            Ok(letter) => write_letter(out, letter)?,
            Err(half) => write!(out, "\\u{:04x}", half.unpaired_surrogate())?,
        }
    }
    out.write_char('"')
}

fn write_letter(out: &mut impl fmt::Write, letter: char) -> fmt::Result {
    match letter {
        '"' => out.write_str("\\\""),
        '\\' => out.write_str("\\\\"),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        '\u{8}' => out.write_str("\\b"),
        '\u{c}' => out.write_str("\\f"),
        ' '..='~' => out.write_char(letter),
        _ => {
            let mut units = [0; 2];
            let mut units = letter.encode_utf16(&mut units).iter();
            units.try_for_each(|unit| write!(out, "\\u{unit:04x}"))
        }
    }
}
