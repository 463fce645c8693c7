//! `/api/login` and `/api/logout`.

use isogloss_canonical::credentials::Caller;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::vouching::Voucher;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::answers::{CRASH, Refusal, Reply, abort, abort_with, json};
use super::cookies::{ACTIVE_LOGOUT, REMEMBER};
use super::csrf;
use super::identity::{by_name, check_password};
use super::limits;
use super::secrets::hex_token;
use super::session::{Mechanism, REMEMBER_LASTS, SignedIn, forget_remembered};
use super::users::api_key;
use super::visit::Visit;
use crate::pyjson::Py;
use crate::rights::Rights;
use crate::wire;

/// `POST /api/login`
pub(crate) async fn login(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    const OFTEN: Refusal =
        abort_with(429, "You have made too many failed login attempts. Please try again later.");
    if !visit.settings.rate_limit {
        return try_login(visit).await;
    }
    let client = visit.site.network();
    if limits::exceeded(visit.exchange, limits::LOGIN, &client).await? {
        return Err(OFTEN);
    }
    let fields = visit.json_or_values();
    let guesses = fields.contains("user")? && fields.contains("pass")?;
    if guesses && limits::count(visit.exchange, limits::LOGIN, &client).await? {
        return Err(OFTEN);
    }
    let reply = try_login(visit).await;
    let failed = matches!(&reply, Err(refusal) if refusal.status == 403);
    if guesses && !failed {
        limits::take_back(visit.exchange, limits::LOGIN, &client).await?;
    }
    reply
}

async fn try_login(visit: &mut Visit<'_>) -> Reply {
    let fields = visit.json_or_values();
    if fields.contains("user")? && fields.contains("pass")? {
        let (name, password) = (fields.item("user")?.clone(), fields.item("pass")?.clone());
        let remember = fields.get("remember").map_or(Ok(false), Py::is_yes)?;
        return by_password(visit, &name, &password, remember).await;
    }
    if fields.contains("passive")? {
        return passive(visit).await;
    }
    Err(abort_with(400, "Neither user and pass attributes nor passive flag present"))
}

/// As oneself it is a reauthentication and gives no session id; as another it ends the login that
/// there was, even if it fails: `fixtures/transcripts/octoprint/cookie-session.json`.
async fn by_password(visit: &mut Visit<'_>, name: &Py, password: &Py, stay: bool) -> Reply {
    let again = visit.name().is_some() && visit.name() == name.as_str();
    if visit.session.login.is_some() && !again {
        visit.session.end_login(visit.exchange).await?;
    }
    if !name.hashable() {
        return Err(CRASH);
    }
    let Some(name) = name.as_str() else { return Err(abort(403)) };
    let who = UserRef::Name(name.to_owned());
    // A password that is no text is a wrong one: it takes as long and counts as much as any.
    let text = password.as_str().map_or_else(|| hex_token(visit.exchange), str::to_owned);
    let caller = check_password(visit, who, &text).await?.ok_or(abort(403))?;
    let user = caller.user().cloned().ok_or(abort(403))?;
    if !again {
        sign_in(visit, &user).await?;
    }
    if stay && !again {
        remember_me(visit).await?;
    }
    visit.caller = caller;
    visit.has_session = true;
    visit.session.mechanism = Some(Mechanism::Password);
    visit.session.seen = Some(visit.exchange.now().as_second());
    visit.cookies.remove(ACTIVE_LOGOUT);
    let session = visit.session.login.clone().filter(|_| !again);
    describe(visit, session).await
}

/// Signs somebody in. The session is bound to the token against forged requests that is shown with
/// it, unless it is bound to one already.
async fn sign_in(visit: &mut Visit<'_>, user: &User) -> Result<(), Refusal> {
    visit.session.sign_in(visit.exchange, SignedIn::now(user)).await?;
    if visit.session.csrf.is_none() {
        visit.session.csrf = csrf::shown_binding(visit)?;
    }
    Ok(())
}

