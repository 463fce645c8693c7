//! `/api/plugin/appkeys`: the keys that a person gave to applications, each under its name.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof};
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::key::{Key, KeyChoice, NewKey};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};

use super::answers::{CRASH, Refusal, Reply, abort, abort_with, json, no_content};
use super::form;
use super::pending;
use super::secrets::fresh_key;
use super::visit::Visit;
use crate::pyjson::Py;

/// `GET /api/plugin/NAME`
pub(crate) async fn get(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    if names[0] != PLUGIN {
        return Err(abort(404));
    }
    let own = visit.name().ok_or(abort(403))?.to_owned();
    if let Some(app) = field(visit, "app").filter(|app| !app.is_empty()) {
        let of = field(visit, "user").unwrap_or_else(|| own.clone());
        return one(visit, &own, &of, &app).await;
    }
    let all = field(visit, "all").is_some_and(|all| Py::text(all).is_yes() == Ok(true));
    let keys = if all && visit.is_admin() {
        everybodys(visit).await?
    } else {
        let keys = keys_of_caller(visit).await?;
        keys.iter().map(|key| external(&own, key)).collect()
    };
    let pending = pending::for_user(visit, &own).await?;
    json(&Py::dict([("keys", Py::List(keys)), ("pending", pending)]))
}

/// `POST /api/plugin/NAME`
pub(crate) async fn command(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    if names[0] != PLUGIN {
        return Err(abort(400));
    }
    let own = visit.name().ok_or(abort(403))?.to_owned();
    let body = visit.json()?;
    let known = ["generate", "revoke"];
    let command = if body.contains("command")? { body.item("command")? } else { &Py::None };
    if !command.hashable() {
        return Err(CRASH);
    }
    let command = command.as_str().filter(|command| known.contains(command));
    let command = command.ok_or(abort_with(400, "command is invalid"))?;
    if command == "generate" {
        return generate(visit, &own, &body).await;
    }
    revoke(visit, &own, &body).await
}

const PLUGIN: &str = "appkeys";
const NEITHER: Refusal = abort_with(400, "Need either app or key");

/// Gives an application a key in somebody's name; the one it has, if it has one.
pub(crate) async fn give(
    visit: &Visit<'_>,
    caller: &Caller,
    user: &User,
    app: &str,
) -> Result<Secret, Refusal> {
    let namespace = visit.settings.namespace.clone();
    let owner = UserRef::Id(user.id);
    let keys =
        visit.exchange.call(caller, Command::ListKeys(Some(owner.clone()), namespace.clone()));
    let keys = keys.await?.keys()?;
    if let Some(value) = labelled(&keys, app).and_then(|key| key.shown.clone()) {
        return Ok(value);
    }
    let value = fresh_key(visit.exchange);
    let key = NewKey {
        namespace,
        value: value.clone(),
        label: Some(app.to_owned()),
        scope: None,
        expires: None,
        addresses: Vec::new(),
        replaces: false,
    };
    visit.exchange.call(caller, Command::IssueKey(Some(owner), Box::new(key))).await?;
    Ok(value)
}

async fn one(visit: &Visit<'_>, own: &str, of: &str, app: &str) -> Reply {
    if of != own && !visit.is_admin() {
        return Err(abort(403));
    }
    let keys = keys_of(visit, of).await?;
    let key = labelled(&keys, app).ok_or(abort(404))?;
    let mut shape = external(of, key);
    if visit.recent() {
        let value = key.shown.as_ref().map_or(Py::None, |value| Py::text(value.expose()));
        shape.set("api_key", value);
    }
    json(&Py::dict([("key", shape)]))
}

async fn generate(visit: &Visit<'_>, own: &str, body: &Py) -> Reply {
    if !body.contains("app")? {
        return Err(abort_with(400, "Mandatory parameters missing"));
    }
    let app = body.item("app")?;
    if !app.truthy() {
        return Err(abort(400));
    }
    let of = owner(own, body);
    if of != Some(own) && !visit.is_admin() {
        return Err(abort(403));
    }
    visit.require_recent()?;
    let of = of.ok_or(abort(404))?;
    let app = app.as_str().ok_or(CRASH)?;
    // OctoPrint gives keys to names that nobody has; here there must be somebody.
    let user = visit.user(of).await?;
    let value = give(visit, &visit.caller, &user, app.trim()).await?;
    json(&Py::dict([
        ("user_id", Py::text(of)),
        ("app_id", Py::text(app)),
        ("api_key", Py::text(value.expose())),
    ]))
}

