//! The verbs about users.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{UserPatch, UserRef};
use serde_json::{Map, Value, json};

use crate::backend::api::{Api, Refused, required_path_of};
use crate::backend::fault::{impossible, unexpected};
use crate::backend::keys;
use crate::backend::lookup::{fault_of, row, rows};
use crate::backend::passwords::{self, settable};
use crate::backend::row::Row;
use crate::options::version::RightsModel;
use crate::roles::groups::{ADMINS, USERS};
use crate::roles::permissions::ADMIN;
use crate::roles::stored_role;

/// Reads a user.
pub(super) async fn get(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    row(api, api.name(user)?).await.map(|row| outcome(api, row))
}

/// Reads every user.
pub(super) async fn list(api: &Api) -> Result<Outcome, Fault> {
    let listed = rows(api).await?;
    let users = listed.rows.into_iter().map(|row| row.user(api.namespace())).collect();
    Ok(Outcome::people(users, listed.unread))
}

/// Changes a user in several requests. A restriction comes first, a grant last.
pub(super) async fn update(api: &Api, user: &UserRef, patch: &UserPatch) -> Result<Outcome, Fault> {
    check_patch(api.name(user)?, patch)?;
    if let Some(Some(password)) = &patch.password {
        settable(api, password)?;
    }
    let role = patch.role.map(stored_role);
    let grants = role == Some(Role::Administrator);
    let restricted = match (role.filter(|_| !grants), patch.active.filter(|active| !active)) {
        (None, None) => None,
        (role, active) => Some(change(api, user, role, active).await?),
    };
    if let Some(password) = &patch.password {
        passwords::set(api, user, password.clone()).await?;
    }
    match (role.filter(|_| grants), patch.active.filter(|active| *active), restricted) {
        (None, None, Some(restricted)) => Ok(restricted),
        (None, None, None) => get(api, user).await,
        (role, active, _) => change(api, user, role, active).await,
    }
}

/// Changes role and activity in one request. `None` changes nothing.
pub(super) async fn change(
    api: &Api,
    user: &UserRef,
    role: Option<Role>,
    active: Option<bool>,
) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    let path = required_path_of(name)?;
    let mut body = Map::new();
    match (api.version().rights, role) {
        (RightsModel::Groups, None) => {}
        (RightsModel::Groups, Some(role)) => {
            let known = row(api, name).await?;
            if known.role == role && active.is_none_or(|active| active == known.active) {
                return Ok(outcome(api, known));
            }
            put_role(&known, role, &mut body);
        }
        (RightsModel::AdminSwitch, role) => {
            let known = row(api, name).await?;
            let admin = role.unwrap_or(known.role) == Role::Administrator;
            body.insert("admin".to_owned(), json!(admin));
            body.insert("active".to_owned(), json!(known.active));
        }
    }
    if let Some(active) = active {
        body.insert("active".to_owned(), json!(active));
    }
    match api.put(&path, &body).await? {
        Ok(data) => confirmed(api, &data, name, (role, active)),
        Err(why) => Err(fault_of(api, name, why).await),
    }
}

/// Deletes a user, with the keys that applications have of them. The server leaves those keys, and the
/// next user of this name would inherit them, so they are revoked first: if that fails, the user stays.
pub(super) async fn delete(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    let path = required_path_of(name)?;
    row(api, name).await?;
    keys::revoke_of_apps(api, name, &KeyChoice::All).await?;
    match api.delete(&path).await? {
        Ok(data) if Row::find(&data, name)?.is_some() => {
            Err(unexpected("the server still shows a deleted user"))
        }
        Ok(_) => {
            // An application may have got a key in the meantime.
            keys::revoke_of_apps(api, name, &KeyChoice::All).await?;
            Ok(Outcome::Done)
        }
        Err(Refused::Value(sentence)) if sentence.contains("yourself") => {
            let detail = "the gateway's own account there cannot delete itself";
            Err(impossible(Subject::User, detail))
        }
        Err(why) => Err(fault_of(api, name, why).await),
    }
}

fn outcome(api: &Api, row: Row) -> Outcome {
    Outcome::User(Box::new(row.user(api.namespace())))
}

/// The user in the list that answers a change, if the list shows the change.
pub(super) fn confirmed(
    api: &Api,
    data: &Value,
    name: &str,
    (role, active): (Option<Role>, Option<bool>),
) -> Result<Outcome, Fault> {
    let Some(row) = Row::find(data, name)? else {
        return Err(unexpected("the server does not list a user who was changed"));
    };
    let has_role = role.is_none_or(|role| role == row.role);
    let has_activity = active.is_none_or(|active| active == row.active);
    if has_role && has_activity {
        Ok(outcome(api, row))
    } else {
        Err(unexpected("the server does not show a change"))
    }
}

/// Puts the role among a user's groups and permissions, and leaves the others as they are.
fn put_role(known: &Row, role: Role, body: &mut Map<String, Value>) {
    if known.role == role {
        return;
    }
    let mut groups = known.groups.clone();
    groups.retain(|group| group != ADMINS);
    if role == Role::Administrator {
        groups.push(ADMINS.to_owned());
    } else if groups.is_empty() {
        groups.push(USERS.to_owned());
    }
    body.insert("groups".to_owned(), json!(groups));
    let others: Vec<_> = known.permissions.iter().filter(|own| *own != ADMIN).collect();
    if role != Role::Administrator && others.len() < known.permissions.len() {
        body.insert("permissions".to_owned(), json!(others));
    }
}

/// Refuses what OctoPrint cannot store. The gateway stores it in the sidecar instead.
fn check_patch(name: &str, patch: &UserPatch) -> Result<(), Fault> {
    let renamed = patch.username.as_ref().is_some_and(|wanted| wanted != name);
    let named = patch.display_name.is_some() || patch.given_name.is_some();
    let named = named || patch.family_name.is_some();
    let more = patch.email.is_some() || patch.source.is_some() || patch.groups.is_some();
    if renamed || named || more {
        let detail = "OctoPrint stores no full names, e-mail addresses, sources or groups";
        return Err(impossible(Subject::Username, detail));
    }
    Ok(())
}
