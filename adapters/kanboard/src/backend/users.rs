//! The commands about users.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserPatch, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_interop::names;
use isogloss_interop::php::text;
use serde_json::{Map, Value, json};

use crate::backend::api::{Api, truth_of};
use crate::backend::fault::{unexpected, unsupported};
use crate::backend::row::{Row, integer};
use crate::roles::role_name;

/// Reads a user.
pub(super) async fn get(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    Ok(Outcome::User(Box::new(find(api, user).await?)))
}

/// Reads all users.
pub(super) async fn list(api: &Api) -> Result<Outcome, Fault> {
    users(api, api.list("getAllUsers", json!([])).await?)
}

/// Creates a user whom the server finds in its directory.
pub(super) async fn create_from_directory(api: &Api, name: &str) -> Result<Outcome, Fault> {
    let Some(id) = api.new_id("createLdapUser", json!([name])).await? else {
        let why = why_refused(api, name).await?;
        if why.kind == FaultKind::Conflict {
            return Err(why);
        }
        return Err(if api.differences.tells_directory_outage {
            Fault::not_found(Subject::User)
        } else {
            Fault::new(FaultKind::Unavailable, "the server does not say why it refuses")
                .about(Subject::Directory)
        });
    };
    Ok(Outcome::User(Box::new(find_id(api, id).await?)))
}

/// Changes a user in several calls. What takes rights away comes first, what gives them last.
pub(super) async fn update(api: &Api, user: &UserRef, patch: &UserPatch) -> Result<Outcome, Fault> {
    if let Some(name) = &patch.username {
        check_name(api, name)?;
    }
    let (id, name) = if names::changes_one(patch) {
        let known = find(api, user).await?;
        (id_of(api, &known)?, names::changed_full(&known, patch))
    } else {
        (find_id_of(api, user).await?, names::new_full(patch))
    };
    let mut steps = steps(id, name, patch);
    let last = steps.pop();
    for (method, params) in steps {
        if !api.is_done(method, params).await? {
            return Err(refused(api, id, method, patch).await?);
        }
    }
    let changed = match last {
        Some(last) => changed_by(api, id, last, patch).await?,
        None => check_changed(find_id(api, id).await?, patch)?,
    };
    Ok(Outcome::User(Box::new(changed)))
}

/// The calls of a change, in their order.
fn steps(id: i64, name: Option<String>, patch: &UserPatch) -> Vec<(&'static str, Value)> {
    let off = (patch.active == Some(false)).then(|| ("disableUser", json!([id])));
    let params = update_params(id, name, patch);
    let update = (params.len() > 1).then(|| ("updateUser", params.into()));
    let on = (patch.active == Some(true)).then(|| ("enableUser", json!([id])));
    [off, update, on].into_iter().flatten().collect()
}

/// Sends a call that changes a user, and reads the user after it in the same request.
pub(super) async fn changed_by(
    api: &Api,
    id: i64,
    (method, params): (&str, Value),
    patch: &UserPatch,
) -> Result<User, Fault> {
    let (done, row) = api.then_user((method, params), ("getUser", json!([id]))).await?;
    if !truth_of(method, &done)? {
        return Err(refused(api, id, method, patch).await?);
    }
    check_changed(of_id(api, id, row?)?, patch)
}

/// Why a call that changes a user answered false.
async fn refused(api: &Api, id: i64, method: &str, patch: &UserPatch) -> Result<Fault, Fault> {
    match method {
        "updateUser" => why_not_updated(api, id, patch).await,
        _ => Ok(unexpected(format!("{method} answers false"))),
    }
}

/// Enables or disables a user.
pub(super) async fn set_active(api: &Api, user: &UserRef, on: bool) -> Result<Outcome, Fault> {
    let id = find_id_of(api, user).await?;
    Ok(Outcome::User(Box::new(switched(api, id, on).await?)))
}

/// Enables or disables the user of this id, and reads the user.
pub(super) async fn switched(api: &Api, id: i64, on: bool) -> Result<User, Fault> {
    let method = if on { "enableUser" } else { "disableUser" };
    let patch = UserPatch { active: Some(on), ..UserPatch::default() };
    changed_by(api, id, (method, json!([id])), &patch).await
}

/// Removes a user.
pub(super) async fn delete(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    let id = find_id_of(api, user).await?;
    if api.is_done("removeUser", json!([id])).await? {
        Ok(Outcome::Done)
    } else {
        Err(Fault::not_found(Subject::User))
    }
}

/// The user.
pub(super) async fn find(api: &Api, user: &UserRef) -> Result<User, Fault> {
    match user {
        UserRef::Native(namespace, id) if *namespace == api.namespace => {
            find_id(api, parsed_id(id)?).await
        }
        UserRef::Name(name) => {
            // MariaDB finds names in any case and with trailing blanks.
            let found = find_name(api, name).await?;
            if found.username == *name { Ok(found) } else { Err(Fault::not_found(Subject::User)) }
        }
        UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
            Err(unsupported(Verb::GetUser))
        }
    }
}

