//! Keys: whose one is, and the keys that the server issues, lists and revokes. A user has one key of
//! their own, and one for each application.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::{Key, KeyChoice, NewKey};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_interop::percent;
use serde_json::{Map, Value, json};

use crate::backend::api::{Api, Refused, Reply, required_path_of};
use crate::backend::fault::{impossible, key_refused, unexpected, unsupported};
use crate::backend::lookup::{fault_of, row, rows};
use crate::backend::owner::SaidOwner;
use crate::backend::row::Row;
use crate::options::version::{AppKeys, KeyOwner};
use crate::wire::values::APPLICATION;

/// The owner of the gateway's own key. A server that does not say it shows the users' keys; an
/// application's key is not among them.
pub(super) async fn own_account(api: &Api) -> Result<OwnAccount, Fault> {
    match api.said_owner(api.key()).await? {
        SaidOwner::Named(name) if name == APPLICATION => Ok(OwnAccount::Nobody),
        SaidOwner::Named(name) => {
            row(api, &name).await.map(|row| OwnAccount::of(row.user(api.namespace())))
        }
        SaidOwner::Nobody => Err(key_refused()),
        SaidOwner::Silent => match listed(api, api.key()).await? {
            Some(row) => Ok(OwnAccount::of(row.user(api.namespace()))),
            None if is_application(api, api.key()).await? => Ok(OwnAccount::Nobody),
            None => Ok(OwnAccount::Unknown),
        },
    }
}

/// The owner of a key. The global key is the application's own.
pub(super) async fn find(api: &Api, value: &Secret) -> Result<Outcome, Fault> {
    // HTTP removes blanks around the value of a header, and the server would see another key.
    if value.expose().trim() != value.expose() {
        return Err(Fault::not_found(Subject::Key));
    }
    let owner = match api.said_owner(value).await? {
        SaidOwner::Named(name) if name == APPLICATION => None,
        SaidOwner::Named(name) => Some(row(api, &name).await?),
        SaidOwner::Nobody => return Err(Fault::not_found(Subject::Key)),
        SaidOwner::Silent => match listed(api, value).await? {
            Some(row) if row.active => Some(row),
            None if is_application(api, value).await? => None,
            Some(_) | None => return Err(Fault::not_found(Subject::Key)),
        },
    };
    let owner = owner.map(|row| row.user(api.namespace()));
    let key = Key::vouched(api.namespace().clone(), owner.as_ref().map(|owner| owner.id));
    Ok(Outcome::KeyFound(Box::new(key), owner.map(Box::new)))
}

/// The user whose row shows a key.
async fn listed(api: &Api, key: &Secret) -> Result<Option<Row>, Fault> {
    let mut rows = rows(api).await?.rows.into_iter();
    Ok(rows.find(|row| row.key.as_ref() == Some(key)))
}

/// Whether a key that is in no row is the application's own. Servers with application keys of users
/// do not tell.
async fn is_application(api: &Api, key: &Secret) -> Result<bool, Fault> {
    Ok(api.version().key_owner == KeyOwner::Rows && api.accepts(key).await?)
}

/// Issues a key. The server chooses the value. A user's own key replaces the earlier one; an
/// application that has a key gets the same one again.
pub(super) async fn issue(api: &Api, owner: &UserRef, new: NewKey) -> Result<Outcome, Fault> {
    let name = api.name(owner)?;
    let value = match &new.label {
        None => issue_own(api, name).await?,
        Some(app) => issue_to(api, name, app).await?,
    };
    let key = Key::vouched(api.namespace().clone(), None);
    Ok(Outcome::Keys(vec![Key { label: new.label, shown: Some(value), ..key }]))
}

async fn issue_own(api: &Api, name: &str) -> Result<Secret, Fault> {
    match api.post(&own_key_of(name)?, &Map::new()).await? {
        Ok(answer) => value_in(&answer, "apikey"),
        Err(why) => Err(fault_of(api, name, why).await),
    }
}

async fn issue_to(api: &Api, name: &str, app: &str) -> Result<Secret, Fault> {
    if api.version().app_keys != AppKeys::ByName {
        let detail = "only the owner can have a key for an application issued";
        return Err(impossible(Subject::Key, detail));
    }
    // The server issues keys to names that no user has, too.
    row(api, name).await?;
    let command = json!({"command": "generate", "app": app, "user": name});
    let answer = done(api.post_appkeys(&command).await?)?;
    match answer.get("user_id").and_then(Value::as_str) {
        Some(owner) if owner == name => value_in(&answer, "api_key"),
        _ => Err(unexpected("the server issues a key to another user")),
    }
}

/// Revokes keys of a user.
pub(super) async fn revoke(
    api: &Api,
    owner: &UserRef,
    choice: &KeyChoice,
) -> Result<Outcome, Fault> {
    let name = api.name(owner)?;
    let mut revoked = Vec::new();
    match choice {
        KeyChoice::Plain => revoke_own(api, name).await?,
        KeyChoice::Labelled(_) => revoked = revoke_of_apps(api, name, choice).await?,
        KeyChoice::All => {
            revoked = revoke_of_apps(api, name, choice).await?;
            revoke_own(api, name).await?;
        }
        KeyChoice::Id(_) => return Err(unsupported(Verb::RevokeKeys)),
    }
    Ok(Outcome::Keys(revoked))
}

