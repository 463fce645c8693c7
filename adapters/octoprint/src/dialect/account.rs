//! What a person has besides a name: a password, settings, an API key.

use isogloss_canonical::command::Command;
use isogloss_canonical::key::{KeyChoice, NewKey};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{AttributeChanges, UserRef};

use super::answers::{CRASH, Refusal, Reply, abort, abort_with, json, success};
use super::identity::{LONGEST_PASSWORD, check_password};
use super::secrets::fresh_key;
use super::visit::Visit;
use crate::pyjson::{Py, shown_length, to_kept};
use crate::wire::{self, SETTINGS};

fn named(name: &str) -> UserRef {
    UserRef::Name(name.to_owned())
}

/// `PUT /api/access/users/NAME/password`: one's own needs the current one, an administrator's too.
pub(crate) async fn change_password(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    let name = &names[0];
    visit.require_set_up().await?;
    visit.require_self_or_admin(name)?;
    let body = visit.json()?;
    let given = |field: &str| -> Result<Option<&Py>, Refusal> {
        let found = if body.contains(field)? { Some(body.item(field)?) } else { None };
        Ok(found.filter(|value| value.truthy()))
    };
    let new = given("password")?.ok_or(abort_with(400, "new password is missing"))?;
    if visit.name() != Some(name) {
        visit.require_recent()?;
    } else if !visit.settings.old {
        let current = given("current")?.ok_or(abort_with(400, "current password is missing"))?;
        check_current(visit, current).await?;
    }
    // The person is looked up before the password's type matters.
    let user = visit.user(name).await?;
    let new = new.as_str().filter(|text| text.chars().count() <= LONGEST_PASSWORD);
    let new = Secret::new(new.ok_or(CRASH)?);
    visit.call(Command::ChangePassword(UserRef::Id(user.id), Some(new))).await?;
    success()
}

async fn check_current(visit: &Visit<'_>, current: &Py) -> Result<(), Refusal> {
    const WRONG: Refusal = abort_with(403, "Invalid current password");
    let Some(user) = visit.caller.user() else { return Err(WRONG) };
    let current = current.as_str().ok_or(CRASH)?;
    let right = check_password(visit, UserRef::Id(user.id), current).await?;
    right.map(|_| ()).ok_or(WRONG)
}

/// `GET /api/access/users/NAME/settings`
pub(crate) async fn settings(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_self_or_admin(&names[0])?;
    let command = Command::ReadSettings(named(&names[0]), SETTINGS.to_owned());
    let attributes = visit.call(command).await?.settings()?;
    json(&wire::settings(&attributes))
}

/// `PATCH /api/access/users/NAME/settings`: merges at the top level only.
pub(crate) async fn merge_settings(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_self_or_admin(&names[0])?;
    if visit.name() != Some(&names[0]) {
        visit.require_recent()?;
    }
    let body = visit.json()?;
    let Py::Dict(entries) = body else {
        visit.user(&names[0]).await?;
        return Err(CRASH);
    };
    let most_shown = SHOWN + SHOWN_PER_BYTE * visit.request.body.len();
    if entries.iter().map(|(_, value)| shown_length(value, 1)).sum::<usize>() > most_shown {
        return Err(abort(400));
    }
    let change = |(key, value): &(String, Py)| (format!("{SETTINGS}{key}"), Some(to_kept(value)));
    let changes: AttributeChanges = entries.iter().map(change).collect();
    let read = Command::ReadSettings(named(&names[0]), SETTINGS.to_owned());
    let mut merged = visit.call(read).await?.settings()?;
    merged.extend(changes.iter().filter_map(|(key, value)| Some((key.clone(), value.clone()?))));
    if serde_json::to_vec(&merged).map_err(|_| CRASH)?.len() > MOST_KEPT {
        return Err(abort(400));
    }
    let command = Command::MergeSettings(named(&names[0]), SETTINGS.to_owned(), changes);
    visit.call(command).await?;
    success()
}

/// How many bytes of settings a person may have. OctoPrint sets no limit, but one account must not be
/// able to fill the gateway's disk.
const MOST_KEPT: usize = 1 << 20;
/// How long settings may become when they are shown: each item is a line, indented by its depth.
const SHOWN: usize = 4096;
const SHOWN_PER_BYTE: usize = 16;

/// `POST /api/access/users/NAME/apikey`: a new key in place of the old one.
pub(crate) async fn issue_key(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_recent()?;
    visit.require_self_or_admin(&names[0])?;
    let value = fresh_key(visit.exchange);
    let key = NewKey {
        namespace: visit.settings.namespace.clone(),
        value: value.clone(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        replaces: true,
    };
    visit.call(Command::IssueKey(Some(named(&names[0])), Box::new(key))).await?;
    json(&Py::dict([("apikey", Py::text(value.expose()))]))
}

/// `DELETE /api/access/users/NAME/apikey`: nothing is as good as gone.
pub(crate) async fn revoke_key(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_recent()?;
    visit.require_self_or_admin(&names[0])?;
    let namespace = visit.settings.namespace.clone();
    let command = Command::RevokeKeys(Some(named(&names[0])), namespace, KeyChoice::Plain);
    visit.call(command).await?;
    success()
}
