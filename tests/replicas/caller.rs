//! A caller with credentials for each dialect, and what a gateway answers.

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
            "octoprint" => send(
                gateway,
                &json!({"method": "GET", "path": "/octoprint/api/access/users",
                    "headers": {"X-Api-Key": self.octoprint}}),
            ),
            "rhodecode" => {
                let call = json!({"id": 1, "auth_token": self.rhodecode, "method": "get_users",
                    "args": {}});
                let path = "/rhodecode/_admin/api";
                send(gateway, &json!({"method": "POST", "path": path, "json": call}))
            }
            "kanboard" => self.kanboard(gateway, "getAllUsers", &json!({})),
            _ => {
                let path = format!("/dandelion/api/users/getusers?apikey={}", self.dandelion);
                send(gateway, &json!({"method": "GET", "path": path}))
            }
        }
    }

    /// Calls a method of Kanboard.
    pub(crate) fn kanboard(
        &self,
        gateway: &str,
        method: &str,
        params: &Value,
    ) -> anyhow::Result<Answer> {
        let call = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
        let login = format!("Basic {}", STANDARD.encode(&self.kanboard));
        send(
            gateway,
            &json!({"method": "POST", "path": "/kanboard/jsonrpc.php", "json": call,
                "headers": {"Authorization": login}}),
        )
    }
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
