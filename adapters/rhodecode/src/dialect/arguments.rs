//! What an argument means: the id or name that it refers to, and the value that RhodeCode's database
//! stores for it when nothing validates it. That is SQLAlchemy on SQLite, 1.3 in version 4.26 and 0.9
//! in version 4.3: fixtures/transcripts/rhodecode/update-user-empty.json and update-user.json.

use isogloss_canonical::secret::Secret;
use isogloss_interop::python::float;
use isogloss_interop::python::value::Py;

use crate::dialect::failure::Failure;
use crate::options::version::Differences;
use crate::wire::OWN_PLUGIN;

/// A value that the database refuses: the method fails.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// What an argument refers to.
#[derive(Debug, PartialEq)]
pub(crate) enum Reference {
    /// The row with this id.
    Id(i64),
    /// The row with this name.
    Name(String),
    /// No row.
    Nothing,
}

/// What an argument for a user refers to. An integer (and `true`, which Python counts among them) is
/// an id and all else a name, or whatever `int()` takes is an id.
pub(crate) fn user_reference(version: &Differences, value: &Py) -> Result<Reference, Failure> {
    if !version.converts_with_int {
        return reference(value);
    }
    match value {
        Py::Bool(_) | Py::Int(_) => reference(value),
        Py::Float(number) if number.is_finite() => {
            reference(&Py::Int(format!("{:.0}", number.trunc())))
        }
        Py::Float(number) if number.is_infinite() => Err(Failure::Exception("OverflowError")),
        Py::Float(_) => Ok(Reference::Nothing),
        Py::Str(text) => match integer(text) {
            Some(number) => reference(&Py::Int(number.to_string())),
            None => Ok(Reference::Name(text.clone())),
        },
        Py::None | Py::Halves(_) | Py::List(_) | Py::Dict(_) => {
            Err(Failure::Exception("TypeError"))
        }
    }
}

/// What an argument for a user group refers to.
pub(crate) fn group_reference(version: &Differences, value: &Py) -> Result<Reference, Failure> {
    if version.empty_is_no_group && !value.truthy() {
        return Ok(Reference::Nothing);
    }
    reference(value)
}

/// What a value refers to if an integer is an id, and all else is a text that the database compares
/// with names.
pub(crate) fn reference(value: &Py) -> Result<Reference, Failure> {
    match value {
        Py::None => Ok(Reference::Nothing),
        Py::Bool(on) => Ok(Reference::Id(i64::from(*on))),
        Py::Int(digits) => match digits.parse() {
            Ok(number) => Ok(Reference::Id(number)),
            Err(_) => Err(Failure::Exception("OverflowError")),
        },
        Py::Float(number) => Ok(Reference::Name(float::repr(*number))),
        Py::Str(text) => Ok(Reference::Name(text.clone())),
        Py::Halves(_) | Py::List(_) | Py::Dict(_) => Err(Failure::Exception("InterfaceError")),
    }
}

/// The text that the database compares a column with.
pub(crate) fn compared_text(value: &Py) -> Result<Option<String>, Failure> {
    match reference(value)? {
        Reference::Id(number) => Ok(Some(number.to_string())),
        Reference::Name(name) => Ok(Some(name)),
        Reference::Nothing => Ok(None),
    }
}

/// A value for a column of flags; `None` is null.
pub(crate) fn flag(version: &Differences, value: &Py) -> Result<Option<bool>, Refused> {
    let int = version.converts_with_int;
    match value {
        Py::None => Ok(None),
        Py::Bool(on) => Ok(Some(*on)),
        Py::Int(digits) => zero_or_one(digits),
        Py::Float(number) => whole(if int { number.trunc() } else { *number }),
        Py::Str(text) if int => zero_or_one(&integer(text).ok_or(Refused)?.to_string()),
        Py::Str(_) | Py::Halves(_) | Py::List(_) | Py::Dict(_) => Err(Refused),
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

/// Python's `int(text)`. A number that does not fit becomes the nearest one that does, which is
/// still larger than any id.
fn integer(text: &str) -> Option<i128> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i128::MIN } else { i128::MAX }))
}

/// A value for a column of text; `None` is null. A number becomes its digits.
pub(crate) fn text(value: &Py) -> Result<Option<String>, Refused> {
    match value {
        Py::None => Ok(None),
        Py::Bool(on) => Ok(Some(if *on { "1" } else { "0" }.to_owned())),
        Py::Int(digits) if digits.parse::<i64>().is_ok() => Ok(Some(digits.clone())),
        Py::Float(number) if number.is_finite() => Ok(Some(float::repr(*number))),
        Py::Str(text) => Ok(Some(text.clone())),
        Py::Int(_) | Py::Float(_) | Py::Halves(_) | Py::List(_) | Py::Dict(_) => Err(Refused),
    }
}

/// An e-mail address. What Python takes for false is null; the rest must be text, and is stored in
/// lower case.
pub(crate) fn email(value: &Py) -> Result<Option<String>, Refused> {
    if !value.truthy() {
        return Ok(None);
    }
    let address = value.as_str().ok_or(Refused)?;
    Ok(Some(address.to_lowercase()))
}

/// The name of a plugin, or of an account in it. What Python takes for false is RhodeCode's own.
pub(crate) fn plugin(value: &Py) -> String {
    if value.truthy() { value.to_text() } else { OWN_PLUGIN.to_owned() }
}

/// A password. What Python takes for false is none; anything else is hashed as its text. The hash
/// does not accept a NUL.
pub(crate) fn password(value: &Py) -> Result<Option<Secret>, Refused> {
    if !value.truthy() {
        return Ok(None);
    }
    let text = value.to_text();
    if text.contains('\0') { Err(Refused) } else { Ok(Some(Secret::new(text))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::version::Version;

    #[test]
    fn flags_are_converted_as_each_version_does() {
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
            assert_eq!(flag(Version::V4_26.differences(), &value), current);
            assert_eq!(flag(Version::V4_3.differences(), &value), early);
        }
    }
}
