//! `/api/plugin/appkeys`: lists, issues and revokes application keys.

use std::collections::{HashMap, HashSet};

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof};
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::key::{Key, KeyChoice};
use isogloss_canonical::people::{self, Order, PeopleQuery};
use isogloss_canonical::secret::{Secret, same};
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json, no_content};
use crate::dialect::appkeys::issue::{issue, labelled, shown};
use crate::dialect::appkeys::slots;
use crate::dialect::arguments::is_yes;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};

/// `GET /api/plugin/NAME`
pub(crate) async fn get(call: &Call<'_>) -> Answer {
    if call.parameter != PLUGIN {
        return Err(Failure::of(404));
    }
    let own = call.name().ok_or(Failure::of(403))?;
    if let Some(app) = call.value("app").filter(|app| !app.is_empty()) {
        return one(call, own, call.value("user").unwrap_or(own), app).await;
    }
    let all = call.value("all").is_some_and(|all| is_yes(&Py::text(all)) == Ok(true));
    let keys = if all && call.is_admin() {
        let owned = keys_of_everybody(call).await?;
        owned.iter().map(|(key, owner)| external(&owner.username, key)).collect()
    } else {
        let keys = keys_of_caller(call).await?;
        keys.iter().map(|key| external(own, key)).collect()
    };
    let mut pending = Py::dict([]);
    for request in slots::waiting(call).await? {
        if request.is_for(own) {
            let mut shape = request.external();
            shape.set("remote_address", Py::text(&request.address));
            pending.set(request.user_token.clone(), shape);
        }
    }
    json(&Py::dict([("keys", Py::List(keys)), ("pending", pending)]))
}

/// `POST /api/plugin/NAME`
pub(crate) async fn command(call: &Call<'_>) -> Answer {
    if call.parameter != PLUGIN {
        return Err(Failure::of(400));
    }
    let own = call.name().ok_or(Failure::of(403))?;
    let body = call.json()?;
    let command = if body.contains("command")? { body.item("command")? } else { &Py::None };
    if !command.hashable() {
        return Err(CRASH);
    }
    match command.as_str() {
        Some("generate") => generate(call, own, &body).await,
        Some("revoke") => revoke(call, own, &body).await,
        Some(_) | None => Err(Failure::with(400, "command is invalid")),
    }
}

/// The name of the plugin.
pub(crate) const PLUGIN: &str = "appkeys";
const NEITHER: Failure = Failure::with(400, "Need either app or key");

/// The key of one application.
async fn one(call: &Call<'_>, own: &str, of: &str, app: &str) -> Answer {
    if of != own && !call.is_admin() {
        return Err(Failure::of(403));
    }
    let keys = keys_of(call, of).await?;
    let key = labelled(&keys, app).ok_or(Failure::of(404))?;
    let mut shape = external(of, key);
    if call.is_password_recent() {
        let value = shown(call, &UserRef::Name(of.to_owned()), key).await?;
        shape.set("api_key", value.map_or(Py::None, |value| Py::text(value.expose())));
    }
    json(&Py::dict([("key", shape)]))
}

/// Issues a key to an application.
async fn generate(call: &Call<'_>, own: &str, body: &Py) -> Answer {
    if !body.contains("app")? {
        return Err(Failure::with(400, "Mandatory parameters missing"));
    }
    let app = body.item("app")?;
    if !app.truthy() {
        return Err(Failure::of(400));
    }
    let of = owner(own, body);
    if of != Some(own) && !call.is_admin() {
        return Err(Failure::of(403));
    }
    call.require_recent_password()?;
    let of = of.ok_or(Failure::of(404))?;
    let app = app.as_str().ok_or(CRASH)?;
    // OctoPrint also gives keys to names that no user has. Here the user must exist.
    let user = call.user(of).await?;
    let value = issue(call, &call.caller, &user, app.trim()).await?;
    json(&Py::dict([
        ("user_id", Py::text(of)),
        ("app_id", Py::text(app)),
        ("api_key", Py::text(value.expose())),
    ]))
}

/// The user whom a body names, or else the caller. A value that is no text names nobody.
fn owner<'a>(own: &'a str, body: &'a Py) -> Option<&'a str> {
    body.get("user").map_or(Some(own), Py::as_str)
}

