//! `/plugin/appkeys`: an application asks for a key, a user decides, the application polls for it.

use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::secret::Secret;
use isogloss_interop::percent;
use isogloss_interop::python::json::write::{PYTHON_3, write};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json_as, no_content};
use crate::dialect::appkeys::issue::issue;
use crate::dialect::appkeys::pending::{Granted, State};
use crate::dialect::appkeys::{limit, slots};
use crate::dialect::arguments::is_yes;
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;

/// The permission to decide.
pub(crate) const GRANT: &str = "PLUGIN_APPKEYS_GRANT";

/// `GET /plugin/appkeys/probe`
pub(crate) async fn probe(_: &Call<'_>) -> Answer {
    Ok(no_content())
}

/// `POST /plugin/appkeys/request`
pub(crate) async fn request(call: &Call<'_>) -> Answer {
    const OFTEN: Failure =
        Failure::with(429, "You have made too many app key requests. Please try again later.");
    let address = call.site.client.map_or_else(String::new, |ip| ip.to_string());
    limit::count(call, OFTEN).await?;
    call.require_set_up().await?;
    let body = call.json()?;
    if body == Py::None {
        return Err(Failure::with(400, "Missing data"));
    }
    if !body.contains("app")? {
        return Err(Failure::with(400, "No app name provided"));
    }
    let app = body.item("app")?;
    let user = body.get("user").filter(|user| user.truthy());
    let named = user.map(|user| format!("?user={}", percent::encode(&text_of(user))));
    let named = named.unwrap_or_default();
    let token = &slots::store_request(call, address, (app, user)).await?;
    let dialog = call.site.absolute(&format!("/plugin/appkeys/auth/{token}{named}"));
    let poll = call.site.absolute(&format!("/plugin/appkeys/request/{token}"));
    let body = Py::dict([("app_token", Py::text(token)), ("auth_dialog", Py::text(dialog))]);
    Ok(json_as(201, &body, PYTHON_3)?.with("Location", poll))
}

/// A value inside a text, as Python writes it. A name need not be a text.
pub(crate) fn text_of(value: &Py) -> String {
    match value {
        Py::Str(text) => text.clone(),
        Py::Halves(units) => String::from_utf16_lossy(units),
        Py::None => "None".to_owned(),
        Py::Bool(on) => if *on { "True" } else { "False" }.to_owned(),
        Py::Int(_) | Py::Float(_) | Py::List(_) | Py::Dict(_) => {
            write(value).map_or_else(|_| "nan".to_owned(), |text| text.trim_end().to_owned())
        }
    }
}

/// `GET /plugin/appkeys/request/TOKEN`: 202 while nobody has decided, then the key, once. If the key
/// cannot be issued, the program hears the error, never that nobody has allowed it. After a fault of the
/// gateway or of the system behind it, the next poll tries again.
pub(crate) async fn poll(call: &Call<'_>) -> Answer {
    let granted = match slots::poll(call, &call.parameter).await?.ok_or(Failure::of(404))? {
        State::Waiting => {
            let message = Py::dict([("message", Py::text("Awaiting decision"))]);
            return json_as(202, &message, call.differences().json);
        }
        State::Granted(granted) => granted,
    };
    let issued = issue_granted(call, &granted).await;
    if issued.as_ref().is_err_and(|failure| failure.status >= 500) {
        slots::put_back(call, &call.parameter, &granted).await?;
    }
    let value = issued?;
    json_as(200, &Py::dict([("api_key", Py::text(value.expose()))]), call.differences().json)
}

/// Issues the key that a user has granted.
async fn issue_granted(call: &Call<'_>, granted: &Granted) -> Result<Secret, Failure> {
    let who = Credentials::Vouched(granted.person());
    let caller = call.exchange.identify(who).await.map_err(without_user)?;
    let user = caller.user().cloned().ok_or(Failure::of(404))?;
    issue(call, &caller, &user, &text_of(&granted.app())).await
}

/// The user who granted a key no longer exists or is inactive.
fn without_user(fault: Fault) -> Failure {
    if fault.kind == FaultKind::Unauthenticated { Failure::of(404) } else { fault.into() }
}

/// `POST /plugin/appkeys/decision/TOKEN`
pub(crate) async fn decide(call: &Call<'_>) -> Answer {
    let own = call.name().ok_or(Failure::of(403))?;
    let body = call.json()?;
    if !body.contains("decision")? {
        return Err(Failure::with(400, "No decision provided"));
    }
    if !call.needs().await?.allow_key(GRANT) {
        return Err(Failure::with(403, "No permission to grant app access"));
    }
    call.require_recent_password()?;
    let granted = is_yes(body.item("decision")?)?;
    let pending = slots::by_user_token(call, &call.parameter).await?;
    let pending = pending.filter(|pending| pending.is_for(own)).ok_or(Failure::of(404))?;
    let user = call.caller.user_id().filter(|_| granted);
    slots::decide(call, pending, user).await?;
    Ok(no_content())
}
