//! `/api/access/users` and, before 1.4, `/api/users`: people.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::key::Key;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};

use super::answers::{CRASH, Refusal, Reply, abort, abort_with, json};
use super::identity::LONGEST_PASSWORD;
use super::membership;
use super::visit::Visit;
use crate::pyjson::Py;
use crate::rights::{ADMINS, Rights, USERS};
use crate::wire;

/// `GET /api/access/users`
pub(crate) async fn list(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_admin()?;
    everybody(visit).await
}

/// `GET /api/access/users/NAME`
pub(crate) async fn get(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    let name = &names[0];
    visit.require_set_up().await?;
    visit.require_self_or_admin(name)?;
    let user = visit.user(name).await?;
    let apikey = if visit.recent() { api_key(visit, &user).await? } else { None };
    let shown = apikey.as_ref().map(Secret::expose);
    json(&wire::user(&user, visit.rights().await?, shown)?)
}

/// What must be given of a new person, and what is said if it is not.
const NEEDED: [(&str, &str); 3] = [
    ("name", "name is missing"),
    ("password", "password is missing"),
    ("active", "active is missing"),
];

/// `POST /api/access/users`
pub(crate) async fn add(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_recent()?;
    visit.require_admin()?;
    let body = visit.json()?;
    for (field, sentence) in NEEDED {
        if !body.contains(field)? {
            return Err(abort_with(400, sentence));
        }
    }
    let (name, password) = (body.item("name")?.clone(), body.item("password")?.clone());
    let active = body.item("active")?.is_yes()?;
    let rights = visit.rights().await?.clone();
    let (groups, permissions) = rights_of_new(visit, &rights, &body)?;
    let username = free_name(visit, &name).await?;
    let password = password.as_str().filter(|text| text.chars().count() <= LONGEST_PASSWORD);
    let mut new = NewUser {
        username,
        password: Some(Secret::new(password.ok_or(CRASH)?)),
        inactive: !active,
        ..NewUser::default()
    };
    membership::give_new(&mut new, &rights, &visit.settings.namespace, &groups, &permissions);
    visit.call(Command::CreateUser(Box::new(new))).await?;
    everybody(visit).await
}

/// `PUT /api/access/users/NAME`: groups, permissions and activity are changed in this order, and
/// what was changed before something fails stays changed.
pub(crate) async fn update(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_recent()?;
    visit.require_admin()?;
    let user = visit.user(&names[0]).await?;
    let body = visit.json()?;
    let rights = visit.rights().await?.clone();
    let mut patch = UserPatch::default();
    let read = changes(visit, &rights, &user, &body, &mut patch);
    if patch != UserPatch::default() {
        visit.call(Command::UpdateUser(UserRef::Id(user.id), Box::new(patch))).await?;
    }
    read?;
    everybody(visit).await
}

/// `DELETE /api/access/users/NAME`
pub(crate) async fn remove(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_recent()?;
    visit.require_admin()?;
    if visit.name() == Some(&names[0]) {
        return Err(abort_with(400, "You cannot delete yourself"));
    }
    visit.call(Command::DeleteUser(UserRef::Name(names[0].clone()))).await?;
    everybody(visit).await
}

/// A person's own key, as it is shown.
pub(crate) async fn api_key(visit: &Visit<'_>, user: &User) -> Result<Option<Secret>, Refusal> {
    let command = Command::ListKeys(Some(UserRef::Id(user.id)), visit.settings.namespace.clone());
    let keys = visit.call(command).await?.keys()?;
    Ok(keys.into_iter().find(|key| key.label.is_none()).and_then(|key| key.shown))
}

/// Everybody, in the order of creation. Keys are shown to whoever gave a password lately.
async fn everybody(visit: &mut Visit<'_>) -> Reply {
    let users = visit.call(Command::ListUsers).await?.users()?;
    let mut keys: Vec<Key> = Vec::new();
    if visit.recent() {
        let command = Command::ListKeys(None, visit.settings.namespace.clone());
        keys = visit.call(command).await?.keys()?;
        keys.retain(|key| key.label.is_none() && key.owner.is_some());
    }
    let keys: std::collections::BTreeMap<_, _> =
        keys.iter().rev().map(|key| (key.owner, key.shown.as_ref())).collect();
    let rights = visit.rights().await?;
    let shape = |user: &User| {
        let key = keys.get(&Some(user.id)).copied().flatten();
        wire::user(user, rights, key.map(Secret::expose))
    };
    let users = users.iter().map(shape).collect::<Result<Vec<_>, _>>()?;
    json(&Py::dict([("users", Py::List(users))]))
}

type Given = (Vec<String>, Vec<&'static crate::permissions::Permission>);

/// The groups and permissions a new person gets; null is as good as nothing.
fn rights_of_new(visit: &Visit<'_>, rights: &Rights, body: &Py) -> Result<Given, Refusal> {
    let given = |field: &str| body.get(field).filter(|value| **value != Py::None);
    let permissions = match given("permissions") {
        Some(named) => membership::permissions(rights, named)?,
        None => Vec::new(),
    };
    if visit.settings.old {
        return Ok((old_groups(body.get("admin")), permissions));
    }
    let groups = match given("groups") {
        Some(named) => membership::groups(rights, named)?,
        None => membership::default_groups(rights),
    };
    Ok((groups, permissions))
}

/// Before 1.4 there was one switch instead of groups.
fn old_groups(admin: Option<&Py>) -> Vec<String> {
    let admin = admin.is_some_and(|admin| admin.is_yes() == Ok(true));
    let groups: &[&str] = if admin { &[ADMINS, USERS] } else { &[USERS] };
    groups.iter().map(|key| (*key).to_owned()).collect()
}

/// A name that nobody has and that may be had. Whether it is taken is said before its form is.
async fn free_name(visit: &Visit<'_>, name: &Py) -> Result<String, Refusal> {
    let name = name.as_str().ok_or(CRASH)?;
    let command = Command::GetUser(UserRef::Name(name.to_owned()));
    match visit.call(command).await {
        Ok(_) => return Err(abort(409)),
        Err(fault) if !fault.is_absence_of(Subject::User) => return Err(fault.into()),
        Err(_) => {}
    }
    if !wire::may_be_named(name) {
        return Err(abort_with(400, "Username invalid"));
    }
    Ok(name.to_owned())
}

/// Reads the changes a body asks for, as far as it can be read.
fn changes(
    visit: &Visit<'_>,
    rights: &Rights,
    user: &User,
    body: &Py,
    patch: &mut UserPatch,
) -> Result<(), Refusal> {
    let namespace = &visit.settings.namespace;
    let mut member = rights.member(user);
    let before = member.clone();
    let mut read = || -> Result<(), Refusal> {
        if visit.settings.old && body.contains("admin")? {
            member.groups = old_groups(Some(body.item("admin")?));
        } else if body.contains("groups")? {
            let wished = membership::groups(rights, body.item("groups")?)?;
            member.groups = membership::toggled(rights, &member.groups, &wished);
        }
        if body.contains("permissions")? {
            member.permissions = membership::permissions(rights, body.item("permissions")?)?;
        }
        if body.contains("active")? {
            let active = body.item("active")?.is_yes()?;
            patch.active = (active != user.active).then_some(active);
        }
        Ok(())
    };
    let outcome = read();
    if member != before {
        let active = patch.active;
        *patch =
            membership::change(rights, namespace, user.role, &member.groups, &member.permissions);
        patch.active = active;
    }
    outcome
}
