//! The verbs about people, by RhodeCode's methods about users.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::{Listed, Outcome};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserPatch, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_interop::password;
use serde_json::{Value, json};

use crate::backend::api::{Api, Arguments, only};
use crate::backend::arguments;
use crate::backend::fault::{unexpected, unsupported};
use crate::backend::row::{self, Row, parsed_id};
use crate::roles::is_admin;
use crate::wire::values::DEFAULT_USER;
use crate::wire::{DEFAULT_EMAIL, DEFAULT_USER_ID, attribute, is_placeholder};

/// The person of a row. `default` is no person.
pub(super) fn of_row(api: &Api, row: &Value) -> Result<User, Fault> {
    Row::of(row)?.user(&api.service)?.ok_or_else(|| Fault::not_found(Subject::User))
}

/// Reads a person.
pub(super) async fn get(api: &Api, user: &UserRef) -> Result<User, Fault> {
    let absent = || Fault::not_found(Subject::User);
    let userid = match user {
        UserRef::Native(namespace, id) if *namespace == api.service.namespace => {
            json!(person_id(id).ok_or_else(absent)?)
        }
        UserRef::Name(name) if name == DEFAULT_USER => return Err(absent()),
        UserRef::Name(name) if is_listed_only(name) => return get_listed(api, name).await,
        UserRef::Name(name) => json!(name),
        UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
            return Err(unsupported(Verb::GetUser));
        }
    };
    let found = of_row(api, &api.call("get_user", only("userid", userid)).await?)?;
    match user {
        // A MySQL database finds a name in any case.
        UserRef::Name(name) if *name != found.username => Err(absent()),
        UserRef::Native(namespace, id) if found.native(namespace) != Some(id) => {
            Err(unexpected("another user than the one that was asked for"))
        }
        UserRef::Id(_)
        | UserRef::Native(..)
        | UserRef::Name(_)
        | UserRef::FoldedName(_)
        | UserRef::Email(_) => Ok(found),
    }
}

/// Whether `get_user` cannot find this name: version 4.3 takes what Python reads as a number for an
/// id, and a placeholder is a name of the gateway's.
fn is_listed_only(name: &str) -> bool {
    let digits = name.trim().trim_start_matches(['+', '-']).trim_start();
    let numeric = !digits.is_empty() && digits.chars().all(char::is_numeric);
    numeric || is_placeholder(name)
}

/// Finds a person by name among everybody.
async fn get_listed(api: &Api, name: &str) -> Result<User, Fault> {
    let all = everybody(api).await?;
    let complete = all.unread.is_empty();
    match all.users.into_iter().find(|one| one.username == name) {
        Some(user) => Ok(user),
        None if complete => Err(Fault::not_found(Subject::User)),
        None => Err(unexpected("a list with users that cannot be read")),
    }
}

/// Lists everybody.
pub(super) async fn list(api: &Api) -> Result<Outcome, Fault> {
    everybody(api).await.map(|all| Outcome::people(all.users, all.unread))
}

/// Everybody in the order of creation. The server sorts by name.
async fn everybody(api: &Api) -> Result<Listed, Fault> {
    let rows = api.call("get_users", Arguments::new()).await?;
    let mut all = row::users(&rows, &api.service)?;
    all.users.sort_by_key(|one| id_in(api, one));
    Ok(all)
}

fn id_in(api: &Api, user: &User) -> Option<i64> {
    user.native(&api.service.namespace).and_then(parsed_id)
}

/// Changes a person. The answer must show the change.
pub(super) async fn update(api: &Api, user: &UserRef, patch: UserPatch) -> Result<Outcome, Fault> {
    let id = id_of(api, user).await?;
    let mut args =
        arguments::of_change(api.version, &patch, &password::unknown(&(api.service.random)()));
    args.insert("userid".to_owned(), id.into());
    match api.call_about("update_user", args, "user").await {
        Ok(row) => {
            let now = of_row(api, &row)?;
            if id_in(api, &now) == Some(id) && is_shown(&now, &patch) {
                return Ok(Outcome::User(Box::new(now)));
            }
            Err(unexpected("an answer that does not show the change"))
        }
        Err(fault) if fault.kind == FaultKind::Invalid => {
            Err(conflict(api, id, &patch).await?.unwrap_or(fault))
        }
        Err(fault) => Err(fault),
    }
}

