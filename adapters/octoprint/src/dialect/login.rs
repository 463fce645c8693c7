//! `/api/login` and `/api/logout`.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::key::{Key, KeyChoice};
use isogloss_canonical::secret::{Secret, same};
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::vouching::Voucher;
use isogloss_interop::python::value::Py;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::dialect::answers::{Answer, json};
use crate::dialect::arguments::is_yes;
use crate::dialect::call::Call;
use crate::dialect::cookies::{ACTIVE_LOGOUT, REMEMBER};
use crate::dialect::csrf;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::identity::key::sent;
use crate::dialect::identity::proof::{by_name, check_password};
use crate::dialect::keys::api_key;
use crate::dialect::limits;
use crate::dialect::sessions::logins;
use crate::dialect::sessions::signed_in::SignedIn;
use crate::dialect::sessions::{Mechanism, REMEMBER_LASTS, forget_remembered};
use crate::roles::rights::Rights;
use crate::secrets::hex_token;
use crate::wire::{self, Shown};

/// `POST /api/login`. With `login_rate_limit`, failed logins count.
pub(crate) async fn login(call: &mut Call<'_>) -> Answer {
    refuse_beyond_limit(call).await?;
    let fields = call.json_or_values();
    if fields.contains("user")? && fields.contains("pass")? {
        let (name, password) = (fields.item("user")?, fields.item("pass")?);
        let remember = fields.get("remember").map_or(Ok(false), is_yes)?;
        let session = by_password(call, name, password, remember).await?;
        return describe(call, session).await;
    }
    if fields.contains("passive")? {
        let session = sign_in_passively(call).await?;
        return describe(call, session).await;
    }
    Err(Failure::with(400, "Neither user and pass attributes nor passive flag present"))
}

/// The refusal of a client that has failed too often.
pub(crate) const OFTEN: Failure =
    Failure::with(429, "You have made too many failed login attempts. Please try again later.");

/// Refuses every kind of login of a client that has failed too often.
async fn refuse_beyond_limit(call: &Call<'_>) -> Result<(), Failure> {
    let is_limited = call.options.rate_limit;
    let client = call.site.network();
    if is_limited && limits::exceeded(call.exchange, limits::LOGIN, &client).await? {
        return Err(OFTEN);
    }
    Ok(())
}

/// Signs in by a name and a password; a refusal is 403. Answers the session id. With
/// `login_rate_limit`, failed logins count.
pub(crate) async fn by_password(
    call: &mut Call<'_>,
    name: &Py,
    password: &Py,
    remember: bool,
) -> Result<Option<String>, Failure> {
    let client = call.site.network();
    let is_limited = call.options.rate_limit;
    if is_limited && limits::count(call.exchange, limits::LOGIN, &client).await? {
        return Err(OFTEN);
    }
    let answer = check(call, name, password, remember).await;
    let is_refused = answer.as_ref().is_err_and(|failure| failure.status == 403);
    if is_limited && !is_refused {
        limits::take_back(call.exchange, limits::LOGIN, &client).await?;
    }
    answer
}

/// A login as the user who is signed in already is a reauthentication, which gets no session id. A
/// login as another user ends the live login, even if it fails:
/// `fixtures/transcripts/octoprint/cookie-session.json`.
async fn check(
    call: &mut Call<'_>,
    name: &Py,
    password: &Py,
    remember: bool,
) -> Result<Option<String>, Failure> {
    let again = call.name().is_some() && call.name() == name.as_str();
    if call.session.login.is_some() && !again {
        call.session.end_login(call.exchange).await?;
    }
    if !name.hashable() {
        return Err(CRASH);
    }
    let name = name.as_str().ok_or(Failure::of(403))?;
    // A password that is no text is checked as a wrong one: it takes as long, and counts as a guess.
    let text = password.as_str().map_or_else(|| hex_token(call.exchange), str::to_owned);
    let who = UserRef::Name(name.to_owned());
    let caller = check_password(call, who, &text).await?.ok_or(Failure::of(403))?;
    let user = caller.user().cloned().ok_or(Failure::of(403))?;
    if !again {
        sign_in(call, &user).await?;
    }
    if remember && !again {
        remember_me(call).await?;
    }
    call.caller = caller;
    call.sets_session_cookie = true;
    call.session.mechanism = Some(Mechanism::Password);
    call.session.seen = Some(call.exchange.now().as_second());
    call.cookies.remove(ACTIVE_LOGOUT);
    Ok(call.session.login.clone().filter(|_| !again))
}

/// Signs a user in. A session without a binding is bound to the CSRF token that was sent.
async fn sign_in(call: &mut Call<'_>, user: &User) -> Result<(), Failure> {
    call.session.sign_in(call.exchange, SignedIn::now(user)).await?;
    if call.session.csrf.is_none() {
        call.session.csrf = csrf::sent_binding(call)?;
    }
    Ok(())
}