/// Kanboard's id of a user. A reference that is the id is not read: Kanboard answers true to a change
/// of a user who does not exist, and the read after the change finds nobody.
pub(super) async fn find_id_of(api: &Api, user: &UserRef) -> Result<i64, Fault> {
    match user {
        UserRef::Native(namespace, id) if *namespace == api.namespace => parsed_id(id),
        UserRef::Native(..)
        | UserRef::Id(_)
        | UserRef::Name(_)
        | UserRef::FoldedName(_)
        | UserRef::Email(_) => id_of(api, &find(api, user).await?),
    }
}

/// Only an integer: Kanboard itself takes "1e0" and true for 1.
fn parsed_id(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_| Fault::not_found(Subject::User))
}

/// The user of this id.
pub(super) async fn find_id(api: &Api, id: i64) -> Result<User, Fault> {
    of_id(api, id, api.user("getUser", json!([id])).await?)
}

/// The user of a row that was asked for by this id.
fn of_id(api: &Api, id: i64, row: Option<Row>) -> Result<User, Fault> {
    let row = row.ok_or_else(|| Fault::not_found(Subject::User))?;
    if row.id != id {
        return Err(unexpected("getUser answers another user"));
    }
    Ok(row.user(&api.namespace))
}

/// The user of this name, as the server compares names.
async fn find_name(api: &Api, name: &str) -> Result<User, Fault> {
    let row = api.user("getUserByName", json!([name])).await?;
    row.map(|row| row.user(&api.namespace)).ok_or_else(|| Fault::not_found(Subject::User))
}

/// The user after a change. A change that the row does not show is a fault: Kanboard answers true
/// to many calls that change nothing.
fn check_changed(now: User, patch: &UserPatch) -> Result<User, Fault> {
    let named = patch.username.as_deref().is_none_or(|name| is_named(&now, name));
    let ranked = patch.role.is_none_or(|role| role == now.role);
    if named && ranked && patch.active.is_none_or(|active| active == now.active) {
        return Ok(now);
    }
    Err(unexpected("the server does not show a change"))
}

/// All users of a list. A row that cannot be read is reported as unread and hides no other.
pub(super) fn users(api: &Api, rows: Vec<Value>) -> Result<Outcome, Fault> {
    let (mut users, mut unread) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        let id = row.get("id").and_then(integer);
        match Row::of(row) {
            Ok(row) => users.push(row.user(&api.namespace)),
            Err(fault) => unread.push(format!("user {id:?}: {}", fault.detail)),
        }
    }
    if users.is_empty() && !unread.is_empty() {
        return Err(unexpected("no user of a list can be read"));
    }
    Ok(Outcome::people(users, unread))
}

/// Why the server refused a user name: it is taken, or not valid. The server itself does not say.
pub(super) async fn why_refused(api: &Api, username: &str) -> Result<Fault, Fault> {
    match find_name(api, username).await {
        Ok(_) => Ok(Fault::conflict(Subject::Username)),
        Err(fault) if fault.is_absence_of(Subject::User) => {
            Ok(Fault::new(FaultKind::Invalid, "the server refuses a value"))
        }
        Err(fault) => Err(fault),
    }
}

/// Why the server refused a change: another user has the name, the user does not exist, or a value
/// is not valid. The server itself does not say.
async fn why_not_updated(api: &Api, id: i64, patch: &UserPatch) -> Result<Fault, Fault> {
    let known = find_id(api, id).await?;
    match &patch.username {
        Some(name) if *name != known.username => why_refused(api, name).await,
        Some(_) | None => Ok(Fault::new(FaultKind::Invalid, "updateUser answers false")),
    }
}

/// Kanboard's id of a user who was read from it.
pub(super) fn id_of(api: &Api, user: &User) -> Result<i64, Fault> {
    let id = user.native(&api.namespace).and_then(|id| id.parse().ok());
    id.ok_or_else(|| unexpected("a user without id"))
}

/// Refuses a name that the server would store otherwise: newer servers trim it. Blanks alone would
/// become an empty name.
pub(super) fn check_name(api: &Api, name: &str) -> Result<(), Fault> {
    if api.differences.usernames.trimmed && text::trim(name) != name {
        return Err(Fault::new(FaultKind::Invalid, "the server would trim the user name"));
    }
    Ok(())
}

/// Whether a user has the name that was asked for: newer servers trim it.
pub(super) fn is_named(user: &User, asked: &str) -> bool {
    user.username == asked || user.username == text::trim(asked)
}

/// The parameters of `updateUser`: the id, and what changes.
fn update_params(id: i64, name: Option<String>, patch: &UserPatch) -> Map<String, Value> {
    let changes = [
        ("username", patch.username.clone()),
        ("name", name),
        ("email", patch.email.clone().map(Option::unwrap_or_default)),
        ("role", patch.role.map(|role| role_name(role).to_owned())),
    ];
    let changes = changes.into_iter().filter_map(|(name, text)| Some((name, json!(text?))));
    let params = std::iter::once(("id", json!(id))).chain(changes);
    params.map(|(name, value)| (name.to_owned(), value)).collect()
}
