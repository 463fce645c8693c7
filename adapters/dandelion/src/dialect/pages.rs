//! Login, logout, and the web pages that a client can reach.

use isogloss_canonical::credentials::Credentials;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Response;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::php::truth;

use crate::dialect::arguments::read_form;
use crate::dialect::cookies;
use crate::dialect::sessions::{COOKIE, Sessions, State};
use crate::wire::{columns, person};

/// The type of the server's pages, with the charset as PHP adds it.
const HTML: &str = "text/html;charset=UTF-8";

/// The cookie with the user name for the next login.
const NAME_COOKIE: &str = "dan_username";

/// `POST /login`: `false`, or 1 plus the user's `initial_login`
/// (`fixtures/transcripts/dandelion/session.json`).
pub(crate) async fn login(sessions: &Sessions<'_>) -> Result<Response, Fault> {
    let form = read_form(&sessions.request.body);
    let given = |name: &str| form.text(name).filter(|text| truth::of_text(text));
    let (Some(name), Some(secret)) = (given("user"), given("pass")) else {
        return Ok(html(200, "false"));
    };
    let Some(user) = verify(sessions, name, secret).await? else { return Ok(html(200, "false")) };
    let session = sessions.open(&user, person::theme(&user)).await?;
    let prompt = person::initial_login(&user, &sessions.options.namespace) + 1;
    let response = html(200, prompt.to_string()).with("Set-Cookie", sessions.cookie_of(&session));
    if form.text("remember") != Some("true") {
        return Ok(response);
    }
    let remembered = cookies::set(NAME_COOKIE, &user.username, sessions.exchange.now());
    Ok(response.with("Set-Cookie", remembered))
}

/// Finds the user with this name and password. The whole password is tried first, then the part
/// that bcrypt uses: another system may have set a longer password.
async fn verify(sessions: &Sessions<'_>, name: &str, secret: &str) -> Result<Option<User>, Fault> {
    let mut tries: Vec<Secret> = vec![secret.into(), columns::password(secret)];
    tries.dedup();
    for secret in tries {
        let user = UserRef::FoldedName(name.to_owned());
        let login = Credentials::Login { user, secret, keys: None, lockout: None };
        match sessions.exchange.identify(login).await {
            Ok(caller) => return Ok(caller.user().cloned()),
            Err(fault) if fault.kind == FaultKind::Unauthenticated => {}
            Err(fault) => return Err(fault),
        }
    }
    Ok(None)
}

/// `GET /logout`.
pub(crate) async fn logout(sessions: &Sessions<'_>) -> Result<Response, Fault> {
    sessions.close().await?;
    let deleted = cookies::set(COOKIE, "", sessions.exchange.now());
    Ok(redirect(sessions, "/login").with("Set-Cookie", deleted))
}

/// `GET /login`. A user who is logged in is redirected to the dashboard.
pub(crate) async fn login_page(sessions: &Sessions<'_>) -> Result<Response, Fault> {
    if matches!(sessions.find().await?, State::Open(..)) {
        return Ok(redirect(sessions, "/"));
    }
    let form = "<form method=\"post\" action=\"login\"><input name=\"user\" placeholder=\"Username\">\
        <input name=\"pass\" type=\"password\" placeholder=\"Password\"><button>Login</button></form>";
    Ok(html(200, page("Login", form)))
}

/// A web page of the server. None is translated. A user who is not logged in is redirected to the
/// login page.
pub(crate) async fn web_page(sessions: &Sessions<'_>) -> Result<Response, Fault> {
    match sessions.find().await? {
        State::Open(..) => Ok(not_found(sessions)),
        State::Inactive | State::None => Ok(redirect(sessions, "/login")),
    }
}

/// The page of a path that does not exist (`fixtures/transcripts/dandelion/routing.json`).
pub(crate) fn not_found(sessions: &Sessions<'_>) -> Response {
    let body = format!(
        "<h2>Page Not Found</h2>\n<p>There is no page here. The way back is the \
         <a href=\"{}/\">dashboard</a>.</p>",
        sessions.request.path_prefix
    );
    html(404, page("Page Not Found", &body))
}

fn redirect(sessions: &Sessions<'_>, path: &str) -> Response {
    html(302, "").with("Location", format!("{}{path}", sessions.request.path_prefix))
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n\
         <title>Dandelion Web Log - {title}</title>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
}

/// An answer that is no JSON.
pub(crate) fn html(status: u16, body: impl Into<String>) -> Response {
    Response::new(status, body.into()).with("Content-Type", HTML)
}
