//! The parameters that a method takes, and the arguments that a caller gave for them.

use isogloss_interop::php::form::{Field, Form};
use isogloss_interop::php::{filter, truth};

use crate::ids::{Gid, Uid};

/// Reads a query or a form body. The server decodes each value twice: PHP does, and then Dandelion
/// again. The password `a+b %41` is `a b A`
/// (`fixtures/transcripts/dandelion/resetpassword.json`).
pub(crate) fn read_form(bytes: &[u8]) -> Form {
    Form::read(bytes).decoded_again()
}

/// A parameter of a method: its name, its type, and what an absent one means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter(&'static str, Kind);

#[derive(Clone, Copy, Debug)]
enum Kind {
    Text(Absent<&'static str>),
    Int(Absent<i32>),
    Flag(bool),
}

/// What it means that a parameter is absent.
#[derive(Clone, Copy, Debug)]
enum Absent<T> {
    /// An error.
    Refused,
    /// Nothing.
    Nothing,
    /// This value.
    Default(T),
}

/// A required text; an empty one is accepted.
pub(crate) const fn text(name: &'static str) -> Parameter {
    Parameter(name, Kind::Text(Absent::Refused))
}

/// An optional text.
pub(crate) const fn maybe_text(name: &'static str) -> Parameter {
    Parameter(name, Kind::Text(Absent::Nothing))
}

/// A text with a default.
pub(crate) const fn text_or(name: &'static str, default: &'static str) -> Parameter {
    Parameter(name, Kind::Text(Absent::Default(default)))
}

/// A required integer.
pub(crate) const fn int(name: &'static str) -> Parameter {
    Parameter(name, Kind::Int(Absent::Refused))
}

/// An optional integer. A value that is no integer counts as absent.
pub(crate) const fn maybe_int(name: &'static str) -> Parameter {
    Parameter(name, Kind::Int(Absent::Nothing))
}

/// An integer with a default.
pub(crate) const fn int_or(name: &'static str, default: i32) -> Parameter {
    Parameter(name, Kind::Int(Absent::Default(default)))
}

/// A switch with a default.
pub(crate) const fn flag_or(name: &'static str, default: bool) -> Parameter {
    Parameter(name, Kind::Flag(default))
}

#[derive(Clone, Debug, PartialEq)]
enum Argument {
    Nothing,
    Text(String),
    Int(i32),
    Flag(bool),
}

/// The arguments of one call.
#[derive(Debug, Default)]
pub(crate) struct Arguments(Vec<(&'static str, Argument)>);

impl Arguments {
    /// Reads the arguments from a form. The error has the names of all that are missing or cannot
    /// be read, in the order of the parameters.
    pub(crate) fn read(parameters: &[Parameter], form: &Form) -> Result<Self, Vec<&'static str>> {
        let mut arguments = Vec::with_capacity(parameters.len());
        let mut wrong = Vec::new();
        for Parameter(name, kind) in parameters {
            let argument = kind.read(form.get(name));
            if argument == Argument::Nothing && kind.is_required() {
                wrong.push(*name);
            }
            arguments.push((*name, argument));
        }
        if wrong.is_empty() { Ok(Self(arguments)) } else { Err(wrong) }
    }

    /// A text, if it was given.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        if let Some(Argument::Text(text)) = self.get(name) { Some(text) } else { None }
    }

    /// A text that is neither empty nor `0`: Dandelion takes these for absent.
    pub(crate) fn true_text(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|text| truth::of_text(text))
    }

    /// An integer, if one was given.
    pub(crate) fn int(&self, name: &str) -> Option<i32> {
        if let Some(Argument::Int(number)) = self.get(name) { Some(*number) } else { None }
    }

    /// An integer other than 0.
    pub(crate) fn true_int(&self, name: &str) -> Option<i32> {
        self.int(name).filter(|number| *number != 0)
    }

    /// The user id of a method that takes it as optional; 0 counts as absent.
    pub(crate) fn maybe_uid(&self) -> Option<Uid> {
        self.true_int("uid").map(Uid)
    }

    /// The user id of a method that requires one; no user has the id 0.
    pub(crate) fn uid(&self) -> Uid {
        Uid(self.int("uid").unwrap_or_default())
    }

    /// The id of a group; no group has the id 0.
    pub(crate) fn gid(&self, name: &str) -> Gid {
        Gid(self.int(name).unwrap_or_default())
    }

    /// Whether a switch is on.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some(&Argument::Flag(true))
    }

    fn get(&self, name: &str) -> Option<&Argument> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, argument)| argument)
    }
}

impl Kind {
    const fn is_required(self) -> bool {
        matches!(self, Self::Text(Absent::Refused) | Self::Int(Absent::Refused))
    }

    /// Reads an argument of this type. An array replaces the default and is no value itself.
    fn read(self, field: Option<&Field>) -> Argument {
        match (self, field) {
            (Self::Text(_), Some(Field::Text(text))) => Argument::Text(text.clone()),
            (Self::Text(Absent::Default(text)), None) => Argument::Text(text.to_owned()),
            (Self::Int(_), Some(Field::Text(text))) => {
                filter::int(text).map_or(Argument::Nothing, Argument::Int)
            }
            (Self::Int(Absent::Default(number)), None) => Argument::Int(number),
            (Self::Flag(_), Some(Field::Text(text))) => Argument::Flag(filter::flag(text)),
            (Self::Flag(default), None) => Argument::Flag(default),
            (Self::Text(_) | Self::Int(_) | Self::Flag(_), Some(Field::Array) | None) => {
                Argument::Nothing
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: &[Parameter] =
        &[text("username"), int("role"), flag_or("cheesto", true), maybe_int("uid")];

    #[test]
    fn every_wrong_parameter_is_named_in_order() {
        let read = |form: &str| Arguments::read(CREATE, &read_form(form.as_bytes())).map(|_| ());
        assert_eq!(read("x=1"), Err(vec!["username", "role"]));
        assert_eq!(read("username[]=a&role=x"), Err(vec!["username", "role"]));
        assert_eq!(read("username=&role=0"), Ok(()));
    }

    #[test]
    fn an_array_replaces_the_default() {
        let form = read_form(b"username=a&role=1&cheesto[]=1&uid=x");
        let read = Arguments::read(CREATE, &form).unwrap();
        assert!(!read.flag("cheesto") && read.int("uid").is_none());
        let read = Arguments::read(CREATE, &read_form(b"username=0&role=+1")).unwrap();
        assert!(read.flag("cheesto") && read.true_text("username").is_none());
        assert_eq!((read.text("username"), read.int("role")), (Some("0"), Some(1)));
    }
}