/// The server answers the same if there is no key.
async fn revoke_own(api: &Api, name: &str) -> Result<(), Fault> {
    match api.delete(&own_key_of(name)?).await? {
        Ok(_) => Ok(()),
        Err(why) => Err(fault_of(api, name, why).await),
    }
}

/// Revokes the application keys of a name before a user of this name is created. The server keeps the
/// keys of users who were deleted there, and would give them to their namesake.
pub(super) async fn revoke_of_predecessor(api: &Api, name: &str) -> Result<(), Fault> {
    if of_apps(api, Some(name), &KeyChoice::All).await?.is_empty() {
        return Ok(());
    }
    match row(api, name).await {
        // The creation will say that the name is taken.
        Ok(_) => Ok(()),
        Err(fault) if fault.is_absence_of(Subject::User) => {
            revoke_of_apps(api, name, &KeyChoice::All).await.map(drop)
        }
        Err(fault) => Err(fault),
    }
}

/// Revokes the keys that applications have of a name, which need not be a user's any more.
pub(super) async fn revoke_of_apps(
    api: &Api,
    name: &str,
    choice: &KeyChoice,
) -> Result<Vec<Key>, Fault> {
    let keys = of_apps(api, Some(name), choice).await?;
    for key in &keys {
        let command = match (api.version().app_keys, &key.shown) {
            (AppKeys::ByValue, Some(value)) => json!({"command": "revoke", "key": value.expose()}),
            _ => json!({"command": "revoke", "app": key.label, "user": name}),
        };
        done(api.post_appkeys(&command).await?)?;
    }
    Ok(keys)
}

/// Lists the application keys of a user, or (`None`) of everybody. The users' own keys are in their
/// rows. The value of a key is shown if it alone is asked for.
pub(super) async fn list(
    api: &Api,
    owner: Option<&UserRef>,
    choice: &KeyChoice,
) -> Result<Outcome, Fault> {
    let name = owner.map(|owner| api.name(owner)).transpose()?;
    let mut keys = of_apps(api, name, choice).await?;
    if let KeyChoice::Labelled(_) = choice {
        for key in keys.iter_mut().filter(|key| key.shown.is_none()) {
            key.shown = Some(value_of(api, key).await?);
        }
    }
    Ok(Outcome::Keys(keys))
}

async fn of_apps(api: &Api, owner: Option<&str>, choice: &KeyChoice) -> Result<Vec<Key>, Fault> {
    if api.version().app_keys == AppKeys::Absent {
        return Ok(Vec::new());
    }
    let listed = match api.get_appkeys("all=true".to_owned()).await? {
        // The plugin is switched off. A page can be the answer of another server.
        Err(Refused::Absent) => return Ok(Vec::new()),
        listed => done(listed)?,
    };
    let rows = listed.get("keys").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| unexpected("no list of application keys"))?;
    let mut keys = Vec::new();
    for row in rows {
        let text = |name: &str| row.get(name).and_then(Value::as_str);
        let (Some(app), Some(user)) = (text("app_id"), text("user_id")) else {
            return Err(unexpected("an application key without application or user"));
        };
        let chosen = match choice {
            KeyChoice::Labelled(wanted) => app == wanted,
            KeyChoice::All => true,
            KeyChoice::Plain | KeyChoice::Id(_) => false,
        };
        if chosen && owner.is_none_or(|owner| owner == user) {
            keys.push(Key {
                label: Some(app.to_owned()),
                system_owner: Some(UserRef::Name(user.to_owned())),
                shown: text("api_key").map(Secret::new),
                ..Key::vouched(api.namespace().clone(), None)
            });
        }
    }
    Ok(keys)
}

async fn value_of(api: &Api, key: &Key) -> Result<Secret, Fault> {
    let Some(UserRef::Name(user)) = &key.system_owner else {
        return Err(unexpected("an application key without user"));
    };
    let app = percent::encode_segment(key.label.as_deref().unwrap_or_default());
    let query = format!("app={app}&user={}", percent::encode_segment(user));
    let answer = done(api.get_appkeys(query).await?)?;
    let key = answer.get("key").ok_or_else(|| unexpected("the server shows no key"))?;
    value_in(key, "api_key")
}

fn own_key_of(name: &str) -> Result<String, Fault> {
    required_path_of(name).map(|path| format!("{path}/apikey"))
}

fn value_in(answer: &Value, member: &str) -> Result<Secret, Fault> {
    let value = answer.get(member).and_then(Value::as_str).filter(|value| !value.is_empty());
    value.map(Secret::new).ok_or_else(|| unexpected("the server does not show a key"))
}

/// The data of an answer of the plugin.
fn done(reply: Reply) -> Result<Value, Fault> {
    reply.map_err(|why| match why {
        Refused::Absent => impossible(Subject::Key, "the server has no application keys"),
        Refused::PageNotFound => unexpected("a page instead of the plugin's answer"),
        Refused::Taken | Refused::Value(_) => {
            unexpected("the server does not understand a request about application keys")
        }
    })
}
