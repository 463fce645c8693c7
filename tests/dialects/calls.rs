//! Requests in the format of each dialect, and the class of each answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss_canonical::http::{Request, Response};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

/// A request to one of the dialects.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) dialect: &'static str,
    pub(crate) version: Option<&'static str>,
    pub(crate) request: Request,
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) dialect: &'static str,
    pub(crate) status: u16,
    /// The names and values of the cookies that it sets.
    pub(crate) cookies: Vec<String>,
    /// Where it leads to; empty: nowhere.
    pub(crate) location: String,
    pub(crate) text: String,
    /// The body as JSON. Null if it is not JSON.
    pub(crate) json: Value,
}

/// The class of an answer, independent of the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The request succeeded.
    Done,
    /// The caller is not allowed or not known.
    Refused,
    /// The request failed for another reason.
    Failed,
}

impl Answer {
    pub(crate) fn of(dialect: &'static str, response: &Response) -> Self {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        let json = serde_json::from_str(&text).unwrap_or_default();
        let set =
            response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        let pair = |value: &str| value.split(';').next().unwrap_or_default().to_owned();
        let cookies = set.map(|(_, value)| pair(value)).collect();
        let location = response.headers.iter().find(|(name, _)| name == "Location");
        let location = location.map(|(_, value)| value.clone()).unwrap_or_default();
        Self { dialect, status: response.status, cookies, location, text, json }
    }

    /// The class of this answer.
    pub(crate) fn class(&self) -> Class {
        let refused = match self.dialect {
            "rhodecode" => self.json["error"].as_str().is_some_and(is_refusal),
            "dandelion" => ["1", "3", "4"].contains(&self.json["errorcode"].to_string().as_str()),
            _ => matches!(self.status, 401 | 403) || self.text.contains("CSRF validation failed"),
        };
        let done = match self.dialect {
            "kanboard" => self.json.get("result").is_some_and(|result| *result != json!(false)),
            "rhodecode" => self.json["error"].is_null() && self.json.get("result").is_some(),
            "dandelion" => self.status == 302 || self.json["errorcode"] == json!(0),
            _ => matches!(self.status, 200..=399),
        };
        match (refused, done) {
            (true, _) => Class::Refused,
            (false, true) => Class::Done,
            (false, false) => Class::Failed,
        }
    }
}

/// Whether an error of RhodeCode is a refusal. RhodeCode has no status for that.
fn is_refusal(error: &str) -> bool {
    [
        "Missing 'api_key",
        "Invalid API KEY",
        "Request from this user not allowed",
        "Access was denied",
        "bad role",
    ]
    .iter()
    .any(|words| error.contains(words))
        || error == "userid is not the same as your user"
}

fn request(method: &str, target: &str) -> Request {
    let (path, query) = target.split_once('?').unzip();
    let mut request = Request::to(method, path.unwrap_or(target));
    request.query = query.map(str::to_owned);
    request.client = Some([127, 0, 0, 1].into());
    request.received = Timestamp::now();
    request
}

fn asked(dialect: &'static str, request: Request) -> Asked {
    Asked { dialect, version: None, request }
}

impl Asked {
    /// Adds cookies that were set before.
    pub(crate) fn within(mut self, cookies: &[String]) -> Self {
        self.request = self.request.with("cookie", cookies.join("; "));
        self
    }

    /// Selects another version than the newest.
    pub(crate) fn by(mut self, version: &'static str) -> Self {
        self.version = Some(version);
        self
    }
}

/// A request with any JSON-RPC body and the credentials `name:secret`. An empty login means no
/// credentials.
pub(crate) fn kanboard_body(login: &str, body: &Value) -> Asked {
    let json = request("POST", "/jsonrpc.php").carrying("application/json", body.to_string());
    let login = (!login.is_empty()).then(|| format!("Basic {}", STANDARD.encode(login)));
    asked("kanboard", login.into_iter().fold(json, |json, login| json.with("authorization", login)))
}

/// A request for a method of Kanboard.
pub(crate) fn kanboard(login: &str, method: &str, params: &Value) -> Asked {
    let call = json!({"jsonrpc": "2.0", "method": method, "id": 1, "params": params});
    kanboard_body(login, &call)
}

/// A request for a method of RhodeCode.
pub(crate) fn rhodecode(token: &str, method: &str, args: &Value) -> Asked {
    let body = json!({"id": 1, "auth_token": token, "method": method, "args": args});
    let request = request("POST", "/_admin/api").carrying("application/json", body.to_string());
    asked("rhodecode", request.with("content-length", body.to_string().len().to_string()))
}

/// A request `VERB /path` of OctoPrint with an API key. An empty key means none.
pub(crate) fn octoprint(key: &str, line: &str, body: &Value) -> Asked {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = request(method, path).with("host", "localhost");
    if !body.is_null() {
        request = request.carrying("application/json", body.to_string());
    }
    let key = (!key.is_empty()).then(|| key.to_owned());
    let request = key.into_iter().fold(request, |request, key| request.with("x-api-key", key));
    asked("octoprint", request)
}

/// A form that a page of OctoPrint sends.
pub(crate) fn octoprint_form(path: &str, fields: &[(&str, &str)]) -> Asked {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", quoted(value));
    let form = fields.iter().map(pair).collect::<Vec<_>>().join("&");
    let request = request("POST", path).with("host", "localhost");
    asked("octoprint", request.carrying("application/x-www-form-urlencoded", form))
}

/// A request `VERB /path` of Dandelion with an API key. An empty key means none.
pub(crate) fn dandelion(key: &str, line: &str, form: &Value) -> Asked {
    let (method, path) = line.split_once(' ').unwrap();
    let mut fields: Vec<_> = form.as_object().into_iter().flatten().map(field).collect();
    if !key.is_empty() {
        fields.push(format!("apikey={}", quoted(key)));
    }
    let form = fields.join("&");
    let request = match method {
        "GET" => request(method, &format!("{path}?{form}")),
        _ => request(method, path).carrying("application/x-www-form-urlencoded", form),
    };
    asked("dandelion", request)
}

fn field((name, value): (&String, &Value)) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    // Dandelion decodes values twice.
    format!("{name}={}", quoted(&quoted(&text)))
}

/// A percent-encoded text for a path or a form.
pub(crate) fn quoted(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
