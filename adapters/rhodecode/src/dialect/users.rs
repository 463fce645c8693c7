//! The methods about people: reading, listing and deleting them. See `users/create.rs` and
//! `users/update.rs` for the rest.

mod create;
mod update;

use std::collections::HashMap;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::Fault;
use isogloss_canonical::key::Key;
use isogloss_canonical::user::{Role, User, UserId, UserRef};
use serde_json::Value;

use crate::dialect::call::{Answer, Call, Raised};
use crate::dialect::lookup::{self, Someone};
use crate::dialect::registry::{Row, Since};
use crate::dialect::rights;
use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;
use crate::wire::{self, Tokens, kept};

/// The methods about people.
pub(crate) const ROWS: &[Row] = &[
    Row::own(
        "create_user",
        "username email password='' firstname='' lastname='' +description='' active=True \
         admin=False extern_name='rhodecode' extern_type='rhodecode' force_password_change=False \
         +create_personal_repo_group=None",
        |call| Box::pin(create::create_user(call)),
    )
    .about(&[Verb::CreateUser, Verb::IssueKey], "Creates a person, with a first token."),
    Row::own("delete_user", "userid", |call| Box::pin(delete_user(call)))
        .about(&[Verb::DeleteUser], "Deletes a person who owns nothing."),
    Row::own("get_user", "userid=@", |call| Box::pin(get_user(call)))
        .about(&[Verb::GetUser, Verb::ListKeys], "Shows a person with tokens and permissions."),
    Row::own("get_user_audit_logs", "userid=@", |call| Box::pin(get_user_audit_logs(call)))
        .since(Since::Current)
        .about(&[Verb::GetUser], "Lists what a person did: nothing is recorded here."),
    Row::own("get_user_locks", "userid=@", |call| Box::pin(get_user_locks(call)))
        .about(&[Verb::ListLocks], "Lists the repositories that a person has locked."),
    Row::own("get_users", "", |call| Box::pin(get_users(call)))
        .about(&[Verb::ListUsers, Verb::ListKeys], "Lists everybody, by name."),
    Row::own(
        "update_user",
        "userid username=None email=None password=None firstname=None lastname=None \
         +description=None active=None admin=None extern_type=None extern_name=None",
        |call| Box::pin(update::update_user(call)),
    )
    .about(&[Verb::UpdateUser], "Changes what is given of a person, unchecked."),
];

/// The names that version 4.26 lists for an ordinary person as it is installed.
const GLOBAL: [&str; 13] = [
    "hg.repogroup.create.false",
    "hg.extern_activate.auto",
    "group.read",
    "hg.inherit_default_perms.true",
    "hg.password_reset.enabled",
    "repository.read",
    "usergroup.read",
    "branch.push_force",
    "hg.create.repository",
    "hg.fork.repository",
    "hg.create.write_on_repogroup.true",
    "hg.usergroup.create.false",
    "hg.register.manual_activate",
];

/// Those that version 4.3 does not have yet.
const LATER: [&str; 2] = ["hg.password_reset.enabled", "branch.push_force"];

async fn get_user(call: &Call<'_>) -> Answer {
    let someone = lookup::user_or_caller(call).await?;
    let mut shape = shown(call, &someone).await?;
    let permissions = permissions(call, &someone).await?;
    shape.set("permissions", permissions.clone());
    if call.version() == Version::Current {
        shape.set("permissions_summary", permissions);
    }
    Ok(shape.into())
}

/// What a person may do. An inactive super administrator has an ordinary person's list:
/// fixtures/transcripts/rhodecode/create-user.json.
async fn permissions(call: &Call<'_>, someone: &Someone) -> Result<Mapping, Raised> {
    let current = call.version() == Version::Current;
    let user = if let Someone::Person(user) = someone { Some(user.as_ref()) } else { None };
    let admin = user.is_some_and(|user| user.active && user.role == Role::Administrator);
    let global: Vec<Py> = if admin {
        vec![Py::from("hg.admin"), Py::from("hg.create.write_on_repogroup.true")]
    } else {
        let names = GLOBAL.into_iter().filter(|name| current || !LATER.contains(name));
        names.map(Py::from).collect()
    };
    let mut own_groups = Mapping::default();
    if let Some(Value::String(name)) = user.and_then(|user| user.attribute(kept::REPO_GROUP)) {
        own_groups.set(name.as_str(), "group.admin");
    }
    let mut all = Mapping::default();
    if current {
        all.set("repository_branches", Mapping::default());
    }
    Ok(all
        .with("global", Py::List(global))
        .with("repositories", Mapping::default())
        .with("repositories_groups", own_groups)
        .with("user_groups", rights::of_person(call, user, admin).await?))
}

