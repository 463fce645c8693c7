//! Requests to a Dandelion server and its answers: forms that it decodes twice, and the envelope.

use std::sync::Arc;

use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::secret::Secret;
use isogloss_interop::percent;
use serde_json::{Map, Value};

use crate::backend::fault::{unavailable, unexpected};
use crate::backend::row::number;

/// The content type of a form.
const FORM: &str = "application/x-www-form-urlencoded";
/// The status of every success. It is also the data of an answer without data.
const COMPLETED: &str = "Completed";

/// The fields of a form.
pub(in crate::backend) type Fields<'a> = Vec<(&'static str, &'a str)>;

/// The answer of the API to a call that it understood.
#[derive(Debug)]
pub(super) enum Reply {
    /// The data that was asked for.
    Data(Value),
    /// A success without data.
    Nothing,
    /// The method refuses (errorcode 5).
    Refused,
    /// The database refuses or fails (errorcode 6): a duplicate, an unknown id or an outage. A
    /// further read can tell which; if not, this fault holds.
    Failed(Fault),
    /// The key or session is refused (errorcodes 1 to 3).
    KeyRefused,
    /// The owner of the key or session is disabled, or lacks a right (errorcode 4).
    OwnerRefused,
}

/// What a call shows for authentication.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend) enum With<'a> {
    /// An API key.
    Key(&'a Secret),
    /// The cookie of a session that a login has opened.
    Session(&'a Secret),
}

impl With<'_> {
    /// The path of a method. The methods for sessions have a prefix of their own.
    fn path(self, method: &str) -> String {
        match self {
            Self::Key(_) => format!("/api/{method}"),
            Self::Session(_) => format!("/api/i/{method}"),
        }
    }

    fn form(self, fields: Fields<'_>) -> String {
        match self {
            Self::Key(key) => {
                let key = [("apikey", key.expose())];
                form(&key.into_iter().chain(fields).collect::<Vec<_>>())
            }
            Self::Session(_) => form(&fields),
        }
    }

    fn sign(self, request: Request) -> Request {
        match self {
            Self::Key(_) => request,
            Self::Session(cookie) => request.with("cookie", cookie.expose().to_owned()),
        }
    }
}

/// Calls a method that takes its parameters from the query.
pub(super) async fn get(
    upstream: &Arc<dyn Upstream>,
    with: With<'_>,
    method: &str,
    fields: Fields<'_>,
) -> Result<Reply, Fault> {
    let query = Some(with.form(fields));
    let request = Request { query, ..Request::to("GET", with.path(method)) };
    reply(&upstream.send(with.sign(request)).await?)
}

/// Calls a method that takes its parameters from a form.
pub(super) async fn post(
    upstream: &Arc<dyn Upstream>,
    with: With<'_>,
    method: &str,
    fields: Fields<'_>,
) -> Result<Reply, Fault> {
    let request = Request::to("POST", with.path(method)).carrying(FORM, with.form(fields));
    reply(&upstream.send(with.sign(request)).await?)
}

/// Logs in. Answers the cookie of the session, or `None` if the server does not accept the user name
/// and the password. It answers `false`, or a number that
/// says what it asks the user next (`fixtures/transcripts/dandelion/resetpassword.json`).
///
/// The server decodes values twice, but Dandelion's own clients encode a password only once. So
/// the server stores `a b` for a user who typed `a+b`. A password with `+` or `%` is tried both
/// ways.
pub(super) async fn login(
    upstream: &Arc<dyn Upstream>,
    user: &str,
    password: &Secret,
) -> Result<Option<Secret>, Fault> {
    let text = password.expose();
    let encoded = twice(text);
    match try_login(upstream, user, &encoded).await? {
        None if text.contains(['+', '%']) => {
            try_login(upstream, user, &encoded.replace("%25", "%")).await
        }
        session => Ok(session),
    }
}

