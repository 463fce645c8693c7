//! `json.dumps(value, sort_keys=True, indent=2)`: what Flask's `jsonify` answers.

use crate::python::layout::{Layout, Order, write as lay_out};
use crate::python::value::Py;

/// NaN or Infinity, which `json.dumps` does not write when told so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANumber;

/// How a version of Flask and Python writes an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// What stands between two items, before the new line. Python 2 writes a blank after each comma.
    pub comma: &'static str,
    /// What stands at the end of the answer.
    pub end: &'static str,
    /// Whether NaN and Infinity are written, which are no JSON (`allow_nan=True`).
    pub nan: bool,
}

/// Flask on Python 3: a newline at the end, and no NaN.
pub const PYTHON_3: Style = Style { comma: ",", end: "\n", nan: false };

/// The text of an answer as Flask on Python 3 writes it.
///
/// # Errors
/// If it holds NaN or Infinity.
pub fn write(value: &Py) -> Result<String, NotANumber> {
    write_as(value, PYTHON_3)
}

/// The text of an answer in a style.
///
/// # Errors
/// If it holds NaN or Infinity, and the style refuses them.
pub fn write_as(value: &Py, style: Style) -> Result<String, NotANumber> {
    let mut out = String::new();
    write_at(&mut out, value, 0, style)?;
    out.push_str(style.end);
    Ok(out)
}

/// Writes a value that stands at a depth of nesting in an answer.
///
/// # Errors
/// If it holds NaN or Infinity, and the style refuses them.
pub fn write_at(
    out: &mut String,
    value: &Py,
    depth: usize,
    style: Style,
) -> Result<(), NotANumber> {
    let Style { comma, nan, .. } = style;
    let layout = Layout { indent: 2, order: Order::Sorted, comma, nan };
    // Writing to a string fails for no other reason.
    lay_out(out, value, depth, layout).map_err(|_| NotANumber)
}

/// How long the text of a value is at most, without writing it: a short text that is nested deep
/// becomes long, as each item is a line of its own.
#[must_use]
pub fn shown_length(value: &Py, level: usize) -> usize {
    const SCALAR: usize = 24;
    let lines = |items: usize| (items + 1) * (2 * (level + 1) + 2);
    match value {
        Py::None | Py::Bool(_) | Py::Float(_) => SCALAR,
        Py::Int(digits) => digits.len(),
        Py::Str(text) => text_length(text),
        Py::Halves(units) => 2 + 6 * units.len(),
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
