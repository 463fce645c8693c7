//! Python values in plain JSON, which lacks NaN, Infinity and texts with half a surrogate pair.
//!
//! These are stored as an object whose only key is U+0000. A key that begins with U+0000 itself is
//! stored with one more in front, so that it is not mistaken for such an object.

use serde_json::{Map, Number, Value};

use super::float::repr;
use super::value::Py;

const MARK: char = '\0';

/// The JSON to store for a value.
#[must_use]
pub fn to_json(value: &Py) -> Value {
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
        Py::Halves(units) => {
            Value::Object(Map::from_iter([(MARK.to_string(), Value::from(units.as_slice()))]))
        }
        Py::List(items) => Value::Array(items.iter().map(to_json).collect()),
        Py::Dict(entries) => Value::Object(
            entries.iter().map(|(key, value)| (guarded(key), to_json(value))).collect(),
        ),
    }
}

/// The value of stored JSON.
#[must_use]
pub fn from_json(value: &Value) -> Py {
    match value {
        Value::Null => Py::None,
        Value::Bool(on) => Py::Bool(*on),
        Value::Number(number) => Py::number(&number.to_string()),
        Value::String(text) => Py::text(text),
        Value::Array(items) => Py::List(items.iter().map(from_json).collect()),
        Value::Object(entries) => special(entries).unwrap_or_else(|| {
            let free = |(key, value): (&String, &Value)| (unguarded(key), from_json(value));
            Py::Dict(entries.iter().map(free).collect())
        }),
    }
}

/// The JSON to store for plain JSON, in which no number is special.
#[must_use]
pub fn of_plain(value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        Value::Array(items) => Value::Array(items.iter().map(of_plain).collect()),
        Value::Object(entries) => Value::Object(
            entries.iter().map(|(key, value)| (guarded(key), of_plain(value))).collect(),
        ),
    }
}

fn infinity(float: f64) -> &'static str {
    if float > 0.0 { "Infinity" } else { "-Infinity" }
}

fn number(text: &str) -> Value {
    text.parse::<Number>().map_or(Value::Null, Value::Number)
}

fn guarded(key: &str) -> String {
    if key.starts_with(MARK) { format!("{MARK}{key}") } else { key.to_owned() }
}

fn unguarded(key: &str) -> String {
    key.strip_prefix(MARK).unwrap_or(key).to_owned()
}

fn special(entries: &Map<String, Value>) -> Option<Py> {
    let stored = entries.get("\0").filter(|_| entries.len() == 1)?;
    if let Some(units) = stored.as_array() {
        let unit = |unit: &Value| u16::try_from(unit.as_u64()?).ok();
        return units.iter().map(unit).collect::<Option<_>>().map(Py::Halves);
    }
    match stored.as_str()? {
        "NaN" => Some(Py::Float(f64::NAN)),
        "Infinity" => Some(Py::Float(f64::INFINITY)),
        "-Infinity" => Some(Py::Float(f64::NEG_INFINITY)),
        _ => None,
    }
}
