//! `/api/access/users`: the users.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::{Key, KeyChoice};
use isogloss_canonical::listing::Rows;
use isogloss_canonical::people::{KeysToo, Order, Pages, PeopleQuery};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use isogloss_interop::python::json::write::PYTHON_3;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json, listing, write_row};
use crate::dialect::arguments::is_yes;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::keys::api_key;
use crate::dialect::members;
use crate::roles::rights::{Membership, Remembered, Rights};
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
    let pages = pages(call, call.is_password_recent()).await?;
    let rights = call.rights().await?.clone();
    let differences = call.differences();
    let mut remembered = Remembered::default();
    let rows = Rows::new(pages, move |user, keys, text| {
        let shown = Shown::listed(user, &rights, &mut remembered, own_key(keys))?;
        write_row(text, &shown.shape(differences), PYTHON_3)
    });
    listing(rows, PYTHON_3).await
}

/// Everybody, in the order of creation, with the key of each if keys are shown.
pub(super) async fn pages(call: &Call<'_>, with_keys: bool) -> Result<Box<dyn Pages>, Fault> {
    let namespace = call.options.namespace.clone();
    let keys = KeysToo { namespace, choice: KeyChoice::Plain, optional: false };
    let query = PeopleQuery { order: Order::Created, keys: with_keys.then_some(keys) };
    call.exchange.list(Some(&call.caller), query).await
}

/// The API key of a person among their keys: the first that was made.
pub(super) fn own_key(keys: &[Key]) -> Option<&str> {
    let own = keys.iter().find(|key| key.label.is_none());
    own.and_then(|key| key.shown.as_ref()).map(Secret::expose)
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
