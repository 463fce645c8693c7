//! The form in which settings are kept: plain JSON, but for NaN and Infinity, which JSON lacks.
//!
//! They are kept as an object whose only key is U+0000. A caller's own key that begins with
//! U+0000 is kept with one more in front, so that nobody's data is taken for ours.

use serde_json::{Map, Number, Value};

use super::Py;
use super::float::repr;

const MARK: char = '\0';

/// The form to keep.
pub(crate) fn to_kept(value: &Py) -> Value {
    match value {
        Py::None => Value::Null,
        Py::Bool(on) => Value::Bool(*on),
        Py::Int(digits) => number(digits),
        Py::Float(float) if float.is_finite() => number(&repr(*float)),
        Py::Float(float) => {
            let word = if float.is_nan() { "NaN" } else { infinity(*float) };
            Value::Object(Map::from_iter([(MARK.to_string(), Value::from(word))]))
        }
        Py::Str(text) => Value::from(text.as_str()),
        Py::List(items) => Value::Array(items.iter().map(to_kept).collect()),
        Py::Dict(entries) => {
            let keep = |(key, value): &(String, Py)| (guarded(key), to_kept(value));
            Value::Object(entries.iter().map(keep).collect())
        }
    }
}

/// What was kept.
pub(crate) fn from_kept(value: &Value) -> Py {
    match value {
        Value::Null => Py::None,
        Value::Bool(on) => Py::Bool(*on),
        Value::Number(number) => py_number(&number.to_string()),
        Value::String(text) => Py::text(text),
        Value::Array(items) => Py::List(items.iter().map(from_kept).collect()),
        Value::Object(entries) => special(entries).unwrap_or_else(|| {
            let free = |(key, value): (&String, &Value)| (unguarded(key), from_kept(value));
            Py::Dict(entries.iter().map(free).collect())
        }),
    }
}

fn infinity(float: f64) -> &'static str {
    if float > 0.0 { "Infinity" } else { "-Infinity" }
}

fn number(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

/// A number by its text: what has neither a point nor an exponent is an integer.
fn py_number(text: &str) -> Py {
    if text.contains(['.', 'e', 'E']) {
        return Py::Float(text.parse().unwrap_or(f64::NAN));
    }
    Py::Int(text.to_owned())
}

fn guarded(key: &str) -> String {
    if key.starts_with(MARK) { format!("{MARK}{key}") } else { key.to_owned() }
}

fn unguarded(key: &str) -> String {
    key.strip_prefix(MARK).unwrap_or(key).to_owned()
}

fn special(entries: &Map<String, Value>) -> Option<Py> {
    let word = entries.get("\0").filter(|_| entries.len() == 1)?.as_str()?;
    match word {
        "NaN" => Some(Py::Float(f64::NAN)),
        "Infinity" => Some(Py::Float(f64::INFINITY)),
        "-Infinity" => Some(Py::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}