async fn try_login(
    upstream: &Arc<dyn Upstream>,
    user: &str,
    password: &str,
) -> Result<Option<Secret>, Fault> {
    let body = format!("{}&pass={password}", form(&[("user", user)]));
    let request = Request::to("POST", "/login").carrying(FORM, body);
    let response = upstream.send_for_caller(request).await?;
    if response.status != 200 {
        return Err(unavailable("the login answers with an error status"));
    }
    match std::str::from_utf8(&response.body).map(str::trim) {
        Ok("false") => Ok(None),
        Ok(prompt) if prompt.parse::<i16>().is_ok() => Ok(Some(cookies(&response))),
        Ok(_) | Err(_) => Err(unexpected("the login answers neither false nor a number")),
    }
}

/// The cookies that an answer sets, as a request sends them.
fn cookies(response: &Response) -> Secret {
    let set = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let pairs = set.filter_map(|(_, value)| value.split(';').next());
    Secret::from(pairs.collect::<Vec<_>>().join("; "))
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}={}", twice(value))).collect();
    pairs.join("&")
}

/// Encodes a value twice, because the server decodes it twice
/// (`fixtures/transcripts/dandelion/resetpassword.json`).
fn twice(text: &str) -> String {
    percent::encode(text).replace('%', "%25")
}

/// Reads an answer.
fn reply(response: &Response) -> Result<Reply, Fault> {
    if response.status == 500 && response.body.is_empty() {
        // The released 6.1.1 answers nearly every error with an empty body
        // (`fixtures/transcripts/dandelion-as-shipped/as-shipped-errors.json`).
        return Ok(Reply::Failed(unavailable("the server fails with an empty body")));
    }
    if !matches!(response.status, 200 | 400 | 405 | 500) {
        return Err(unavailable("the server answers with an error status"));
    }
    let Ok(Value::Object(envelope)) = serde_json::from_slice::<Value>(&response.body) else {
        return Err(match response.status {
            200 => unexpected("the server answers no JSON object"),
            _ => unavailable("the server answers with an error status"),
        });
    };
    let code = envelope.get("errorcode").and_then(number);
    match (response.status, code) {
        (200, Some(0)) => data(envelope),
        (200 | 500, Some(1..=3)) => Ok(Reply::KeyRefused),
        (200 | 500, Some(4)) => Ok(Reply::OwnerRefused),
        (200, Some(5)) => Ok(Reply::Refused),
        (500, Some(6)) => Ok(Reply::Failed(unexpected("the server's database refuses"))),
        _ => Err(unexpected("the server does not understand the call")),
    }
}

fn data(mut envelope: Map<String, Value>) -> Result<Reply, Fault> {
    if envelope.get("status").and_then(Value::as_str) != Some(COMPLETED) {
        return Err(unexpected("a success has another status than \"Completed\""));
    }
    match envelope.remove("data") {
        Some(Value::String(text)) if text == COMPLETED => Ok(Reply::Nothing),
        Some(data) => Ok(Reply::Data(data)),
        None => Err(unexpected("an answer has no data")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use isogloss_interop::php::form::Form;
    use isogloss_testkit::scripted::now;

    #[test]
    fn the_server_reads_the_values_that_are_sent() {
        for text in ["", "a+b %41&=", "é漢😀", "100%25", "a\0b\r\n", "-._~", " "] {
            let sent = form(&[("apikey", "k"), ("pw", text)]);
            assert_eq!(
                Form::read(sent.as_bytes()).decoded_again().text("pw"),
                Some(text),
                "{sent}"
            );
        }
    }

    /// A server that only takes requests that tell the caller's address.
    #[derive(Debug)]
    struct Asked;

    #[async_trait]
    impl Upstream for Asked {
        async fn send(&self, request: Request) -> Result<Response, Fault> {
            panic!("without the caller's address: {request:?}")
        }

        async fn send_for_caller(&self, _: Request) -> Result<Response, Fault> {
            Ok(Response::new(200, "0").with("set-cookie", "s=1; path=/"))
        }
    }

    #[test]
    fn a_login_tells_the_callers_address() {
        let server: Arc<dyn Upstream> = Arc::new(Asked);
        let session = now(login(&server, "ann", &Secret::from("a secret"))).unwrap().unwrap();
        assert_eq!(session.expose(), "s=1");
    }
}
