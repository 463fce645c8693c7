//! The plugin `appkeys`: `/api/plugin/appkeys`, and requests for keys.

use isogloss_canonical::command::Command;
use isogloss_canonical::key::{Key, KeyChoice};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json_as};
use crate::dialect::appkeys::issue::{issue, shown};
use crate::dialect::appkeys::keys::keys_of_everybody;
use crate::dialect::appkeys::{limit, slots};
use crate::dialect::arguments::is_yes_as;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::gate::has_admin_role;
use crate::dialect::v1_3::answers::{json, no_content};
use crate::dialect::v1_3::bodies;

const PLUGIN: &str = "appkeys";
const NO_PLUGIN: Failure = Failure::text(404, "Not found");
const WRONG_COMMAND: Failure = Failure::text(400, "Expected valid command");
/// OctoPrint catches an exception of the plugin, and answers 500.
const CAUGHT: Failure = Failure::of(500);

/// `GET /plugin/appkeys/probe`
pub(crate) async fn probe(_: &Call<'_>) -> Answer {
    Ok(no_content())
}

/// `/api/plugin/NAME` of a server that has no such plugin.
pub(crate) async fn absent(_: &Call<'_>) -> Answer {
    Err(NO_PLUGIN)
}

/// `GET /api/plugin/NAME`: a guest has no name, which the plugin does not expect.
pub(crate) async fn get(call: &Call<'_>) -> Answer {
    if call.parameter != PLUGIN {
        return Err(NO_PLUGIN);
    }
    let own = call.name().ok_or(CAUGHT)?;
    let trues = call.differences().trues;
    let all = call.value("all").is_some_and(|all| is_yes_as(&Py::text(all), trues) == Ok(true));
    let keys = if all && has_admin_role(call) {
        shown_keys(call).await?.iter().map(|(key, user)| external(&user.username, key)).collect()
    } else {
        keys_of_caller(call).await?.iter().map(|key| external(own, key)).collect()
    };
    let mut pending = Py::dict([]);
    for request in slots::waiting(call).await? {
        if request.is_for(own) {
            pending.set(request.user_token.clone(), request.external());
        }
    }
    json(call, &Py::dict([("keys", Py::List(keys)), ("pending", pending)]))
}

/// The commands of the plugin, each with the parameter that it must have.
const COMMANDS: [(&str, &str, &str); 2] = [
    ("generate", "app", "Mandatory parameter app missing for command generate"),
    ("revoke", "key", "Mandatory parameter key missing for command revoke"),
];

/// `POST /api/plugin/NAME`
pub(crate) async fn command(call: &Call<'_>) -> Answer {
    if call.parameter != PLUGIN {
        return Err(NO_PLUGIN);
    }
    let body = bodies::of_command(call)?;
    let Py::Dict(fields) = &body else { return Err(CAUGHT) };
    let name = fields.get("command").and_then(Py::as_str);
    let known = COMMANDS.iter().find(|(own, ..)| Some(*own) == name);
    let (name, parameter, missing) = known.ok_or(WRONG_COMMAND)?;
    let value = fields.get(parameter).ok_or(Failure::text(400, missing))?;
    match *name {
        "generate" => generate(call, value).await,
        _ => revoke(call, value).await,
    }
}

/// Issues the caller a key for an application. Another user in the body is ignored.
async fn generate(call: &Call<'_>, app: &Py) -> Answer {
    let app = app.as_str().filter(|app| !app.is_empty()).ok_or(CAUGHT)?;
    // The application's own key has no user who could hold a key.
    let user = call.caller.user().cloned().ok_or(Failure::of(403))?;
    issue(call, &call.caller, &user, app.trim()).await?;
    Ok(no_content())
}

/// Revokes a key by its value, for callers with the administrator's role. For any other the plugin of 1.3.12 fails and
/// revokes nothing.
async fn revoke(call: &Call<'_>, value: &Py) -> Answer {
    if !value.truthy() || !has_admin_role(call) {
        return Err(CAUGHT);
    }
    let value = Secret::new(value.as_str().unwrap_or_default());
    let keys = shown_keys(call).await?;
    for (key, owner) in keys.into_iter().filter(|(key, _)| key.shown.as_ref() == Some(&value)) {
        let (owner, namespace) = (Some(UserRef::Id(owner.id)), call.options.namespace.clone());
        let choice = KeyChoice::Labelled(key.label.unwrap_or_default());
        call.run(Command::RevokeKeys(owner, namespace, choice)).await?;
    }
    Ok(no_content())
}

/// The application keys of every user with their values, each with its owner.
async fn shown_keys(call: &Call<'_>) -> Result<Vec<(Key, User)>, Failure> {
    let mut owned = keys_of_everybody(call).await?;
    for (key, owner) in &mut owned {
        key.shown = shown(call, &UserRef::Id(owner.id), key).await?;
    }
    Ok(owned)
}

/// The application keys of the caller, if the caller is a user.
async fn keys_of_caller(call: &Call<'_>) -> Result<Vec<Key>, Failure> {
    let Some(user) = call.caller.user() else { return Ok(Vec::new()) };
    let namespace = call.options.namespace.clone();
    let command = Command::ListKeys(Some(UserRef::Id(user.id)), namespace, KeyChoice::All);
    let mut keys = call.run(command).await?.keys()?;
    keys.retain(|key| key.label.is_some());
    for key in &mut keys {
        key.shown = shown(call, &UserRef::Id(user.id), key).await?;
    }
    Ok(keys)
}

/// A key as the API shows it, with its value.
fn external(owner: &str, key: &Key) -> Py {
    let value = key.shown.as_ref().map_or(Py::None, |value| Py::text(value.expose()));
    let app = key.label.as_deref().unwrap_or_default();
    Py::dict([("api_key", value), ("app_id", Py::text(app)), ("user_id", Py::text(owner))])
}

/// `POST /plugin/appkeys/request`: an application asks for a key.
pub(crate) async fn request(call: &Call<'_>) -> Answer {
    limit::count(call, Failure::of(429)).await?;
    // The framework answers a body that it cannot read with its own page here.
    let body = bodies::json(call).map_err(Failure::in_framework_words)?;
    if body == Py::None {
        return Err(Failure::text(400, "Missing key request"));
    }
    if !body.contains("app")? {
        return Err(Failure::text(400, "No app name provided"));
    }
    let app = body.item("app")?;
    let user = body.get("user").filter(|user| user.truthy());
    let address = call.site.client.map_or_else(String::new, |ip| ip.to_string());
    let token = &slots::store_request(call, address, (app, user)).await?;
    let poll = call.site.absolute(&format!("/plugin/appkeys/request/{token}"));
    let answer =
        json_as(201, &Py::dict([("app_token", Py::text(token))]), call.differences().json)?;
    Ok(answer.with("Location", poll))
}

/// `POST /plugin/appkeys/decision/TOKEN`: a user decides.
pub(crate) async fn decide(call: &Call<'_>) -> Answer {
    let body = bodies::json(call).map_err(Failure::in_framework_words)?;
    if !body.contains("decision")? {
        return Err(Failure::text(400, "No decision provided"));
    }
    let granted = is_yes_as(body.item("decision")?, call.differences().trues)?;
    let own = call.name().ok_or(CRASH)?;
    let pending = slots::by_user_token(call, &call.parameter).await?;
    let pending = pending.filter(|pending| pending.is_for(own)).ok_or(Failure::of(404))?;
    let user = call.caller.user_id().filter(|_| granted);
    slots::decide(call, pending, user).await?;
    Ok(no_content())
}