/// Whose key it is about; nobody is named by anything but a text.
fn owner<'a>(own: &'a str, body: &'a Py) -> Option<&'a str> {
    body.get("user").map_or(Some(own), Py::as_str)
}

/// Takes a key away, by its value or by its owner and application.
async fn revoke(visit: &Visit<'_>, own: &str, body: &Py) -> Reply {
    let value = body.get("key").filter(|value| value.truthy());
    let found = if let Some(value) = value {
        by_value(visit, value.as_str().unwrap_or_default()).await?
    } else {
        let of = owner(own, body).ok_or(NEITHER)?;
        let app = body.get("app").and_then(Py::as_str).filter(|app| !app.is_empty());
        let keys = keys_of(visit, of).await?;
        let key = labelled(&keys, app.ok_or(NEITHER)?).ok_or(NEITHER)?;
        Some((of.to_owned(), key.clone()))
    };
    let mine = found.as_ref().is_some_and(|(owner, _)| owner == own);
    if !mine && !visit.is_admin() {
        return Err(abort(403));
    }
    visit.require_recent()?;
    if let Some((owner, key)) = found {
        let namespace = visit.settings.namespace.clone();
        let owner = Some(UserRef::Name(owner));
        visit.call(Command::RevokeKeys(owner, namespace, KeyChoice::Id(key.id))).await?;
    }
    Ok(no_content())
}

/// The application's key of this value, with its owner.
async fn by_value(visit: &Visit<'_>, value: &str) -> Result<Option<(String, Key)>, Refusal> {
    let credentials = Credentials::Key {
        namespace: visit.settings.namespace.clone(),
        value: Secret::new(value),
        scopes: &[],
    };
    let person = match visit.exchange.identify(credentials).await {
        Ok(Caller::Person(person)) => person,
        Ok(_) => return Ok(None),
        Err(fault) if fault.kind == FaultKind::Unauthenticated => return Ok(None),
        Err(fault) => return Err(fault.into()),
    };
    let Proof::Key(Some(label)) = person.proof() else { return Ok(None) };
    let keys = keys_of(visit, &person.user().username).await?;
    let key = keys.into_iter().find(|key| key.label.as_ref() == Some(label));
    Ok(key.map(|key| (person.user().username.clone(), key)))
}

async fn everybodys(visit: &Visit<'_>) -> Result<Vec<Py>, Refusal> {
    let keys = Command::ListKeys(None, visit.settings.namespace.clone());
    let keys = visit.call(keys).await?.keys()?;
    let users = visit.call(Command::ListUsers).await?.users()?;
    let owned = keys.iter().filter(|key| key.label.is_some()).filter_map(|key| {
        let owner = users.iter().find(|user| Some(user.id) == key.owner)?;
        Some(external(&owner.username, key))
    });
    Ok(owned.collect())
}

/// The application keys of the caller; the application's own key has none.
async fn keys_of_caller(visit: &Visit<'_>) -> Result<Vec<Key>, Refusal> {
    match visit.caller.user() {
        Some(user) => keys_of(visit, &user.username).await,
        None => Ok(Vec::new()),
    }
}

/// Somebody's application keys; nobody has none. Read on the gateway's behalf: whoever asks for
/// another's is told first that there is none, then that it is not theirs.
async fn keys_of(visit: &Visit<'_>, name: &str) -> Result<Vec<Key>, Refusal> {
    let owner = UserRef::Name(name.to_owned());
    let command = Command::ListKeys(Some(owner), visit.settings.namespace.clone());
    let mut keys = match visit.ask(command).await {
        Err(fault) if fault.kind == FaultKind::NotFound => Vec::new(),
        keys => keys?.keys()?,
    };
    keys.retain(|key| key.label.is_some());
    Ok(keys)
}

fn labelled<'a>(keys: &'a [Key], app: &str) -> Option<&'a Key> {
    let lower = |label: &String| label.to_lowercase() == app.to_lowercase();
    keys.iter().find(|key| key.label.as_ref().is_some_and(lower))
}

fn external(owner: &str, key: &Key) -> Py {
    let app = key.label.as_deref().unwrap_or_default();
    Py::dict([("app_id", Py::text(app)), ("user_id", Py::text(owner))])
}

fn field(visit: &Visit<'_>, name: &str) -> Option<String> {
    form::value(&visit.values, name).map(str::to_owned)
}