/// Why a change failed, which the server does not say: another user may have the name or the
/// address.
async fn conflict(api: &Api, id: i64, patch: &UserPatch) -> Result<Option<Fault>, Fault> {
    let email = patch.email.as_ref().and_then(Option::as_deref);
    if patch.username.is_none() && email.is_none() {
        return Ok(None);
    }
    let mut others = everybody(api).await?.users;
    others.retain(|one| id_in(api, one) != Some(id));
    if let Some(name) = &patch.username
        && (name == DEFAULT_USER || others.iter().any(|one| one.username == *name))
    {
        return Ok(Some(Fault::conflict(Subject::Username)));
    }
    // The server stores addresses in lower case.
    let wanted = email.map(str::to_lowercase);
    let taken = |own: Option<&str>| own.is_some() && own == wanted.as_deref();
    let taken = taken(Some(DEFAULT_EMAIL)) || others.iter().any(|one| taken(one.email.as_deref()));
    Ok(taken.then(|| Fault::conflict(Subject::Email)))
}

/// Activates or deactivates a person.
pub(super) async fn set_active(api: &Api, user: &UserRef, on: bool) -> Result<Outcome, Fault> {
    update(api, user, UserPatch { active: Some(on), ..UserPatch::default() }).await
}

/// Sets a person's password.
pub(super) async fn set_password(
    api: &Api,
    user: &UserRef,
    password: Option<Secret>,
) -> Result<Outcome, Fault> {
    let patch = UserPatch { password: Some(password), ..UserPatch::default() };
    update(api, user, patch).await.map(|_| Outcome::Done)
}

/// Deletes a person. The server refuses it for the owner of a repository or a group.
pub(super) async fn delete(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    let args = only("userid", id_of(api, user).await?);
    if api.call_about("delete_user", args, "user").await?.is_null() {
        return Ok(Outcome::Done);
    }
    Err(unexpected("an answer that shows the deleted user"))
}

/// Lists the repositories that a person has locked, by name.
pub(super) async fn locks(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    let args = only("userid", id_of(api, user).await?);
    let Value::Array(rows) = api.call("get_user_locks", args).await? else {
        return Err(unexpected("no list of locks"));
    };
    let name = |row: &Value| row.get("repo_name").and_then(Value::as_str).map(str::to_owned);
    let names: Option<Vec<_>> = rows.iter().map(name).collect();
    names.map(Outcome::Locks).ok_or_else(|| unexpected("a lock without a repository"))
}

/// The id by which the server is asked about a person. A name is looked up first, because the server
/// could take it for an id.
pub(super) async fn id_of(api: &Api, user: &UserRef) -> Result<i64, Fault> {
    let id = match user {
        UserRef::Native(namespace, id) if *namespace == api.service.namespace => person_id(id),
        UserRef::Id(_)
        | UserRef::Native(..)
        | UserRef::Name(_)
        | UserRef::FoldedName(_)
        | UserRef::Email(_) => id_in(api, &get(api, user).await?),
    };
    id.ok_or_else(|| Fault::not_found(Subject::User))
}

/// The id of a person: any but that of `default`.
fn person_id(id: &str) -> Option<i64> {
    parsed_id(id).filter(|id| *id > DEFAULT_USER_ID)
}

/// Whether a user has what a change asks for, as far as it decides who they are and what they may
/// do.
pub(super) fn is_shown(now: &User, patch: &UserPatch) -> bool {
    // A name that was set to null is shown by its placeholder.
    let nameless = now.attributes.contains_key(attribute::NAMELESS);
    let name = patch.username.as_ref().is_none_or(|name| *name == now.username || nameless);
    let role = patch.role.is_none_or(|role| is_admin(role) == is_admin(now.role));
    name && role && patch.active.is_none_or(|active| active == now.active)
}
