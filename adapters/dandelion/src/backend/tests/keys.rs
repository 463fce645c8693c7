//! Keys on a server that stores them: issued to whoever holds the old one or a session, and revoked.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::key::{Issuer, KeyChoice, NewKey};
use isogloss_canonical::secret::Secret;
use isogloss_interop::php::form::Form;

use super::server::{KEY, backend};
use super::*;

/// User 1 owns the gateway's key. User 51, `ada`, has this key and perhaps a session.
#[derive(Debug, Default)]
struct Keys {
    key: Mutex<Option<String>>,
    issued: Mutex<usize>,
    disabled: Mutex<bool>,
}

const SESSION: &str = "DANDELION=5e55";

impl Keys {
    fn with(key: &str) -> Arc<Self> {
        Arc::new(Self { key: Mutex::new(Some(key.to_owned())), ..Self::default() })
    }

    fn key(&self) -> Option<String> {
        self.key.lock().unwrap().clone()
    }

    fn issue(&self) -> Value {
        let mut issued = self.issued.lock().unwrap();
        *issued += 1;
        let key = format!("new-{issued}");
        *self.key.lock().unwrap() = Some(key.clone());
        json!(key)
    }

    fn answer(&self, method: &str, form: &Form, caller: i32) -> Value {
        match method {
            "users/getuser" => {
                let id = form.text("uid").map_or(caller, |uid| uid.parse().unwrap());
                row(id, *self.disabled.lock().unwrap())
            }
            "key/generate" => self.issue(),
            "key/get" => self.key().map_or_else(|| self.issue(), Value::from),
            "key/revoke" => {
                assert_eq!((caller, form.text("uid")), (1, Some("51")));
                *self.key.lock().unwrap() = None;
                json!("Key revoked successfully")
            }
            _ => panic!("{method}"),
        }
    }
}

fn row(id: i32, disabled: bool) -> Value {
    let name = if id == 1 { "admin" } else { "ada" };
    json!({"id": id.to_string(), "fullname": "X", "username": name, "group_id": "1",
        "created": "2026-11-21", "initial_login": "0", "theme": "",
        "disabled": if disabled { "1" } else { "0" }})
}

fn envelope(code: i32, status: &str, data: &Value) -> Response {
    Response::new(200, json!({"errorcode": code, "status": status, "data": data}).to_string())
}

#[async_trait]
impl Upstream for Keys {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let text = request.query.as_ref().map_or(&request.body[..], |query| query.as_bytes());
        let form = Form::read(text).decoded_again();
        if request.path == "/login" {
            let right = form.text("pass") == Some("right");
            let answer = Response::new(200, if right { "1" } else { "false" });
            return Ok(answer.with("set-cookie", format!("{SESSION}; path=/")));
        }
        let in_session = request.path.strip_prefix("/api/i/");
        let method = in_session.or_else(|| request.path.strip_prefix("/api/")).unwrap();
        let caller = match (in_session, form.text("apikey")) {
            (Some(_), _) => (request.header("cookie") == Some(SESSION)).then_some(51),
            (None, Some(KEY)) => Some(1),
            (None, key) => (key == self.key().as_deref()).then_some(51),
        };
        Ok(match caller {
            None => envelope(1, "API key is not valid", &json!("API key is not valid")),
            Some(51) if *self.disabled.lock().unwrap() => {
                envelope(4, "Invalid user", &json!("Invalid user"))
            }
            Some(caller) => envelope(0, "Completed", &self.answer(method, &form, caller)),
        })
    }
}

fn issue(held: Option<&str>) -> Command {
    Command::IssueKey(
        Some(someone()),
        Box::new(NewKey {
            namespace: NAMESPACE,
            value: "proposed".into(),
            issuer: Issuer::System(held.map(Secret::new)),
            label: None,
            scope: None,
            expires: None,
            addresses: Vec::new(),
            replaces: true,
        }),
    )
}

fn list() -> Command {
    Command::ListKeys(Some(someone()), NAMESPACE, KeyChoice::All)
}

fn value(outcome: Result<Outcome, Fault>) -> Option<String> {
    let keys = outcome.unwrap().keys().unwrap();
    keys.into_iter().find_map(|key| key.shown).map(|key| key.expose().to_owned())
}

#[test]
fn the_holder_of_a_key_gets_a_new_one() {
    let server = Keys::with("old");
    let backend = backend(&server);
    assert_eq!(value(run(&backend, issue(Some("old")))).as_deref(), Some("new-1"));
    assert_eq!(server.key().as_deref(), Some("new-1"));
    let found = |key: &str| run(&backend, Command::FindKey(NAMESPACE, key.into()));
    assert_eq!(found("old").unwrap_err().subject, Some(Subject::Key));
    assert!(found("new-1").is_ok());
}

/// Otherwise the server would issue a key to the owner of the key that was shown.
#[test]
fn nobody_else_gets_one() {
    for held in [None, Some("wrong"), Some(KEY)] {
        let server = Keys::with("old");
        let fault = run(&backend(&server), issue(held)).unwrap_err();
        assert_eq!((fault.kind, fault.subject), (FaultKind::Unsupported, Some(Subject::Key)));
        assert_eq!(server.key().as_deref(), Some("old"), "{held:?}");
    }
}

#[test]
fn whoever_has_logged_in_gets_one_too() {
    let server = Keys::with("old");
    let backend = backend(&server);
    let login = |password: &str| {
        let login = Command::VerifyPassword(someone(), password.into());
        run(&backend, login).unwrap().verified().unwrap()
    };
    assert!(!login("wrong"));
    assert_eq!(run(&backend, list()).unwrap_err().kind, FaultKind::Unsupported);
    assert!(login("right"));
    assert_eq!(value(run(&backend, list())).as_deref(), Some("old"));
    assert_eq!(value(run(&backend, issue(None))).as_deref(), Some("new-1"));
    *server.disabled.lock().unwrap() = true;
    for asked in [list(), issue(None)] {
        assert_eq!(run(&backend, asked).unwrap_err().kind, FaultKind::Unsupported);
    }
}

#[test]
fn a_revoked_key_is_revoked_on_the_server() {
    let server = Keys::with("old");
    let revoke = Command::RevokeKeys(Some(someone()), NAMESPACE, KeyChoice::All);
    run(&backend(&server), revoke).unwrap();
    assert_eq!(server.key(), None);
}

#[test]
fn the_key_of_a_disabled_user_is_refused_for_that_reason() {
    let server = Keys::with("old");
    *server.disabled.lock().unwrap() = true;
    let fault = run(&backend(&server), Command::FindKey(NAMESPACE, "old".into())).unwrap_err();
    assert_eq!(fault.refusal, Some(isogloss_canonical::fault::Refusal::Inactive));
}
