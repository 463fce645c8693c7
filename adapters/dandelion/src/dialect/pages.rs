//! What is not the API: logging in and out, and the few web pages that a client may run into.

use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Response;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};

use crate::dialect::session::{COOKIE, Entry, Visit};
use crate::dialect::settings::cookie;
use crate::dialect::users::password;
use crate::php;
use crate::php::form::Form;
use crate::wire;

/// The type of what Dandelion itself answers, with the charset as PHP adds it.
pub(crate) const HTML: &str = "text/html;charset=UTF-8";

/// The cookie that remembers a user name in a browser.
const NAME_COOKIE: &str = "dan_username";

/// `POST /login`: `false`, or one more than what the person is asked at this login
/// (`fixtures/transcripts/dandelion/session.json`).
pub(crate) async fn login(visit: &Visit<'_>) -> Result<Response, Fault> {
    let form = Form::read(&visit.request.body);
    let given = |name: &str| form.text(name).filter(|text| php::is_text_true(text));
    let (Some(name), Some(secret)) = (given("user"), given("pass")) else {
        return Ok(html(200, "false"));
    };
    let Some(user) = prove(visit, name, secret).await? else { return Ok(html(200, "false")) };
    let session = visit.open(&user, wire::theme(&user)).await?;
    let prompt = wire::initial_login(&user, visit.namespace) + 1;
    let response = html(200, prompt.to_string()).with("Set-Cookie", session.cookie(visit));
    if form.text("remember") != Some("true") {
        return Ok(response);
    }
    let remembered = cookie(NAME_COOKIE, &user.username, visit.exchange.now());
    Ok(response.with("Set-Cookie", remembered))
}

/// Somebody whose password this is. It is tried as it was given, and then as much of it as counts
/// here: a password that another system set may be longer.
async fn prove(visit: &Visit<'_>, name: &str, secret: &str) -> Result<Option<User>, Fault> {
    let mut tries: Vec<Secret> = vec![secret.into(), password(secret)];
    tries.dedup();
    for secret in tries {
        let user = UserRef::FoldedName(name.to_owned());
        let login = Credentials::Login { user, secret, keys: None, lockout: None };
        match visit.exchange.identify(login).await {
            Ok(caller) => return Ok(caller.user().cloned()),
            Err(fault) if fault.kind == FaultKind::Unauthenticated => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(None)
}

/// `GET /logout`.
pub(crate) async fn logout(visit: &Visit<'_>) -> Result<Response, Fault> {
    visit.close().await?;
    Ok(to_login(visit).with("Set-Cookie", cookie(COOKIE, "", visit.exchange.now())))
}

/// `GET /login`, which knows who is in already.
pub(crate) async fn login_page(visit: &Visit<'_>) -> Result<Response, Fault> {
    if matches!(visit.enter().await?, Entry::Open(..)) {
        return Ok(redirect(visit, "/"));
    }
    let form = "<form method=\"post\" action=\"login\"><input name=\"user\" placeholder=\"Username\">\
        <input name=\"pass\" type=\"password\" placeholder=\"Password\"><button>Login</button></form>";
    Ok(html(200, page("Login", form)))
}

/// A web page of Dandelion's own: none is translated; who is not logged in is sent to do that.
pub(crate) async fn web_page(visit: &Visit<'_>) -> Result<Response, Fault> {
    match visit.enter().await? {
        Entry::Open(..) => Ok(not_found(visit)),
        Entry::Inactive | Entry::Nobody => Ok(to_login(visit)),
    }
}

/// The page for paths that lead nowhere (`fixtures/transcripts/dandelion/routing.json`).
pub(crate) fn not_found(visit: &Visit<'_>) -> Response {
    let words = format!(
        "<h2>Page Not Found</h2>\n<p>There is no page here. The way back is the \
         <a href=\"{}/\">dashboard</a>.</p>",
        visit.request.mount
    );
    html(404, page("Page Not Found", &words))
}

fn to_login(visit: &Visit<'_>) -> Response {
    redirect(visit, "/login")
}

fn redirect(visit: &Visit<'_>, path: &str) -> Response {
    html(302, "").with("Location", format!("{}{path}", visit.request.mount))
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <title>Dandelion Web Log - {title}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
}

/// An answer that is no JSON to those who look at its type.
pub(crate) fn html(status: u16, body: impl Into<String>) -> Response {
    Response::new(status, body.into()).with("Content-Type", HTML)
}
