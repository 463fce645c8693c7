//! `/api/access/users`: the users.

use std::collections::BTreeMap;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::key::{Key, KeyChoice};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json};
use crate::dialect::arguments::is_yes;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::keys::api_key;
use crate::dialect::members;
use crate::roles::rights::{Membership, Rights};
use crate::wire::Shown;
use crate::wire::values::LONGEST_PASSWORD;
use crate::wire::values::may_be_named;

/// `GET /api/access/users`
pub(crate) async fn list(call: &Call<'_>) -> Answer {
    all(call).await
}

/// `GET /api/access/users/NAME`
pub(crate) async fn get(call: &Call<'_>) -> Answer {
    let user = call.user(&call.parameter).await?;
    let key = if call.is_password_recent() { api_key(call, &user).await? } else { None };
    let key = key.as_ref().map(Secret::expose);
    json(&Shown::with_groups(&user, call.rights().await?, key)?.shape(call.differences()))
}

/// The fields that a new user must have, and the sentence about each that is missing.
const REQUIRED: [(&str, &str); 3] = [
    ("name", "name is missing"),
    ("password", "password is missing"),
    ("active", "active is missing"),
];

/// `POST /api/access/users`
pub(crate) async fn add(call: &Call<'_>) -> Answer {
    let body = call.json()?;
    for (field, sentence) in REQUIRED {
        if !body.contains(field)? {
            return Err(Failure::with(400, sentence));
        }
    }
    let (name, password) = (body.item("name")?, body.item("password")?);
    let active = is_yes(body.item("active")?)?;
    let rights = call.rights().await?;
    let member = rights_of_new(rights, &body)?;
    let username = free_name(call, name).await?;
    let password = password.as_str().filter(|text| text.chars().count() <= LONGEST_PASSWORD);
    let mut new = NewUser {
        username,
        password: Some(Secret::new(password.ok_or(CRASH)?)),
        inactive: !active,
        ..NewUser::default()
    };
    let namespace = &call.options.namespace;
    members::give_new(&mut new, rights, namespace, &member.groups, &member.permissions);
    call.run(Command::CreateUser(Box::new(new))).await?;
    all(call).await
}

/// `PUT /api/access/users/NAME`: OctoPrint changes groups, permissions and activity in this order.
/// When one of them fails, those before it are changed all the same.
pub(crate) async fn update(call: &Call<'_>) -> Answer {
    let user = call.user(&call.parameter).await?;
    let body = call.json()?;
    let mut patch = UserPatch::default();
    let read = read_changes(call, call.rights().await?, &user, &body, &mut patch);
    if patch != UserPatch::default() {
        call.run(Command::UpdateUser(UserRef::Id(user.id), Box::new(patch))).await?;
    }
    read?;
    all(call).await
}

/// `DELETE /api/access/users/NAME`
pub(crate) async fn remove(call: &Call<'_>) -> Answer {
    if call.is_about_caller() {
        return Err(Failure::with(400, "You cannot delete yourself"));
    }
    call.run(Command::DeleteUser(call.named_user())).await?;
    all(call).await
}

/// Every user, in the order of creation. Keys are shown to callers whose password is recent.
async fn all(call: &Call<'_>) -> Answer {
    let users = call.run(Command::ListUsers).await?.users()?;
    let mut keys: Vec<Key> = Vec::new();
    if call.is_password_recent() {
        let command = Command::ListKeys(None, call.options.namespace.clone(), KeyChoice::Plain);
        keys = call.run(command).await?.keys()?;
        keys.retain(|key| key.label.is_none() && key.owner.is_some());
    }
    let keys: BTreeMap<_, _> =
        keys.iter().rev().map(|key| (key.owner, key.shown.as_ref())).collect();
    let rights = call.rights().await?;
    let shape = |user: &User| {
        let key = keys.get(&Some(user.id)).copied().flatten();
        let shown = Shown::with_groups(user, rights, key.map(Secret::expose))?;
        Ok(shown.shape(call.differences()))
    };
    let users = users.iter().map(shape).collect::<Result<Vec<_>, Failure>>()?;
    json(&Py::dict([("users", Py::List(users))]))
}

/// The groups and permissions of a new user. Null counts as missing.
fn rights_of_new(rights: &Rights, body: &Py) -> Result<Membership, Failure> {
    let given = |field: &str| body.get(field).filter(|value| **value != Py::None);
    let permissions = match given("permissions") {
        Some(named) => members::permissions(rights, named)?,
        None => Vec::new(),
    };
    let groups = match given("groups") {
        Some(named) => members::groups(rights, named)?,
        None => members::default_groups(rights),
    };
    Ok(Membership { groups, permissions })
}

/// A name that no user has and that a user can have. A name that is taken is a 409 even if no user
/// can have it.
async fn free_name(call: &Call<'_>, name: &Py) -> Result<String, Failure> {
    let name = name.as_str().ok_or(CRASH)?;
    match call.run(Command::GetUser(UserRef::Name(name.to_owned()))).await {
        Ok(_) => return Err(Failure::of(409)),
        Err(fault) if !fault.is_absence_of(Subject::User) => return Err(fault.into()),
        Err(_) => {}
    }
    if !may_be_named(name, call.differences().names) {
        return Err(Failure::with(400, "Username invalid"));
    }
    Ok(name.to_owned())
}

/// Reads the changes of a body into a patch, up to the first that fails.
fn read_changes(
    call: &Call<'_>,
    rights: &Rights,
    user: &User,
    body: &Py,
    patch: &mut UserPatch,
) -> Result<(), Failure> {
    let before = rights.member(user);
    let mut member = before.clone();
    let mut active = None;
    let read = read_fields(rights, body, &mut member, &mut active);
    if member != before {
        let namespace = &call.options.namespace;
        *patch = members::change(rights, namespace, user.role, &member.groups, &member.permissions);
    }
    patch.active = active.filter(|active| *active != user.active);
    read
}

fn read_fields(
    rights: &Rights,
    body: &Py,
    member: &mut Membership,
    active: &mut Option<bool>,
) -> Result<(), Failure> {
    if body.contains("groups")? {
        let wished = members::groups(rights, body.item("groups")?)?;
        member.groups = members::toggled(rights, &member.groups, &wished);
    }
    if body.contains("permissions")? {
        member.permissions = members::permissions(rights, body.item("permissions")?)?;
    }
    if body.contains("active")? {
        *active = Some(is_yes(body.item("active")?)?);
    }
    Ok(())
}
