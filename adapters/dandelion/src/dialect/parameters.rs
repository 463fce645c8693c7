//! What a method of the API takes, and what a caller gave it.

use crate::ids::{Gid, Uid};
use crate::php;
use crate::php::form::{Field, Form};

/// A parameter: its name, and what stands in for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Takes(&'static str, Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text(Absent<&'static str>),
    Int(Absent<i32>),
    Flag(bool),
}

/// What a parameter is when it is not given.
#[derive(Clone, Copy, Debug)]
enum Absent<T> {
    /// An error.
    Refused,
    /// Nothing.
    Nothing,
    /// This.
    Default(T),
}

/// A text that must be given; an empty one will do.
pub(crate) const fn text(name: &'static str) -> Takes {
    Takes(name, Kind::Text(Absent::Refused))
}

/// A text that may be given.
pub(crate) const fn maybe_text(name: &'static str) -> Takes {
    Takes(name, Kind::Text(Absent::Nothing))
}

/// A text that has a default.
pub(crate) const fn text_or(name: &'static str, default: &'static str) -> Takes {
    Takes(name, Kind::Text(Absent::Default(default)))
}

/// A whole number that must be given.
pub(crate) const fn int(name: &'static str) -> Takes {
    Takes(name, Kind::Int(Absent::Refused))
}

/// A whole number that may be given; what is none counts as nothing.
pub(crate) const fn maybe_int(name: &'static str) -> Takes {
    Takes(name, Kind::Int(Absent::Nothing))
}

/// A whole number that has a default.
pub(crate) const fn int_or(name: &'static str, default: i32) -> Takes {
    Takes(name, Kind::Int(Absent::Default(default)))
}

/// A switch that has a default.
pub(crate) const fn flag_or(name: &'static str, default: bool) -> Takes {
    Takes(name, Kind::Flag(default))
}

#[derive(Clone, Debug, PartialEq)]
enum Given {
    Nothing,
    Text(String),
    Int(i32),
    Flag(bool),
}

/// The parameters of one call.
#[derive(Debug, Default)]
pub(crate) struct Parameters(Vec<(&'static str, Given)>);

impl Parameters {
    /// Reads what a method takes from a form; or the names of all that are wrong, in order.
    pub(crate) fn read(takes: &[Takes], form: &Form) -> Result<Self, Vec<&'static str>> {
        let mut all = Vec::with_capacity(takes.len());
        let mut wrong = Vec::new();
        for Takes(name, kind) in takes {
            let given = given(*kind, form.get(name));
            if given == Given::Nothing && kind.is_required() {
                wrong.push(*name);
            }
            all.push((*name, given));
        }
        if wrong.is_empty() { Ok(Self(all)) } else { Err(wrong) }
    }

    /// A text, if it was given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Given::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A text that is neither empty nor `0`: to Dandelion these are nothing too.
    pub(crate) fn true_text(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| php::is_text_true(text))
    }

    /// A whole number, if one was given.
    pub(crate) fn int(&self, name: &str) -> Option<i32> {
        match self.get(name) {
            Some(Given::Int(number)) => Some(*number),
            _ => None,
        }
    }

    /// A whole number other than 0.
    pub(crate) fn true_int(&self, name: &str) -> Option<i32> {
        self.int(name).filter(|number| *number != 0)
    }

    /// The id of a person, if a usable one was given.
    pub(crate) fn uid(&self) -> Option<Uid> {
        self.true_int("uid").map(Uid)
    }

    /// The id of a group; 0 is no group.
    pub(crate) fn gid(&self, name: &str) -> Gid {
        Gid(self.int(name).unwrap_or_default())
    }

    /// Whether a switch is on.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Given::Flag(true))
    }

    fn get(&self, name: &str) -> Option<&Given> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, given)| given)
    }
}

impl Kind {
    const fn is_required(self) -> bool {
        matches!(self, Self::Text(Absent::Refused) | Self::Int(Absent::Refused))
    }
}

/// An array is given, so that no default takes its place, but is worth nothing.
fn given(kind: Kind, field: Option<&Field>) -> Given {
    match (kind, field) {
        (Kind::Text(_), Some(Field::Text(text))) => Given::Text(text.clone()),
        (Kind::Text(Absent::Default(text)), None) => Given::Text(text.to_owned()),
        (Kind::Int(_), Some(Field::Text(text))) => {
            php::int(text).map_or(Given::Nothing, Given::Int)
        }
        (Kind::Int(Absent::Default(number)), None) => Given::Int(number),
        (Kind::Flag(_), Some(Field::Text(text))) => Given::Flag(php::flag(text)),
        (Kind::Flag(default), None) => Given::Flag(default),
        (Kind::Text(_) | Kind::Int(_) | Kind::Flag(_), Some(Field::Array) | None) => Given::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: &[Takes] =
        &[text("username"), int("role"), flag_or("cheesto", true), maybe_int("uid")];

    #[test]
    fn every_wrong_parameter_is_named_in_order() {
        let read = |form: &str| Parameters::read(CREATE, &Form::read(form.as_bytes())).map(|_| ());
        assert_eq!(read("x=1"), Err(vec!["username", "role"]));
        assert_eq!(read("username[]=a&role=x"), Err(vec!["username", "role"]));
        assert_eq!(read("username=&role=0"), Ok(()));
    }

    #[test]
    fn an_array_displaces_the_default() {
        let form = Form::read(b"username=a&role=1&cheesto[]=1&uid=x");
        let read = Parameters::read(CREATE, &form).unwrap();
        assert!(!read.flag("cheesto") && read.int("uid").is_none());
        let read = Parameters::read(CREATE, &Form::read(b"username=0&role=+1")).unwrap();
        assert!(read.flag("cheesto") && read.true_text("username").is_none());
        assert_eq!((read.text("username"), read.int("role")), (Some("0"), Some(1)));
    }
}
