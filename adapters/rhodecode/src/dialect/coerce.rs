//! What RhodeCode's database makes of values that nobody has checked: SQLAlchemy on SQLite, 1.3 in
//! version 4.26 and 0.9 in version 4.3.
//!
//! fixtures/transcripts/rhodecode/update-user-empty.json and update-user.json.

use isogloss_canonical::secret::Secret;

use crate::python::{Py, float_repr};
use crate::version::Version;

/// A value that the database does not take: the method fails.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// A value for a column of truth values; `None` is null.
pub(crate) fn flag(version: Version, value: &Py) -> Result<Option<bool>, Refused> {
    match (value, version) {
        (Py::None, _) => Ok(None),
        (Py::Bool(on), _) => Ok(Some(*on)),
        (Py::Int(digits), _) => zero_or_one(digits),
        (Py::Float(number), Version::Current) => whole(*number),
        // The earlier version takes `int()` of anything.
        (Py::Float(number), Version::Early) => whole(number.trunc()),
        (Py::Str(text), Version::Early) => zero_or_one(&integer(text).ok_or(Refused)?.to_string()),
        _ => Err(Refused),
    }
}

fn whole(number: f64) -> Result<Option<bool>, Refused> {
    if number == 0.0 {
        return Ok(Some(false));
    }
    if (number - 1.0).abs() == 0.0 { Ok(Some(true)) } else { Err(Refused) }
}

fn zero_or_one(digits: &str) -> Result<Option<bool>, Refused> {
    match digits {
        "0" => Ok(Some(false)),
        "1" => Ok(Some(true)),
        _ => Err(Refused),
    }
}

/// Python's `int(text)`; beyond any number of a database, the nearest that is still too large.
pub(crate) fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i128::MIN } else { i128::MAX }))
}

/// A value for a column of text; `None` is null. Numbers become their digits.
pub(crate) fn text(value: &Py) -> Result<Option<String>, Refused> {
    match value {
        Py::None => Ok(None),
        Py::Bool(on) => Ok(Some(if *on { "1" } else { "0" }.to_owned())),
        Py::Int(digits) if digits.parse::<i64>().is_ok() => Ok(Some(digits.clone())),
        Py::Float(number) if number.is_finite() => Ok(Some(float_repr(*number))),
        Py::Str(text) => Ok(Some(text.clone())),
        _ => Err(Refused),
    }
}

/// An e-mail address: what Python takes for false is null, the rest must be text and is stored in
/// lower case.
pub(crate) fn email(value: &Py) -> Result<Option<String>, Refused> {
    match value {
        value if !value.truthy() => Ok(None),
        Py::Str(address) => Ok(Some(address.to_lowercase())),
        _ => Err(Refused),
    }
}

/// The name of a plugin, or of an account in it.
pub(crate) fn plugin(value: &Py) -> String {
    if value.truthy() { value.text() } else { crate::wire::OWN_PLUGIN.to_owned() }
}

/// A password: what Python takes for false is none, anything else is hashed as its text. The hash
/// does not take a NUL.
pub(crate) fn password(value: &Py) -> Result<Option<Secret>, Refused> {
    if !value.truthy() {
        return Ok(None);
    }
    let text = value.text();
    if text.contains('\0') { Err(Refused) } else { Ok(Some(Secret::new(text))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_flags_as_each_version_does() {
        let one = Py::Int("1".to_owned());
        for (value, current, early) in [
            (Py::None, Ok(None), Ok(None)),
            (one, Ok(Some(true)), Ok(Some(true))),
            (Py::Int("2".to_owned()), Err(Refused), Err(Refused)),
            (Py::Float(1.0), Ok(Some(true)), Ok(Some(true))),
            (Py::Float(0.5), Err(Refused), Ok(Some(false))),
            (Py::Float(-0.5), Err(Refused), Ok(Some(false))),
            (Py::Float(-1.5), Err(Refused), Err(Refused)),
            (Py::from("1"), Err(Refused), Ok(Some(true))),
            (Py::from("0"), Err(Refused), Ok(Some(false))),
            (Py::from(""), Err(Refused), Err(Refused)),
            (Py::from("true"), Err(Refused), Err(Refused)),
            (Py::List(Vec::new()), Err(Refused), Err(Refused)),
        ] {
            assert_eq!(flag(Version::Current, &value), current);
            assert_eq!(flag(Version::Early, &value), early);
        }
    }
}
