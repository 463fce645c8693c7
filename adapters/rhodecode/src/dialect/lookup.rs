//! How RhodeCode finds the user or the user group that an argument refers to.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::arguments::{Reference, group_reference, user_reference};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::roles::{Holder, Right, right_of};
use crate::wire::values::DEFAULT_USER;
use crate::wire::{DEFAULT_USER_ID, attribute};

/// A user that RhodeCode finds.
#[derive(Debug)]
pub(crate) enum FoundUser {
    /// The built-in user `default`.
    Default,
    /// A person.
    Person(Box<User>),
}

impl FoundUser {
    /// The id.
    pub(crate) fn id<'a>(&'a self, call: &Call<'_>) -> &'a str {
        match self {
            Self::Default => "1",
            Self::Person(user) => call.options.user_id(user),
        }
    }

    /// The user name, as a sentence shows it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Default => DEFAULT_USER.to_owned(),
            Self::Person(user) => shown_name(user).to_text(),
        }
    }

    /// The holder of the permissions that this user is granted.
    pub(crate) fn holder(&self) -> Holder {
        match self {
            Self::Default => Holder::Everybody,
            Self::Person(user) => Holder::Person(user.id),
        }
    }
}

/// The user name as RhodeCode shows it: `None` where it was set to null.
pub(crate) fn shown_name(user: &User) -> Py {
    let placeholder = user.attribute(attribute::NAMELESS).and_then(serde_json::Value::as_str);
    if placeholder == Some(user.username.as_str()) {
        return Py::None;
    }
    Py::from(user.username.as_str())
}

/// The user that an argument refers to, or `user ... does not exist`.
pub(crate) async fn find_user(call: &Call<'_>, value: &Py) -> Result<FoundUser, Failure> {
    let absent = || Failure::error(format!("user `{}` does not exist", value.to_text()));
    let user = match user_reference(call.differences(), value)? {
        Reference::Id(DEFAULT_USER_ID) => return Ok(FoundUser::Default),
        Reference::Name(name) if name == DEFAULT_USER => return Ok(FoundUser::Default),
        Reference::Id(number) => {
            UserRef::Native(call.options.namespace.clone(), number.to_string())
        }
        Reference::Name(name) => UserRef::Name(name),
        Reference::Nothing => return Err(absent()),
    };
    let command = Command::GetUser(user);
    // RhodeCode reads the row before it checks permissions. A method that shows the row to the
    // caller checks them itself, first.
    let found = if call.is_admin() { call.run(command).await } else { call.read(command).await };
    match found.and_then(Outcome::user) {
        Ok(user) => Ok(FoundUser::Person(user)),
        Err(fault) if fault.is_absence_of(Subject::User) => Err(absent()),
        Err(fault) => Err(fault.into()),
    }
}

/// The user that the argument `userid` refers to, or else the caller. Without the role of an
/// administrator only one's own integer id is accepted:
/// fixtures/transcripts/rhodecode/forbidden.json.
pub(crate) async fn user_or_caller(call: &Call<'_>) -> Result<FoundUser, Failure> {
    let Some(value) = call.argument("userid") else {
        let own = call.caller.user().map(UserRef::from).ok_or(Failure::Forbidden)?;
        let user = call.run(Command::GetUser(own)).await.and_then(Outcome::user)?;
        return Ok(FoundUser::Person(user));
    };
    if !call.is_admin() && !is_own_id(call, value) {
        return Err(Failure::error("userid is not the same as your user"));
    }
    find_user(call, value).await
}

fn is_own_id(call: &Call<'_>, value: &Py) -> bool {
    let Some(user) = call.caller.user() else { return false };
    let own = call.options.user_id(user);
    match value {
        Py::Int(digits) => digits == own,
        Py::Float(number) if number.fract() == 0.0 => format!("{number:.0}") == own,
        Py::None
        | Py::Bool(_)
        | Py::Float(_)
        | Py::Str(_)
        | Py::Halves(_)
        | Py::List(_)
        | Py::Dict(_) => false,
    }
}

/// The user group that an argument refers to, or `user group ... does not exist`.
pub(crate) async fn find_group(call: &Call<'_>, value: &Py) -> Result<Group, Failure> {
    let group = match group_reference(call.differences(), value)? {
        Reference::Id(number) => {
            GroupRef::Native(call.options.namespace.clone(), number.to_string())
        }
        Reference::Name(name) => GroupRef::Name(None, name),
        Reference::Nothing => return Err(no_such_group(value)),
    };
    read_group(call, group).await?.ok_or_else(|| no_such_group(value))
}

/// The user group that an argument refers to, if the caller may administer it.
pub(crate) async fn find_own_group(call: &Call<'_>, value: &Py) -> Result<Group, Failure> {
    let group = find_group(call, value).await?;
    if right_of_caller(call, &group).await? < Right::Admin {
        return Err(no_such_group(value));
    }
    Ok(group)
}

/// `user group ... does not exist`. A caller without the permission gets it too.
pub(crate) fn no_such_group(value: &Py) -> Failure {
    Failure::error(format!("user group `{}` does not exist", value.to_text()))
}

/// A user group, if there is one. The groups of other systems are none.
pub(crate) async fn read_group(call: &Call<'_>, group: GroupRef) -> Result<Option<Group>, Failure> {
    match call.run(Command::GetGroup(group)).await.and_then(Outcome::group) {
        Ok(group) if group.namespace.is_none() => Ok(Some(*group)),
        Ok(_) => Ok(None),
        Err(fault) if fault.is_absence_of(Subject::Group) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

/// The right of the caller on a group. A super administrator has every right.
pub(crate) async fn right_of_caller(call: &Call<'_>, group: &Group) -> Result<Right, Fault> {
    if call.is_admin() {
        return Ok(Right::Admin);
    }
    let Some(user) = call.caller.user() else { return Ok(Right::None) };
    if !group.attributes.contains_key(attribute::SYSTEM) {
        return Ok(right_of(user, group));
    }
    if group.changers.contains(&user.username) {
        return Ok(Right::Admin);
    }
    // The server remembers for a while what somebody may do. Who may change the group is taken from
    // the group alone, which the server does not remember.
    let shown = match right_shown(user, group) {
        Some(right) => right,
        None => match read_user(call, UserRef::from(user)).await? {
            Some(now) => right_shown(&now, group).unwrap_or(Right::None),
            None => Right::None,
        },
    };
    Ok(shown.min(Right::Write))
}

/// The right of a person on a group, as a RhodeCode server shows it with the person: by the group's
/// name. `None`: it was not shown with this person.
fn right_shown(user: &User, group: &Group) -> Option<Right> {
    let shown = user.attribute(attribute::SYSTEM)?.get("permissions")?.get("user_groups")?;
    let right = shown.get(&group.name).and_then(serde_json::Value::as_str);
    Some(right.and_then(Right::named).unwrap_or(Right::None))
}

/// A person, read as RhodeCode reads a row that another one refers to: without a check of the
/// caller's permission. `None` if there is no such person.
pub(crate) async fn read_user(call: &Call<'_>, user: UserRef) -> Result<Option<User>, Fault> {
    match call.read(Command::GetUser(user)).await.and_then(Outcome::user) {
        Ok(user) => Ok(Some(*user)),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
        Err(fault) => Err(fault),
    }
}
