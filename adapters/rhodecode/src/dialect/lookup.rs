//! How RhodeCode finds the person or the group that an argument means.
//!
//! Version 4.26 takes integers (and `true`, which Python counts among them) for ids and all else
//! for names; version 4.3 takes anything for an id of a person that `int()` takes:
//! fixtures/transcripts/rhodecode/get-user.json, fixtures/transcripts/rhodecode43/get-user.json.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{Group, GroupRef};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};

use crate::dialect::call::{Call, Raised};
use crate::python::{Py, float_repr};
use crate::version::Version;
use crate::wire::{self, DEFAULT_USER};

/// A person that RhodeCode finds.
#[derive(Debug)]
pub(crate) enum Someone {
    /// The built-in user 1, who is nobody.
    Default,
    /// Somebody.
    Person(Box<User>),
}

impl Someone {
    /// The number.
    pub(crate) fn id<'a>(&'a self, call: &Call<'_>) -> &'a str {
        match self {
            Self::Default => "1",
            Self::Person(user) => wire::id_of(call.view, user),
        }
    }

    /// The name in a sentence.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Default => DEFAULT_USER.to_owned(),
            Self::Person(user) => wire::shown_name(user).text(),
        }
    }
}

/// Where to look.
#[derive(Debug, PartialEq)]
pub(crate) enum Key {
    /// By number.
    Id(i64),
    /// By name.
    Name(String),
    /// Nowhere: a value that is nobody's.
    Nothing,
}

/// The place that an argument for a person means.
pub(crate) fn user_key(version: Version, value: &Py) -> Result<Key, Raised> {
    match (version, value) {
        (_, Py::Bool(_) | Py::Int(_)) | (Version::Current, _) => key(value),
        (Version::Early, Py::Float(number)) if number.is_finite() => {
            key(&Py::Int(format!("{:.0}", number.trunc())))
        }
        (Version::Early, Py::Float(number)) if number.is_infinite() => {
            Err(Raised::Exception("OverflowError"))
        }
        (Version::Early, Py::Str(text)) => match super::coerce::integer(text) {
            Some(number) => key(&Py::Int(number.to_string())),
            None => Ok(Key::Name(text.clone())),
        },
        (Version::Early, Py::None | Py::List(_) | Py::Dict(_)) => {
            Err(Raised::Exception("TypeError"))
        }
        (Version::Early, Py::Float(_)) => Ok(Key::Nothing),
    }
}

/// The place that an argument for a user group means.
fn group_key(version: Version, value: &Py) -> Result<Key, Raised> {
    if version == Version::Early && !value.truthy() { Ok(Key::Nothing) } else { key(value) }
}

/// Integers are ids, all else is compared with names by the database.
pub(crate) fn key(value: &Py) -> Result<Key, Raised> {
    match value {
        Py::None => Ok(Key::Nothing),
        Py::Bool(on) => Ok(Key::Id(i64::from(*on))),
        Py::Int(digits) => match digits.parse() {
            Ok(number) => Ok(Key::Id(number)),
            Err(_) => Err(Raised::Exception("OverflowError")),
        },
        Py::Float(number) => Ok(Key::Name(float_repr(*number))),
        Py::Str(text) => Ok(Key::Name(text.clone())),
        Py::List(_) | Py::Dict(_) => Err(Raised::Exception("InterfaceError")),
    }
}

/// The person an argument means, or `user ... does not exist`.
pub(crate) async fn user(call: &Call<'_>, value: &Py) -> Result<Someone, Raised> {
    let absent = || Raised::error(format!("user `{}` does not exist", value.text()));
    let command = match user_key(call.version(), value)? {
        Key::Id(1) => return Ok(Someone::Default),
        Key::Name(name) if name == DEFAULT_USER => return Ok(Someone::Default),
        Key::Id(number) => {
            Command::GetUser(UserRef::Native(call.view.namespace.clone(), number.to_string()))
        }
        Key::Name(name) => Command::GetUser(UserRef::Name(name)),
        Key::Nothing => return Err(absent()),
    };
    // RhodeCode looks people up before it asks who may know; those methods that tell ask first.
    let found = if call.is_admin() { call.run(command).await } else { call.peek(command).await };
    match found.and_then(Outcome::user) {
        Ok(user) => Ok(Someone::Person(user)),
        Err(fault) if fault.is_absence_of(Subject::User) => Err(absent()),
        Err(fault) => Err(fault.into()),
    }
}

/// The caller, or the person that the argument `userid` means. Ordinary people may mean only
/// themselves, by their integer id: fixtures/transcripts/rhodecode/forbidden.json.
pub(crate) async fn user_or_caller(call: &Call<'_>) -> Result<Someone, Raised> {
    let Some(value) = call.arg("userid") else {
        let own = call.caller.user().map(UserRef::from);
        let own = own.ok_or(Raised::Forbidden)?;
        let user = call.run(Command::GetUser(own)).await.and_then(Outcome::user)?;
        return Ok(Someone::Person(user));
    };
    if !call.is_admin() {
        let own = call.caller.user().map(|user| wire::id_of(call.view, user));
        let meant = match value {
            Py::Int(digits) => Some(digits.clone()),
            Py::Float(number) if number.fract() == 0.0 => Some(format!("{number:.0}")),
            _ => None,
        };
        if own.is_none() || meant.as_deref() != own {
            return Err(Raised::error("userid is not the same as your user"));
        }
    }
    user(call, value).await
}

/// The user group an argument means, or `user group ... does not exist`.
pub(crate) async fn group(call: &Call<'_>, value: &Py) -> Result<Group, Raised> {
    let found = match group_key(call.version(), value)? {
        Key::Id(number) => {
            team(call, GroupRef::Native(call.view.namespace.clone(), number.to_string())).await?
        }
        Key::Name(name) => team(call, GroupRef::Name(None, name)).await?,
        Key::Nothing => None,
    };
    found.ok_or_else(|| no_such_group(value))
}

/// `user group ... does not exist`, which also stands for a lack of rights.
pub(crate) fn no_such_group(value: &Py) -> Raised {
    Raised::error(format!("user group `{}` does not exist", value.text()))
}

/// A user group, if there is one. Sets of rights of other systems are none.
pub(crate) async fn team(call: &Call<'_>, group: GroupRef) -> Result<Option<Group>, Raised> {
    match call.run(Command::GetGroup(group)).await.and_then(Outcome::group) {
        Ok(group) if group.namespace.is_none() => Ok(Some(*group)),
        Ok(_) => Ok(None),
        Err(fault) if fault.is_absence_of(Subject::Group) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// A person by any reference, read as RhodeCode reads rows that belong to another: without asking
/// who may know. `None` if there is no such person.
pub(crate) async fn peek_user(call: &Call<'_>, user: UserRef) -> Result<Option<User>, Fault> {
    match call.peek(Command::GetUser(user)).await.and_then(Outcome::user) {
        Ok(user) => Ok(Some(*user)),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
        Err(fault) => Err(fault),
    }
}
