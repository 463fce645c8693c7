//! The methods that read, list and delete users.

pub(crate) mod create;
mod draft;
pub(crate) mod update;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::listing::Rows;
use isogloss_canonical::people::{KeysToo, Order, PeopleQuery};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::tokens::Tokens;
use crate::dialect::answers::users::systems;
use crate::dialect::answers::{self, users};
use crate::dialect::call::Call;
use crate::dialect::envelope::write_row;
use crate::dialect::facts;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{FoundUser, find_user, user_or_caller};
use crate::dialect::method::Answer;
use crate::roles::{Permissions, Right, right_of};
use crate::wire::{Object, attribute};

/// `get_user`.
pub(crate) async fn get_user(call: &Call<'_>) -> Answer {
    let found = user_or_caller(call).await?;
    if matches!(found, FoundUser::Default)
        && let Some(answer) = facts::default_user(call).await
    {
        return answer;
    }
    let mut shape = users::with_tokens(call, &found).await?;
    let shown =
        |name| if let FoundUser::Person(user) = &found { systems(user, name) } else { None };
    let permissions = match shown("permissions") {
        Some(permissions) => Py::from(permissions),
        None => permissions(call, &found).await?.into(),
    };
    let summary = shown("permissions_summary").map_or_else(|| permissions.clone(), Py::from);
    shape.set("permissions", permissions);
    if call.differences().permission_summaries {
        shape.set("permissions_summary", summary);
    }
    Ok(shape.into())
}

/// The global permissions of an ordinary person on a fresh server of version 4.26.
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

/// What a user may do. An inactive super administrator has the permissions of an ordinary person:
/// fixtures/transcripts/rhodecode/create-user.json.
async fn permissions(call: &Call<'_>, found: &FoundUser) -> Result<Object, Failure> {
    let version = call.differences();
    let user = if let FoundUser::Person(user) = found { Some(user.as_ref()) } else { None };
    let admin = user.is_some_and(|user| user.active && user.role == Role::Administrator);
    let global: Vec<Py> = if admin {
        vec![Py::from("hg.admin"), Py::from("hg.create.write_on_repogroup.true")]
    } else {
        let names = GLOBAL.into_iter().filter(|name| version.has_permission(name));
        names.map(Py::from).collect()
    };
    let mut own_groups = Object::default();
    if let Some(Value::String(name)) = user.and_then(|user| user.attribute(attribute::REPO_GROUP)) {
        own_groups.set(name.clone(), "group.admin");
    }
    let mut all = Object::default();
    if version.branch_permissions {
        all.set("repository_branches", Object::default());
    }
    Ok(all
        .with("global", Py::List(global))
        .with("repositories", Object::default())
        .with("repositories_groups", own_groups)
        .with("user_groups", rights(call, user, admin).await?))
}

/// The right of a user on each user group, by the group's name.
async fn rights(call: &Call<'_>, user: Option<&User>, admin: bool) -> Result<Object, Fault> {
    let groups = call.run(Command::ListGroups(None)).await?.groups()?;
    let right = |group: &Group| match user {
        _ if admin => Right::Admin,
        Some(user) => right_of(user, group),
        None => Permissions::of(group).of_everybody(),
    };
    let rights = groups.iter().map(|group| (group.name.clone(), Py::from(right(group).name())));
    Ok(rights.collect())
}

/// `get_users`.
pub(crate) async fn get_users(call: &Call<'_>) -> Result<Rows<Failure>, Failure> {
    let options = call.options.clone();
    let namespace = options.namespace.clone();
    let keys = KeysToo { namespace, choice: KeyChoice::All, optional: false };
    let query = PeopleQuery { order: Order::Name, keys: Some(keys) };
    let pages = call.exchange.list(Some(call.caller), query).await?;
    Ok(Rows::new(pages, move |user, keys, text| {
        let shape = users::person(&options, user, &Tokens::Shown(keys.into()));
        write_row(text, &Py::from(shape));
        Ok(())
    }))
}

/// `get_user_audit_logs`: the gateway records nothing there.
pub(crate) async fn get_user_audit_logs(call: &Call<'_>) -> Answer {
    user_or_caller(call).await?;
    Ok(Py::List(Vec::new()))
}

/// `get_user_locks`, and `get_locks`, its earlier name: the repositories that a user has locked.
pub(crate) async fn get_user_locks(call: &Call<'_>) -> Answer {
    let found = user_or_caller(call).await?;
    let FoundUser::Person(user) = &found else { return Ok(Py::List(Vec::new())) };
    let locks = call.run(Command::ListLocks(UserRef::from(user.as_ref()))).await?.locks()?;
    let mut locked = Vec::new();
    for name in locks {
        let by = if call.is_admin() {
            users::with_tokens(call, &found).await?
        } else {
            users::person(call.options, user, &Tokens::Masked)
        };
        locked.push(Py::from(users::locked_repository(call.differences(), name, by)));
    }
    Ok(Py::List(locked))
}

/// `delete_user`. RhodeCode refuses to delete the owner of repositories, repository groups or user
/// groups, and does not give the reason: fixtures/transcripts/rhodecode/delete-user.json.
pub(crate) async fn delete_user(call: &Call<'_>) -> Answer {
    let value = call.required("userid");
    let found = find_user(call, value).await?;
    let who = format!("{} {}", found.id(call), found.name());
    let failed = || Failure::error(format!("failed to delete user ID:{who}"));
    let FoundUser::Person(user) = &found else { return Err(failed()) };
    // Version 4.3 finds a user by `int()`, but deletes by the value itself, and then finds nobody.
    let by_number = matches!(value, Py::Str(text) if *text != user.username);
    if by_number || matches!(value, Py::Float(_)) || owns_something(call, user).await? {
        return Err(failed());
    }
    let deleted = call.run(Command::DeleteUser(UserRef::from(user.as_ref()))).await;
    deleted.map_err(|_| failed())?;
    Ok(answers::done(format!("deleted user ID:{who}"), "user", Py::None))
}

async fn owns_something(call: &Call<'_>, user: &User) -> Result<bool, Fault> {
    let owns = user.attribute(attribute::OWNS).is_some_and(|owned| Py::from(owned).truthy());
    if owns || user.attribute(attribute::REPO_GROUP).is_some_and(Value::is_string) {
        return Ok(true);
    }
    let groups = call.run(Command::ListGroups(None)).await?.groups()?;
    Ok(groups.iter().any(|group| group.owner == Some(user.id)))
}
