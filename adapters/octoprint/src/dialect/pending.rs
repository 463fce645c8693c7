//! `/plugin/appkeys`: an application asks for a key, a person decides, the application polls.

use std::time::Duration;

use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::memory::Shelf;
use isogloss_canonical::user::{UserId, UserRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::answers::{
    CRASH, Refusal, Reply, abort, abort_with, escaped, json, json_as, no_content, page, redirect,
};
use super::appkeys::give;
use super::cookies::CSRF;
use super::form;
use super::headers::uncached;
use super::limits;
use super::login::settle_passively;
use super::routes::{decoded_path, quoted};
use super::secrets::fresh_key;
use super::session::csrf_token;
use super::visit::Visit;
use crate::pyjson::Py;

const PENDING: Shelf = "octoprint.appkeys.pending";
const BY_USER_TOKEN: Shelf = "octoprint.appkeys.decision";
const LISTED: Shelf = "octoprint.appkeys.listed";
const READY: Shelf = "octoprint.appkeys.ready";

/// What it takes to decide.
const GRANT: &str = "PLUGIN_APPKEYS_GRANT";
/// Whoever does not poll this often has lost interest.
const POLLS: Duration = Duration::from_secs(5);
/// Nobody waits longer.
const WAITS: Duration = Duration::from_mins(10);
/// How many are listed at once.
const LISTED_AT_MOST: usize = 100;

/// A request that waits for a decision.
#[derive(Clone, Serialize, Deserialize)]
struct Pending {
    app: String,
    app_token: String,
    user: Option<String>,
    user_token: String,
    address: String,
    since: Timestamp,
}

/// A decision in favour, which waits to be fetched.
#[derive(Serialize, Deserialize)]
struct Ready {
    app: String,
    user: Uuid,
}

/// `GET /plugin/appkeys/probe`
pub(crate) async fn probe(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    visit.require_set_up().await?;
    Ok(no_content())
}

/// `POST /plugin/appkeys/request`
pub(crate) async fn request(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    const OFTEN: Refusal =
        abort_with(429, "You have made too many app key requests. Please try again later.");
    let address = visit.site.client.map_or_else(String::new, |ip| ip.to_string());
    if visit.settings.rate_limit
        && (limits::exceeded(visit.exchange, limits::KEY_REQUEST, &address).await?
            || limits::count(visit.exchange, limits::KEY_REQUEST, &address).await?)
    {
        return Err(OFTEN);
    }
    visit.require_set_up().await?;
    let body = visit.json()?;
    if body == Py::None {
        return Err(abort_with(400, "Missing data"));
    }
    if !body.contains("app")? {
        return Err(abort_with(400, "No app name provided"));
    }
    let app = body.item("app")?.as_str().ok_or(CRASH)?.to_owned();
    let user = body.get("user").filter(|user| user.truthy());
    let user = user.map(|user| user.as_str().map(str::to_owned).ok_or(CRASH)).transpose()?;
    let token = || fresh_key(visit.exchange).expose().to_owned();
    let since = visit.exchange.now();
    let pending = Pending { app, app_token: token(), user, user_token: token(), address, since };
    keep(visit, &pending).await?;
    list(visit, &pending).await?;
    let named = pending.user.as_ref().map_or_else(String::new, |user| format!("?user={user}"));
    let token = &pending.app_token;
    let dialog = visit.site.absolute(&format!("/plugin/appkeys/auth/{token}{named}"));
    let poll = visit.site.absolute(&format!("/plugin/appkeys/request/{token}"));
    let body = Py::dict([("app_token", Py::text(token)), ("auth_dialog", Py::text(dialog))]);
    Ok(json_as(201, &body)?.with("Location", poll))
}

/// `GET /plugin/appkeys/request/TOKEN`: 202 while nobody decided; the key, once.
pub(crate) async fn poll(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    let token = &names[0];
    if let Some(pending) = pending_of(visit, PENDING, token).await? {
        keep(visit, &pending).await?;
        return json_as(202, &Py::dict([("message", Py::text("Awaiting decision"))]));
    }
    let ready = visit.exchange.memory().recall(READY, token).await?;
    let ready = ready.and_then(|value| serde_json::from_value::<Ready>(value).ok());
    let Some(ready) = ready else { return Err(abort(404)) };
    if !visit.exchange.memory().forget(READY, token).await? {
        return Err(abort(404));
    }
    let who = Credentials::Vouched(UserRef::Id(UserId(ready.user)));
    let caller = visit.exchange.identify(who).await.map_err(gone)?;
    let user = caller.user().cloned().ok_or(abort(404))?;
    let value = give(visit, &caller, &user, &ready.app).await?;
    json(&Py::dict([("api_key", Py::text(value.expose()))]))
}

/// Whoever granted it is not there any more.
fn gone(fault: Fault) -> Refusal {
    if fault.kind == FaultKind::Unauthenticated { abort(404) } else { fault.into() }
}

/// `POST /plugin/appkeys/decision/TOKEN`
pub(crate) async fn decide(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    let own = Some(visit.name().ok_or(abort(403))?.to_owned());
    let body = visit.json()?;
    if !body.contains("decision")? {
        return Err(abort_with(400, "No decision provided"));
    }
    if !visit.needs().await?.allow_key(GRANT) {
        return Err(abort_with(403, "No permission to grant app access"));
    }
    visit.require_recent()?;
    let granted = body.item("decision")?.is_yes()?;
    let pending = pending_of(visit, BY_USER_TOKEN, &names[0]).await?;
    let pending = pending.filter(|pending| pending.user.is_none() || pending.user == own);
    let pending = pending.ok_or(abort(404))?;
    let memory = visit.exchange.memory();
    // Whoever takes it away has decided; a second decision finds nothing.
    if !memory.forget(BY_USER_TOKEN, &names[0]).await? {
        return Err(abort(404));
    }
    if let (true, Some(user)) = (granted, visit.caller.user_id()) {
        let ready = serde_json::to_value(Ready { app: pending.app, user: user.0 });
        memory.remember(READY, &pending.app_token, ready.map_err(|_| CRASH)?, WAITS).await?;
    }
    memory.forget(PENDING, &pending.app_token).await?;
    Ok(no_content())
}

/// `GET /plugin/appkeys/auth/TOKEN`: the page on which somebody decides.
pub(crate) async fn dialog(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    let pending = pending_of(visit, PENDING, &names[0]).await?.ok_or(abort(404))?;
    settle_passively(visit).await?;
    let asked = form::value(&visit.values, "user").map(str::to_owned);
    let own = visit.name().map(str::to_owned);
    let allowed = visit.needs().await?.allow_key(GRANT);
    let other = asked.as_ref().filter(|asked| own.as_ref() != Some(*asked));
    if !allowed || other.is_some() || !visit.recent() {
        return Ok(redirect(302, &to_login(visit, allowed, other)));
    }
    if pending.user != asked && (asked.is_some() || pending.user != own) {
        return Err(abort(404));
    }
    let token = csrf_token(visit.exchange, visit.cookies.get(CSRF)).await?;
    visit.cookies.set_open(CSRF, &token);
    let (app, address) = (escaped(&pending.app), escaped(&pending.address));
    let decision = escaped(&format!("/plugin/appkeys/decision/{}", pending.user_token));
    let page = page(format!(
        "<!doctype html>\n<html lang=en>\n<title>Application Keys</title>\n\
         <p>{app} asks for access from {address}. Decide at <code>{decision}</code>.</p>\n"
    ));
    Ok(uncached(page))
}

/// Where somebody else, or with more rights, can sign in and come back.
fn to_login(visit: &Visit<'_>, allowed: bool, other: Option<&String>) -> String {
    let root = &visit.site.root;
    let path = decoded_path(&visit.request.path, root);
    let query = visit.request.query.as_deref().unwrap_or_default().replace('=', "%3D");
    let mut login = format!("{root}/login/?redirect={root}{}?{query}", quoted(&path));
    if !allowed {
        login.push_str("&permissions=PLUGIN_APPKEYS_GRANT");
    }
    if allowed && other.is_none() {
        login.push_str("&reauthenticate=true");
    }
    if let Some(other) = other {
        login.push_str("&user_id=");
        login.push_str(&quoted(other));
    }
    login
}

/// The requests that wait for somebody, by the token to decide with.
pub(crate) async fn for_user(visit: &Visit<'_>, name: &str) -> Result<Py, Refusal> {
    let mut shown = Py::Dict(Vec::new());
    for listed in listed(visit).await? {
        if listed.user.as_deref().is_some_and(|user| user != name) {
            continue;
        }
        let Some(pending) = pending_of(visit, PENDING, &listed.app_token).await? else { continue };
        let user = pending.user.as_ref().map_or(Py::None, Py::text);
        let shape = Py::dict([
            ("app_id", Py::text(&pending.app)),
            ("user_id", user),
            ("user_token", Py::text(&pending.user_token)),
            ("remote_address", Py::text(&pending.address)),
        ]);
        shown.set(&pending.user_token, shape);
    }
    Ok(shown)
}

/// Keeps a request until the next poll is due.
async fn keep(visit: &Visit<'_>, pending: &Pending) -> Result<(), Refusal> {
    let value = serde_json::to_value(pending).map_err(|_| CRASH)?;
    let memory = visit.exchange.memory();
    memory.remember(PENDING, &pending.app_token, value.clone(), POLLS).await?;
    memory.remember(BY_USER_TOKEN, &pending.user_token, value, POLLS).await?;
    Ok(())
}

async fn pending_of(
    visit: &Visit<'_>,
    shelf: Shelf,
    token: &str,
) -> Result<Option<Pending>, Refusal> {
    let found = visit.exchange.memory().recall(shelf, token).await?;
    let found = found.and_then(|value| serde_json::from_value::<Pending>(value).ok());
    let now = visit.exchange.now();
    Ok(found.filter(|pending| now.duration_since(pending.since).unsigned_abs() < WAITS))
}

/// The list by which a person sees what waits. Two requests at the same moment may lose one line
/// of it, never the request itself.
async fn list(visit: &Visit<'_>, pending: &Pending) -> Result<(), Refusal> {
    let mut lines = listed(visit).await?;
    lines.push(pending.clone());
    let now = visit.exchange.now();
    lines.retain(|line| now.duration_since(line.since).unsigned_abs() < WAITS);
    let late = lines.len().saturating_sub(LISTED_AT_MOST);
    let lines = serde_json::to_value(&lines[late..]).map_err(|_| CRASH)?;
    visit.exchange.memory().remember(LISTED, "", lines, WAITS).await?;
    Ok(())
}

async fn listed(visit: &Visit<'_>) -> Result<Vec<Pending>, Refusal> {
    let lines: Option<Value> = visit.exchange.memory().recall(LISTED, "").await?;
    Ok(lines.and_then(|lines| serde_json::from_value(lines).ok()).unwrap_or_default())
}