/// Sets the cookie of "remember me".
pub(crate) async fn remember_me(call: &mut Call<'_>) -> Result<(), Failure> {
    let Some(token) = call.session.remember(call.exchange).await? else { return Ok(()) };
    let until = Timestamp::from_second(call.exchange.now().as_second())
        .and_then(|now| now.checked_add(REMEMBER_LASTS));
    let until = until.map_err(|_| CRASH)?.to_zoned(TimeZone::UTC);
    let until = format!("; Expires={}", until.strftime("%a, %d %b %Y %H:%M:%S GMT"));
    call.cookies.set_hidden(REMEMBER, &token, Some(&until));
    Ok(())
}

/// A passive login: signs the caller in as whoever they are already, and a guest from a local network
/// by `autologin_as`. Answers the session id.
pub(crate) async fn sign_in_passively(call: &mut Call<'_>) -> Result<Option<String>, Failure> {
    if call.name().is_none() {
        sign_in_local_guest(call).await?;
    }
    call.sets_session_cookie = true;
    let Some(user) = call.caller.user() else {
        let application = matches!(call.caller, Caller::Application(_));
        return Ok(application.then(|| hex_token(call.exchange)));
    };
    let user = user.clone();
    if call.session.mechanism == Some(Mechanism::Apikey) {
        return sign_in_by_key(call, &user).await.map(Some);
    }
    sign_in(call, &user).await?;
    Ok(call.session.login.clone())
}

/// A call by key gets no cookie. The id of its login serves for the socket only, and only if the gateway
/// can tell later that the key still opens everything: not for a key that expires or that has addresses.
async fn sign_in_by_key(call: &Call<'_>, user: &User) -> Result<String, Failure> {
    if let Some(key) = shown_key(call, user).await?
        && key.expires.is_none()
        && key.addresses.is_empty()
    {
        return Ok(logins::open_by_key(call.exchange, SignedIn::now(user), key.id).await?);
    }
    Ok(hex_token(call.exchange))
}

/// The caller's key that the request shows, where there is a socket: on the embedded store.
async fn shown_key(call: &Call<'_>, user: &User) -> Result<Option<Key>, Failure> {
    let Some(sent) = sent(call)?.filter(|_| call.exchange.is_embedded()) else { return Ok(None) };
    let (owner, namespace) = (UserRef::Id(user.id), call.options.namespace.clone());
    let keys =
        call.read(Command::ListKeys(Some(owner), namespace, KeyChoice::All)).await?.keys()?;
    let is_sent = |key: &Key| key.shown.as_ref().is_some_and(|own| same(own.expose(), &sent));
    Ok(keys.into_iter().find(is_sent))
}

pub(crate) async fn sign_in_local_guest(call: &mut Call<'_>) -> Result<(), Failure> {
    let Some(autologin) = &call.options.autologin else { return Ok(()) };
    let Some(client) = call.site.client else { return Ok(()) };
    let local = autologin.networks.iter().any(|network| network.contains(&client));
    if !local || call.cookies.get(ACTIVE_LOGOUT).is_some() {
        return Ok(());
    }
    if let Some(caller) = by_name(call, Voucher::Network, &autologin.user).await? {
        call.caller = caller;
        call.session.mechanism = Some(Mechanism::Autologin);
        call.session.seen = None;
    }
    Ok(())
}

/// The caller, with the facts of the login.
async fn describe(call: &Call<'_>, session: Option<String>) -> Answer {
    let rights = call.rights().await?;
    let mut shape = match call.caller.user() {
        Some(user) => {
            let key = api_key(call, user).await?;
            let key = key.as_ref().map(Secret::expose);
            Shown::with_groups(user, rights, key)?.shape(call.differences())
        }
        None if matches!(call.caller, Caller::Application(_)) => {
            wire::application(rights, call.differences())?
        }
        None => guest(rights)?,
    };
    if let Some(session) = session {
        shape.set("session", Py::text(session));
    }
    if let Some(mechanism) = call.session.mechanism {
        shape.set("_login_mechanism", Py::text(mechanism.as_str()));
    }
    let seen = call.session.seen.and_then(|seen| Timestamp::from_second(seen).ok());
    let seen = seen
        .map(|seen| seen.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string());
    shape.set("_credentials_seen", seen.map_or(Py::Bool(false), Py::Str));
    shape.set("_is_external_client", Py::Bool(!call.site.is_local()));
    json(&shape)
}

/// A caller who is not signed in.
fn guest(rights: &Rights) -> Result<Py, Failure> {
    let needs = rights.needs(&Rights::guest())?;
    Ok(Py::dict([("needs", wire::needs(&needs))]))
}

/// `POST /api/logout`: ends the whole sign-in, with every copy of a token of "remember me" and the
/// sessions that it opened. OctoPrint does not end those two.
pub(crate) async fn logout(call: &mut Call<'_>) -> Answer {
    sign_out(call).await?;
    json(&guest(call.rights().await?)?)
}

/// Ends the sign-in, in the gateway and in the browser.
pub(crate) async fn sign_out(call: &mut Call<'_>) -> Result<(), Failure> {
    call.session.log_out(call.exchange).await?;
    call.sets_session_cookie = true;
    if let Some(token) = call.cookies.get(REMEMBER).map(str::to_owned) {
        forget_remembered(call.exchange, &token).await?;
        call.cookies.remove(REMEMBER);
    }
    call.cookies.set_open(ACTIVE_LOGOUT, "true");
    Ok(())
}
