//! A caller with credentials for each dialect, and what a gateway answers.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss_testkit::client::{Answer, Base};
use isogloss_testkit::variables::Variables;
use serde_json::{Value, json};

/// The dialects.
pub(crate) const DIALECTS: [&str; 4] = ["octoprint", "rhodecode", "kanboard", "dandelion"];

/// The credentials of a caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) octoprint: String,
    pub(crate) rhodecode: String,
    /// `name:secret`.
    pub(crate) kanboard: String,
    pub(crate) dandelion: String,
}

/// What an answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The list of all users.
    Everybody,
    /// The caller may not, or is not known.
    Refused,
    /// The gateway failed: the dialect's error for a failure of the server.
    Failed,
    /// Anything else.
    Other,
}

impl Caller {
    /// Asks for the list of all users, which only administrators get.
    pub(crate) fn asks(&self, gateway: &str, dialect: &str) -> Heard {
        match self.lists(gateway, dialect) {
            Ok(answer) => heard(dialect, &answer),
            Err(_) => Heard::Other,
        }
    }

    fn lists(&self, gateway: &str, dialect: &str) -> anyhow::Result<Answer> {
        match dialect {
            "octoprint" => {
                self.octoprint(gateway, "GET", "/octoprint/api/access/users", &Value::Null)
            }
            "rhodecode" => self.rhodecode(gateway, "get_users", &json!({})),
            "kanboard" => self.kanboard(gateway, "getAllUsers", &json!({})),
            _ => {
                let path = format!("/dandelion/api/users/getusers?apikey={}", self.dandelion);
                send(gateway, &json!({"method": "GET", "path": path}))
            }
        }
    }

    /// The names in the list of all users. No name is there twice.
    pub(crate) fn names(&self, gateway: &str, dialect: &str) -> BTreeSet<String> {
        names(&self.lists(gateway, dialect).unwrap())
    }

    /// The same of a server with Kanboard's API at this path.
    pub(crate) fn names_in(&self, server: &str, path: &str) -> BTreeSet<String> {
        names(&self.kanboard_at((server, path), "getAllUsers", &json!({})).unwrap())
    }

    /// Sends a request to OctoPrint.
    pub(crate) fn octoprint(
        &self,
        gateway: &str,
        method: &str,
        path: &str,
        body: &Value,
    ) -> anyhow::Result<Answer> {
        let headers = json!({"X-Api-Key": self.octoprint});
        let mut request = json!({"method": method, "path": path, "headers": headers});
        if !body.is_null() {
            request["json"] = body.clone();
        }
        send(gateway, &request)
    }

    /// Calls a method of RhodeCode.
    pub(crate) fn rhodecode(
        &self,
        gateway: &str,
        method: &str,
        args: &Value,
    ) -> anyhow::Result<Answer> {
        let token = &self.rhodecode;
        let call = json!({"id": 1, "auth_token": token, "method": method, "args": args});
        let path = "/rhodecode/_admin/api";
        send(gateway, &json!({"method": "POST", "path": path, "json": call}))
    }

    /// Calls a method of Kanboard.
    pub(crate) fn kanboard(
        &self,
        gateway: &str,
        method: &str,
        params: &Value,
    ) -> anyhow::Result<Answer> {
        self.kanboard_at((gateway, "/kanboard/jsonrpc.php"), method, params)
    }

    fn kanboard_at(
        &self,
        (server, path): (&str, &str),
        method: &str,
        params: &Value,
    ) -> anyhow::Result<Answer> {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let login = format!("Basic {}", STANDARD.encode(&self.kanboard));
        let headers = json!({"Authorization": login});
        send(server, &json!({"method": "POST", "path": path, "json": call, "headers": headers}))
    }
}

/// The names in the answer of any dialect.
fn names(answer: &Answer) -> BTreeSet<String> {
    let json = answer.json.clone().unwrap_or_default();
    let list = ["users", "result", "data"].iter().find_map(|member| json[member].as_array());
    let list = list.unwrap_or_else(|| panic!("no list: {} {}", answer.status, answer.text()));
    let name = |user: &Value| {
        let name = user["username"].as_str().or_else(|| user["name"].as_str());
        name.unwrap_or_else(|| panic!("no name: {user}")).to_owned()
    };
    let names: BTreeSet<_> = list.iter().map(name).collect();
    assert_eq!(names.len(), list.len(), "a name is there twice: {json}");
    names
}

/// Sends a request in the form of a transcript.
pub(crate) fn send(gateway: &str, request: &Value) -> anyhow::Result<Answer> {
    Base::parse(gateway)?.send(request.as_object().unwrap(), &Variables::default())
}

fn heard(dialect: &str, answer: &Answer) -> Heard {
    let json = answer.json.clone().unwrap_or_default();
    let list = match dialect {
        "octoprint" => &json["users"],
        "dandelion" => &json["data"],
        _ => &json["result"],
    };
    let refused = match dialect {
        "rhodecode" => [
            "Invalid API KEY",
            "Request from this user not allowed",
            "Access was denied to this resource.",
        ]
        .contains(&json["error"].as_str().unwrap_or_default()),
        "dandelion" => ["1", "3", "4"].contains(&json["errorcode"].to_string().as_str()),
        _ => matches!(answer.status, 401 | 403),
    };
    let failed = match dialect {
        "rhodecode" => json["result"].is_null() && json["error"].is_string() && !refused,
        "kanboard" => {
            let told = json["error"]["message"].as_str();
            answer.status >= 500 || told.is_some_and(|told| told.starts_with("SQL Error"))
        }
        "dandelion" => !json["errorcode"].is_null() && json["errorcode"] != 0 && !refused,
        _ => answer.status >= 500,
    };
    match (list.is_array(), refused, failed) {
        (true, false, _) => Heard::Everybody,
        (false, true, _) => Heard::Refused,
        (false, false, true) => Heard::Failed,
        _ => {
            eprintln!("{dialect}: {} {}", answer.status, answer.text());
            Heard::Other
        }
    }
}