async fn remember_me(visit: &mut Visit<'_>) -> Result<(), Refusal> {
    let Some(token) = visit.session.remember(visit.exchange).await? else { return Ok(()) };
    let until = Timestamp::from_second(visit.exchange.now().as_second())
        .and_then(|now| now.checked_add(REMEMBER_LASTS));
    let until = until.map_err(|_| CRASH)?.to_zoned(TimeZone::UTC);
    let until = format!("; Expires={}", until.strftime("%a, %d %b %Y %H:%M:%S GMT"));
    visit.cookies.set_hidden(REMEMBER, &token, Some(&until));
    Ok(())
}

/// Says who calls, and signs a guest in who is taken for somebody by being near.
async fn passive(visit: &mut Visit<'_>) -> Reply {
    let session = settle_passively(visit).await?;
    describe(visit, session).await
}

/// A passive login: answers the session id.
pub(crate) async fn settle_passively(visit: &mut Visit<'_>) -> Result<Option<String>, Refusal> {
    if visit.name().is_none() {
        near(visit).await?;
    }
    visit.has_session = true;
    let Some(user) = visit.caller.user() else {
        let application = matches!(visit.caller, Caller::Application(_));
        return Ok(application.then(|| hex_token(visit.exchange)));
    };
    let user = user.clone();
    if visit.session.mechanism == Some(Mechanism::Apikey) {
        // Calls by key are given no cookie, so that nothing could ever use this session.
        return Ok(Some(hex_token(visit.exchange)));
    }
    sign_in(visit, &user).await?;
    Ok(visit.session.login.clone())
}

async fn near(visit: &mut Visit<'_>) -> Result<(), Refusal> {
    let Some(autologin) = &visit.settings.autologin else { return Ok(()) };
    let Some(client) = visit.site.client else { return Ok(()) };
    let near = autologin.networks.iter().any(|network| network.contains(&client));
    if !near || visit.cookies.get(ACTIVE_LOGOUT).is_some() {
        return Ok(());
    }
    if let Some(caller) = by_name(visit, Voucher::Network, &autologin.user).await? {
        visit.caller = caller;
        visit.session.mechanism = Some(Mechanism::Autologin);
        visit.session.seen = None;
    }
    Ok(())
}

/// Whoever calls, with what is known of the login.
async fn describe(visit: &mut Visit<'_>, session: Option<String>) -> Reply {
    let rights = visit.rights().await?.clone();
    let mut shape = match visit.caller.user() {
        Some(user) => {
            let key = api_key(visit, user).await?;
            wire::user(user, &rights, key.as_ref().map(Secret::expose))?
        }
        None if matches!(visit.caller, Caller::Application(_)) => wire::application(&rights)?,
        None => anonymous(&rights)?,
    };
    if let Some(session) = session {
        shape.set("session", Py::text(session));
    }
    if let Some(mechanism) = visit.session.mechanism {
        shape.set("_login_mechanism", Py::text(mechanism.as_str()));
    }
    let seen = visit.session.seen.and_then(|seen| Timestamp::from_second(seen).ok());
    let seen = seen
        .map(|seen| seen.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string());
    shape.set("_credentials_seen", seen.map_or(Py::Bool(false), Py::Str));
    shape.set("_is_external_client", Py::Bool(!visit.site.is_near()));
    json(&shape)
}

fn anonymous(rights: &Rights) -> Result<Py, Refusal> {
    let needs = rights.needs(&Rights::guest())?;
    Ok(Py::dict([("needs", wire::needs(&needs))]))
}

/// `POST /api/logout`: ends the whole sign-in, also a copied token of "remember me" and the
/// sessions that came of it. OctoPrint leaves those two.
pub(crate) async fn logout(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    visit.session.log_out(visit.exchange).await?;
    visit.has_session = true;
    if let Some(token) = visit.cookies.get(REMEMBER).map(str::to_owned) {
        forget_remembered(visit.exchange, &token).await?;
        visit.cookies.remove(REMEMBER);
    }
    visit.cookies.set_open(ACTIVE_LOGOUT, "true");
    let body = anonymous(visit.rights().await?)?;
    json(&body)
}
