//! Passwords: set with the gateway's key, checked by a login.

use isogloss_canonical::fault::{Fault, Refusal, Subject};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use serde_json::{Map, Value, json};

use crate::backend::api::{Api, CsrfPair, LOGIN, Refused, object, request, required_path_of};
use crate::backend::fault::{impossible, invalid, of_status, unexpected};
use crate::backend::lookup::fault_of;
use crate::backend::row::Row;
use crate::options::version::Gate;
use crate::wire::values::is_hashable;

/// The page that sets the cookie with the CSRF token, and the name of that cookie without its suffix.
const PAGE: (&str, &str) = ("/login/", "csrf_token");
/// The sentences, in plain text, with which servers before 1.5 refuse a login: a wrong password, and the
/// right one of an inactive user.
const WRONG: &str = "User unknown or password incorrect";
const DEACTIVATED: &str = "Your account is deactivated";

/// Sets a password; `None` sets a random one.
pub(super) async fn set(
    api: &Api,
    user: &UserRef,
    password: Option<Secret>,
) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    let path = format!("{}/password", required_path_of(name)?);
    let password = password.unwrap_or_else(|| api.random_password());
    let mut body = Map::new();
    body.insert("password".to_owned(), json!(settable(api, &password)?.expose()));
    match api.put(&path, &body).await? {
        Ok(data) if data == json!({}) => Ok(Outcome::Done),
        // Since 1.8 the owner of a key must send the old password:
        // `fixtures/transcripts/octoprint/users-password-self.json`.
        Err(Refused::Value(sentence)) if sentence.contains("current password") => {
            let detail = "the gateway's own account there cannot set its password by key";
            Err(impossible(Subject::Password, detail))
        }
        Ok(_) => Err(unexpected("the answer to a new password is not empty")),
        Err(why) => Err(fault_of(api, name, why).await),
    }
}

/// Checks a password. The server refuses every login of an inactive user; older ones say why.
pub(super) async fn verify(api: &Api, user: &UserRef, secret: &Secret) -> Result<Outcome, Fault> {
    let name = api.name(user)?;
    let accepted = hashable(api, secret).is_ok() && accepts(api, name, secret).await?;
    Ok(Outcome::Verified(accepted))
}

/// Whether the server signs a user in with this password. The login is sent as a browser sends
/// it, without the gateway's key: older servers answer a wrong key as they answer a wrong
/// password, and a login with the key of its own user skips a second factor. Only 1.3.0 takes no
/// login without a key; it has no second factor.
async fn accepts(api: &Api, user: &str, password: &Secret) -> Result<bool, Fault> {
    let body = json!({"user": user, "pass": password.expose()}).to_string();
    let login = request("POST", LOGIN).carrying("application/json", body);
    let gate = api.version().gate;
    let response = match gate {
        Gate::Csrf => send_with_csrf(api, login).await?,
        Gate::Key => api.send_for_caller(api.with_own_key(login)).await?,
        Gate::ForceLogin => api.send_for_caller(login).await?,
    };
    match response.status {
        200 => match Row::read(&object(&response).map_or(Value::Null, Value::Object))? {
            row if row.name == user && row.active => Ok(true),
            // 1.3.0 shows the record of an inactive user, and signs nobody in.
            row if row.name == user && gate == Gate::Key => Err(Fault::refused(Refusal::Inactive)),
            _ => Err(unexpected("the login signs another user in")),
        },
        401 if says(&response, WRONG) => Ok(false),
        403 => refused_login(&response),
        status => Err(of_status(status)),
    }
}

/// Sends a login with a CSRF token. The token of an earlier login is used again; if the server refuses
/// it, the password was not checked, and the login is sent once more with a new token.
async fn send_with_csrf(api: &Api, login: Request) -> Result<Response, Fault> {
    let with = |login: Request, pair: CsrfPair| match pair {
        None => login,
        Some((name, token)) => {
            login.with("cookie", format!("{name}={token}")).with("x-csrf-token", token)
        }
    };
    if let Some(pair) = api.last_csrf() {
        let response = api.send_for_caller(with(login.clone(), pair)).await?;
        let body = String::from_utf8_lossy(&response.body);
        if response.status != 400 || !body.contains("CSRF") {
            return Ok(response);
        }
    }
    let pair = csrf_pair(api).await?;
    api.keep_csrf(pair.clone());
    api.send_for_caller(with(login, pair)).await
}

/// The name and the value of the cookie with the CSRF token. Older servers have none, and before
/// 1.4 there is no such page.
async fn csrf_pair(api: &Api) -> Result<CsrfPair, Fault> {
    let (path, cookie) = PAGE;
    let response = api.send_as_it_is(request("GET", path)).await?;
    if !matches!(response.status, 200 | 404) {
        return Err(of_status(response.status));
    }
    let set = response.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs = set.filter_map(|(_, value)| value.split(';').next()?.split_once('='));
    let mut ours = pairs.filter(|(name, _)| name.trim().starts_with(cookie));
    Ok(ours.next().map(|(name, token)| (name.trim().to_owned(), token.trim().to_owned())))
}

/// A refused login: the password is wrong, a second factor is missing, or the user is inactive. Since
/// 1.5 an inactive user gets the answer to a wrong password.
fn refused_login(response: &Response) -> Result<bool, Fault> {
    if let Some(body) = object(response) {
        return match body.get("error") {
            Some(Value::String(_)) if body.contains_key("mfa") => {
                Err(Fault::refused(Refusal::SecondFactor))
            }
            Some(Value::String(_)) => Ok(false),
            _ => Err(unexpected("a refused login has no sentence")),
        };
    }
    if says(response, DEACTIVATED) {
        return Err(Fault::refused(Refusal::Inactive));
    }
    if says(response, WRONG) { Ok(false) } else { Err(of_status(403)) }
}

/// Whether an answer is this sentence in plain text.
fn says(response: &Response, sentence: &str) -> bool {
    String::from_utf8_lossy(&response.body).trim() == sentence
}

/// A password that OctoPrint sets.
pub(super) fn settable<'a>(api: &Api, password: &'a Secret) -> Result<&'a Secret, Fault> {
    if password.expose().is_empty() {
        return Err(invalid(Subject::Password, "OctoPrint sets no empty password"));
    }
    hashable(api, password)
}

/// A password that OctoPrint can hash.
pub(super) fn hashable<'a>(api: &Api, password: &'a Secret) -> Result<&'a Secret, Fault> {
    let fits = is_hashable(password.expose(), api.version().passwords);
    let detail = "OctoPrint sets no password of this length, or outside ASCII";
    if fits { Ok(password) } else { Err(invalid(Subject::Password, detail)) }
}
