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
use crate::backend::rights::Wanted;
use crate::backend::row::Row;
use crate::backend::settings;
use crate::options::version::RightsModel;
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

/// Changes a user in several requests. A restriction comes first, a grant last, settings after them.
pub(super) async fn update(api: &Api, user: &UserRef, patch: &UserPatch) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    check_patch(name, patch)?;
    if let Some(Some(password)) = &patch.password {
        settable(api, password)?;
    }
    let rights = Wanted::rights(api, patch.groups.as_ref(), &patch.attributes).await?;
    let rights = Wanted { role: patch.role.map(stored_role), ..rights };
    let (on, off) = (patch.active.filter(|active| *active), patch.active.filter(|active| !active));
    let (mut first, mut last) = (Wanted::default(), rights);
    if last.role != Some(Role::Administrator) {
        std::mem::swap(&mut first, &mut last);
    }
    (first.active, last.active) = (off, on);
    let mut shown = None;
    if !first.is_empty() {
        shown = Some(change(api, user, first).await?);
    }
    if let Some(password) = &patch.password {
        passwords::set(api, user, password.clone()).await?;
    }
    if !last.is_empty() {
        shown = Some(change(api, user, last).await?);
    }
    let settings = settings::of(&patch.attributes);
    if !settings.is_empty() {
        return settings::merge(api, name, &settings).await.map(|row| outcome(api, row));
    }
    match shown {
        Some(shown) => Ok(shown),
        None => get(api, user).await,
    }
}

/// Activates or deactivates a user.
pub(super) async fn activate(api: &Api, user: &UserRef, active: bool) -> Result<Outcome, Fault> {
    change(api, user, Wanted { active: Some(active), ..Wanted::default() }).await
}

/// Changes role, groups, permissions and activity in one request.
pub(super) async fn change(api: &Api, user: &UserRef, wanted: Wanted) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    let path = required_path_of(name)?;
    let (wanted, body) = match (api.version().rights, wanted.role) {
        (RightsModel::Groups, None) => (wanted.clone(), wanted.body()),
        (RightsModel::Groups, Some(_)) => {
            let known = row(api, name).await?;
            if wanted.is_shown_by(&known) {
                return Ok(outcome(api, known));
            }
            let wanted = wanted.with_role(&known);
            (wanted.clone(), wanted.body())
        }
        (RightsModel::AdminSwitch, role) => {
            let known = row(api, name).await?;
            let admin = role.unwrap_or(known.role) == Role::Administrator;
            let mut body = Map::from_iter([("admin".to_owned(), json!(admin))]);
            let active = wanted.active.unwrap_or(known.active);
            body.insert("active".to_owned(), json!(active));
            (wanted, body)
        }
    };
    match api.put(&path, &body).await? {
        Ok(data) => confirmed(api, &data, name, &wanted),
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
    wanted: &Wanted,
) -> Result<Outcome, Fault> {
    let Some(row) = Row::find(data, name)? else {
        return Err(unexpected("the server does not list a user who was changed"));
    };
    if wanted.is_shown_by(&row) {
        Ok(outcome(api, row))
    } else {
        Err(unexpected("the server does not show a change"))
    }
}

/// Refuses what OctoPrint cannot store. The gateway stores it in the sidecar instead.
fn check_patch(name: &str, patch: &UserPatch) -> Result<(), Fault> {
    let renamed = patch.username.as_ref().is_some_and(|wanted| wanted != name);
    let named = patch.display_name.is_some() || patch.given_name.is_some();
    let named = named || patch.family_name.is_some();
    let more = patch.email.is_some() || patch.source.is_some();
    if renamed || named || more {
        let detail = "OctoPrint stores no full names, e-mail addresses or sources";
        return Err(impossible(Subject::Username, detail));
    }
    Ok(())
}