/// Revokes a key, by its value or by its owner and application.
async fn revoke(call: &Call<'_>, own: &str, body: &Py) -> Answer {
    let value = body.get("key").filter(|value| value.truthy());
    let found = if let Some(value) = value {
        by_value(call, value.as_str().unwrap_or_default()).await?
    } else {
        let of = owner(own, body).ok_or(NEITHER)?;
        let app = body.get("app").and_then(Py::as_str).filter(|app| !app.is_empty());
        let keys = keys_of(call, of).await?;
        let key = labelled(&keys, app.ok_or(NEITHER)?).ok_or(NEITHER)?;
        Some((of.to_owned(), key.clone()))
    };
    let is_own = found.as_ref().is_some_and(|(owner, _)| owner == own);
    if !is_own && !call.is_admin() {
        return Err(Failure::of(403));
    }
    call.require_recent_password()?;
    if let Some((owner, key)) = found {
        let namespace = call.options.namespace.clone();
        let owner = Some(UserRef::Name(owner));
        let label = key.label.unwrap_or_default();
        call.run(Command::RevokeKeys(owner, namespace, KeyChoice::Labelled(label))).await?;
    }
    Ok(no_content())
}

/// The application key with this value, and its owner.
async fn by_value(call: &Call<'_>, value: &str) -> Result<Option<(String, Key)>, Failure> {
    let credentials = Credentials::Key {
        namespace: call.options.namespace.clone(),
        value: Secret::new(value),
        scopes: &[],
    };
    let person = match call.exchange.identify(credentials).await {
        Ok(Caller::Person(person)) => person,
        Ok(_) => return Ok(None),
        Err(fault) if fault.kind == FaultKind::Unauthenticated => return Ok(None),
        Err(fault) => return Err(fault.into()),
    };
    let owner = &person.user().username;
    for key in keys_of(call, owner).await? {
        let is_it = match person.proof() {
            Proof::Key(Some(label)) => key.label.as_ref() == Some(label),
            // A system behind the gateway says whose a key is, but not which one.
            Proof::Key(None) => {
                let shown = shown(call, &UserRef::Name(owner.clone()), &key).await?;
                shown.is_some_and(|shown| same(shown.expose(), value))
            }
            Proof::Password | Proof::Vouched => false,
        };
        if is_it {
            return Ok(Some((owner.clone(), key)));
        }
    }
    Ok(None)
}

/// The application keys of every user, each with its owner.
pub(crate) async fn keys_of_everybody(call: &Call<'_>) -> Result<Vec<(Key, User)>, Failure> {
    let keys = Command::ListKeys(None, call.options.namespace.clone(), KeyChoice::All);
    let mut keys = call.run(keys).await?.keys()?;
    keys.retain(|key| key.label.is_some());
    let held: HashSet<_> = keys.iter().filter_map(|key| key.owner).collect();
    let query = PeopleQuery::in_order(Order::Created);
    let everybody = call.exchange.list(Some(&call.caller), query).await?;
    let mut owners = HashMap::new();
    people::each(everybody, |user| {
        if held.contains(&user.id) {
            owners.insert(user.id, user.clone());
        }
    })
    .await?;
    let owned = keys.into_iter().filter_map(|key| {
        let owner = owners.get(&key.owner?)?.clone();
        Some((key, owner))
    });
    Ok(owned.collect())
}

/// The application keys of the caller. A caller with the global key has none.
async fn keys_of_caller(call: &Call<'_>) -> Result<Vec<Key>, Failure> {
    match call.caller.user() {
        Some(user) => keys_of(call, &user.username).await,
        None => Ok(Vec::new()),
    }
}

/// The application keys of a user; none for a user who does not exist. They are read in the
/// gateway's own name: OctoPrint says that a key does not exist before it says that it is another
/// user's.
async fn keys_of(call: &Call<'_>, name: &str) -> Result<Vec<Key>, Failure> {
    let owner = UserRef::Name(name.to_owned());
    let command = Command::ListKeys(Some(owner), call.options.namespace.clone(), KeyChoice::All);
    let mut keys = match call.read(command).await {
        Err(fault) if fault.kind == FaultKind::NotFound => Vec::new(),
        keys => keys?.keys()?,
    };
    keys.retain(|key| key.label.is_some());
    Ok(keys)
}

/// A key as the API shows it.
fn external(owner: &str, key: &Key) -> Py {
    let app = key.label.as_deref().unwrap_or_default();
    Py::dict([("app_id", Py::text(app)), ("user_id", Py::text(owner))])
}
