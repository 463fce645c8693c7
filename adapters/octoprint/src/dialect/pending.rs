//! `/plugin/appkeys`: an application asks for a key, a person decides, the application polls.

use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::fault::{Fault, FaultKind};

use super::answers::{
    Refusal, Reply, abort, abort_with, escaped, json, json_as, no_content, page, redirect,
};
use super::appkeys::give;
use super::csrf::give_token;
use super::form;
use super::headers::uncached;
use super::limits;
use super::login::settle_passively;
use super::routes::{decoded_path, quoted};
use super::slots::{self, State};
use super::visit::Visit;
use crate::pyjson::{Py, write};

/// What it takes to decide.
const GRANT: &str = "PLUGIN_APPKEYS_GRANT";

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
    let network = visit.site.network();
    if visit.settings.rate_limit
        && limits::count(visit.exchange, limits::KEY_REQUEST, &network).await?
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
    let app = body.item("app")?;
    let user = body.get("user").filter(|user| user.truthy());
    let named = user.map_or_else(String::new, |user| format!("?user={}", spelled(user)));
    let token = &slots::keep(visit, address, (app, user)).await?;
    let dialog = visit.site.absolute(&format!("/plugin/appkeys/auth/{token}{named}"));
    let poll = visit.site.absolute(&format!("/plugin/appkeys/request/{token}"));
    let body = Py::dict([("app_token", Py::text(token)), ("auth_dialog", Py::text(dialog))]);
    Ok(json_as(201, &body)?.with("Location", poll))
}

/// A value as Python spells it within a text. A name is mostly a text, but need not be.
fn spelled(value: &Py) -> String {
    match value {
        Py::Str(text) => text.clone(),
        Py::None => "None".to_owned(),
        Py::Bool(on) => if *on { "True" } else { "False" }.to_owned(),
        Py::Int(_) | Py::Float(_) | Py::List(_) | Py::Dict(_) => {
            write(value).map_or_else(|_| "nan".to_owned(), |text| text.trim_end().to_owned())
        }
    }
}

/// `GET /plugin/appkeys/request/TOKEN`: 202 while nobody decided; the key, once.
pub(crate) async fn poll(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    let ready = match slots::state(visit, &names[0]).await?.ok_or(abort(404))? {
        State::Waiting => {
            return json_as(202, &Py::dict([("message", Py::text("Awaiting decision"))]));
        }
        State::Granted(ready) => ready,
    };
    let who = Credentials::Vouched(ready.person());
    let caller = visit.exchange.identify(who).await.map_err(gone)?;
    let user = caller.user().cloned().ok_or(abort(404))?;
    let value = give(visit, &caller, &user, &spelled(&ready.app())).await?;
    json(&Py::dict([("api_key", Py::text(value.expose()))]))
}

/// Whoever granted it is not there any more.
fn gone(fault: Fault) -> Refusal {
    if fault.kind == FaultKind::Unauthenticated { abort(404) } else { fault.into() }
}

/// `POST /plugin/appkeys/decision/TOKEN`
pub(crate) async fn decide(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    let own = visit.name().ok_or(abort(403))?.to_owned();
    let body = visit.json()?;
    if !body.contains("decision")? {
        return Err(abort_with(400, "No decision provided"));
    }
    if !visit.needs().await?.allow_key(GRANT) {
        return Err(abort_with(403, "No permission to grant app access"));
    }
    visit.require_recent()?;
    let granted = body.item("decision")?.is_yes()?;
    let pending = slots::by_user_token(visit, &names[0]).await?;
    let pending = pending.filter(|pending| pending.is_for(&own)).ok_or(abort(404))?;
    let user = visit.caller.user_id().filter(|_| granted);
    slots::decide(visit, pending, user).await?;
    Ok(no_content())
}

/// `GET /plugin/appkeys/auth/TOKEN`: the page on which somebody decides.
pub(crate) async fn dialog(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    let pending = slots::by_app_token(visit, &names[0]).await?.ok_or(abort(404))?;
    settle_passively(visit).await?;
    let asked = form::value(&visit.values, "user").map(str::to_owned);
    let own = visit.name().map(str::to_owned);
    let allowed = visit.needs().await?.allow_key(GRANT);
    let other = asked.as_ref().filter(|asked| own.as_ref() != Some(*asked));
    if !allowed || other.is_some() || !visit.recent() {
        return Ok(redirect(302, &to_login(visit, allowed, other)));
    }
    let named = if asked.is_some() { &asked } else { &own };
    if !pending.is_named(asked.as_deref()) && !pending.is_named(named.as_deref()) {
        return Err(abort(404));
    }
    give_token(visit)?;
    let (app, address) = (escaped(&spelled(&pending.app())), escaped(&pending.address));
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
    for pending in slots::waiting(visit).await? {
        if !pending.is_for(name) {
            continue;
        }
        let shape = Py::dict([
            ("app_id", pending.app()),
            ("user_id", pending.user()),
            ("user_token", Py::text(&pending.user_token)),
            ("remote_address", Py::text(&pending.address)),
        ]);
        shown.set(&pending.user_token, shape);
    }
    Ok(shown)
}