/// A person with their tokens.
pub(super) async fn shown(call: &Call<'_>, someone: &Someone) -> Result<Mapping, Fault> {
    let Someone::Person(user) = someone else {
        return Ok(wire::default_user(call.version(), false));
    };
    let keys = Command::ListKeys(Some(UserRef::from(user.as_ref())), call.view.namespace.clone());
    let keys = call.run(keys).await?.keys()?;
    Ok(wire::user(call.view, user, &Tokens::Shown(keys)))
}

/// Everybody's tokens, by their owners.
pub(super) async fn all_keys(call: &Call<'_>) -> Result<HashMap<UserId, Vec<Key>>, Fault> {
    let keys = call.run(Command::ListKeys(None, call.view.namespace.clone())).await?.keys()?;
    let mut owned: HashMap<UserId, Vec<Key>> = HashMap::new();
    for key in keys {
        if let Some(owner) = key.owner {
            owned.entry(owner).or_default().push(key);
        }
    }
    Ok(owned)
}

async fn get_users(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let mut users = call.run(Command::ListUsers).await?.users()?;
    let mut keys = all_keys(call).await?;
    users.sort_by(|one, other| one.username.cmp(&other.username));
    let shapes = users.iter().map(|user| {
        let own = keys.remove(&user.id).unwrap_or_default();
        Py::from(wire::user(call.view, user, &Tokens::Shown(own)))
    });
    Ok(Py::List(shapes.collect()))
}

async fn get_user_audit_logs(call: &Call<'_>) -> Answer {
    lookup::user_or_caller(call).await?;
    Ok(Py::List(Vec::new()))
}

/// The repositories that a person has locked: also what `get_locks` answers.
pub(super) async fn get_user_locks(call: &Call<'_>) -> Answer {
    let someone = lookup::user_or_caller(call).await?;
    let Someone::Person(user) = &someone else { return Ok(Py::List(Vec::new())) };
    let locks = call.run(Command::ListLocks(UserRef::from(user.as_ref()))).await?.locks()?;
    let mut locked = Vec::new();
    for name in locks {
        let by = if call.is_admin() {
            shown(call, &someone).await?
        } else {
            wire::user(call.view, user, &Tokens::Masked)
        };
        locked.push(Py::from(wire::locked_repository(call.version(), name, by)));
    }
    Ok(Py::List(locked))
}

/// Deletes a person. RhodeCode hides the reason where it refuses: whoever owns repositories,
/// repository groups or user groups stays: fixtures/transcripts/rhodecode/delete-user.json.
async fn delete_user(call: &Call<'_>) -> Answer {
    call.admins_only()?;
    let value = call.required("userid");
    let someone = lookup::user(call, value).await?;
    let who = format!("{} {}", someone.id(call), someone.name());
    let failed = || Raised::error(format!("failed to delete user ID:{who}"));
    let Someone::Person(user) = &someone else { return Err(failed()) };
    // Version 4.3 finds by `int()` but deletes by what was given, and then finds nobody.
    let by_number = matches!(value, Py::Str(text) if *text != user.username);
    if by_number || matches!(value, Py::Float(_)) || owns_something(call, user).await? {
        return Err(failed());
    }
    match call.run(Command::DeleteUser(UserRef::from(user.as_ref()))).await {
        Ok(_) => {
            let shape = Mapping::default().with("msg", format!("deleted user ID:{who}"));
            Ok(shape.with("user", Py::None).into())
        }
        Err(_) => Err(failed()),
    }
}

async fn owns_something(call: &Call<'_>, user: &User) -> Result<bool, Fault> {
    let owns = user.attribute(kept::OWNS).is_some_and(|owned| Py::from(owned).truthy());
    if owns || user.attribute(kept::REPO_GROUP).is_some() {
        return Ok(true);
    }
    let teams = call.run(Command::ListGroups(None)).await?.groups()?;
    Ok(teams.iter().any(|team| team.owner == Some(user.id)))
}
