//! Passwords, verified by the web login: `POST /_admin/login`, as versions 4.3 and 4.26 do it.
//!
//! A right password opens a session. A page of that session shows whose it is, and the token without
//! which nobody logs out; then the session is ended.

use isogloss_canonical::fault::{Fault, Refusal};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_interop::percent::encode;
use serde_json::{Deserializer, Value};

use crate::backend::api::Api;
use crate::backend::fault::{unavailable, unexpected};
use crate::backend::users;
use crate::wire::values::{LETTERS, is_stripped};

/// The page with the form, and the target of the form.
const LOGIN: &str = "/_admin/login";
/// A page for everybody who is signed in, in every version.
const ACCOUNT: &str = "/_admin/my_account/password";
/// Ends a session.
const LOGOUT: &str = "/_admin/logout";
/// The type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// The field of a form that proves that the page was read.
const TOKEN: &str = "csrf_token";

/// Whether a password is somebody's.
pub(super) async fn verify(api: &Api, user: &UserRef, secret: &Secret) -> Result<bool, Fault> {
    let name = match user {
        UserRef::Name(name) => name.clone(),
        UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
            match users::get(api, user).await {
                Ok(user) => user.username,
                Err(fault) if fault.kind.is_callers() => return Ok(false),
                Err(fault) => return Err(fault),
            }
        }
    };
    // The form refuses these, whoever has them, and takes blanks off a name.
    if !takes(secret) || name.is_empty() || !is_stripped(&name) {
        return Ok(false);
    }
    let Some(cookie) = sign_in(api, &name, secret).await? else { return Ok(false) };
    let page =
        api.page(Request::to("GET", ACCOUNT).with("cookie", cookie.expose().to_owned())).await?;
    if page.status != 200 {
        return Err(unavailable("its web login opens no page: it may take another sign-in"));
    }
    let page = String::from_utf8_lossy(&page.body);
    let token = token_of(&page).ok_or_else(|| unexpected("a page without a form"))?;
    let form = format!("{TOKEN}={}", encode(&token));
    let out =
        Request::to("POST", LOGOUT).with("cookie", cookie.expose().to_owned()).carrying(FORM, form);
    if !is_redirect(&api.page(out).await?) {
        return Err(unexpected("a session that cannot be ended"));
    }
    match signed_in(&page) {
        Some(shown) if shown == name => Ok(true),
        Some(_) => Err(unexpected("a session of another user")),
        None => Err(unexpected("a page that does not show whose it is")),
    }
}

/// Whether the form takes a password of this length.
fn takes(secret: &Secret) -> bool {
    LETTERS.contains(&secret.expose().chars().count())
}

/// The cookie of a new session; `None` if the password is wrong. The server says that an account is
/// inactive whichever password is sent, so that is told as it is.
async fn sign_in(api: &Api, name: &str, secret: &Secret) -> Result<Option<Secret>, Fault> {
    let form = format!("username={}&password={}", encode(name), encode(secret.expose()));
    let answer = api.page(Request::to("POST", LOGIN).carrying(FORM, form)).await?;
    if is_redirect(&answer) {
        let cookie = cookie_of(&answer).ok_or_else(|| unavailable(NO_FORM))?;
        return Ok(Some(cookie));
    }
    let page = String::from_utf8_lossy(&answer.body);
    if answer.status != 200 || !is_form(&page) {
        return Err(unavailable(NO_FORM));
    }
    match errors_of(&page) {
        (true, false) => Err(Fault::refused(Refusal::Inactive)),
        (_, true) => Ok(None),
        (false, false) => Err(unavailable(NO_FORM)),
    }
}

/// Whether a form has errors after the fields for the name and for the password. Their sentences are
/// in the language of the server. A wrong name or password is an error of both, an inactive account
/// one of the name alone.
fn errors_of(page: &str) -> (bool, bool) {
    let fields = page.split_once("name=\"password\"").unwrap_or((page, ""));
    (fields.0.contains(ERROR), fields.1.contains(ERROR))
}

/// The class of an error of a field.
const ERROR: &str = "error-message";
/// Why the web login cannot be used.
const NO_FORM: &str = "its web login has no form for a name and a password";

/// Asks for the form, and signs nobody in.
pub(super) async fn probe(api: &Api) -> Result<(), Fault> {
    let answer = api.page(Request::to("GET", LOGIN)).await?;
    let page = String::from_utf8_lossy(&answer.body);
    if answer.status != 200 || !is_form(&page) {
        return Err(unavailable(NO_FORM));
    }
    if page.contains("g-recaptcha") {
        return Err(unavailable("its web login asks for a captcha"));
    }
    Ok(())
}

/// Whether a page has the form of the login.
fn is_form(page: &str) -> bool {
    [LOGIN, "name=\"username\"", "name=\"password\""].iter().all(|part| page.contains(part))
}

fn is_redirect(answer: &Response) -> bool {
    matches!(answer.status, 302 | 303)
}

/// The cookies of an answer, as a request sends them back. One of them is the session's.
fn cookie_of(answer: &Response) -> Option<Secret> {
    let all = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let pair = |value: &'_ str| value.split(';').next().unwrap_or_default().trim().to_owned();
    let mut pairs: Vec<_> = all.map(|(_, value)| pair(value)).collect();
    pairs.sort();
    pairs.dedup();
    (!pairs.is_empty()).then(|| Secret::new(pairs.join("; ")))
}

/// The token in the first form of a page.
fn token_of(page: &str) -> Option<String> {
    let at = page.find(&format!("name=\"{TOKEN}\""))?;
    let begin = page.get(..at)?.rfind('<')?;
    let tag = page.get(begin..)?;
    let tag = tag.get(..tag.find('>')?)?;
    let value = tag.split_once("value=\"")?.1;
    value.split_once('"').map(|(token, _)| token.to_owned())
}

/// The user name that a page shows to its scripts: whose session it is.
fn signed_in(page: &str) -> Option<String> {
    let (_, context) = page.split_once("var templateContext = ")?;
    let context = Deserializer::from_str(context).into_iter::<Value>().next()?.ok()?;
    context.get("rhodecode_user")?.get("username")?.as_str().map(str::to_owned)
}
