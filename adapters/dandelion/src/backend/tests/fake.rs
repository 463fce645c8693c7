//! A server that stores users as the real one does, and fails at a given call.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_interop::php::form::Form;
use serde_json::{Value, json};

use super::server::KEY;

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failing {
    /// Nothing is done.
    Before,
    /// The call is done, and the answer is lost.
    After,
    /// Nothing is done, and the server answers that it was.
    Silently,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) id: i32,
    pub(super) username: String,
    pub(super) group: String,
    pub(super) theme: String,
    pub(super) active: bool,
}

/// A server with a latin1 connection: it ignores the case of ASCII letters only. User 1 owns the
/// gateway's key.
#[derive(Debug, Default)]
pub(super) struct Fake {
    pub(super) people: Mutex<Vec<Stored>>,
    pub(super) requests: Mutex<Vec<String>>,
    failing: Option<(usize, Failing)>,
}

impl Fake {
    /// A server that fails at one call, counted from 0.
    pub(super) fn failing(at: Option<(usize, Failing)>) -> Arc<Self> {
        let fake = Self { failing: at, ..Self::default() };
        fake.add("admin", "2");
        Arc::new(fake)
    }

    pub(super) fn add(&self, username: &str, group: &str) {
        let mut people = self.people.lock().unwrap();
        let id = people.iter().map(|one| one.id).max().unwrap_or_default() + 1;
        let (username, group) = (username.to_owned(), group.to_owned());
        people.push(Stored { id, username, group, theme: String::new(), active: true });
    }

    pub(super) fn named(&self, username: &str) -> Option<Stored> {
        self.people.lock().unwrap().iter().find(|one| one.username == username).cloned()
    }

    /// Runs a call; `None` if the database refuses.
    fn act(&self, method: &str, given: &Form) -> Option<Value> {
        let text = |name: &str| given.text(name).unwrap_or_default().to_owned();
        if method == "users/create" {
            let same = |one: &Stored| one.username.eq_ignore_ascii_case(&text("username"));
            if self.people.lock().unwrap().iter().any(same) {
                return None;
            }
            self.add(&text("username"), &text("role"));
            return Some(json!("User created successfully"));
        }
        let mut people = self.people.lock().unwrap();
        let uid = given.text("uid").unwrap_or("1");
        let at = people.iter().position(|one| one.id.to_string() == uid);
        if method == "users/getuser" {
            return Some(at.map_or(json!("Completed"), |at| shown(&people[at])));
        }
        let one = people.get_mut(at?)?;
        match method {
            "users/disable" => one.active = false,
            "users/enable" => one.active = true,
            "users/edit" => {
                for (name, stored) in [("role", &mut one.group), ("theme", &mut one.theme)] {
                    if let Some(value) = given.text(name) {
                        value.clone_into(stored);
                    }
                }
            }
            "users/delete" if one.group != "2" => drop(people.remove(at?)),
            _ => {}
        }
        Some(json!(sentence(method)))
    }
}

fn sentence(method: &str) -> &'static str {
    match method {
        "users/create" => "User created successfully",
        "users/disable" => "User disabled",
        "users/enable" => "User enabled",
        "users/edit" => "User saved successfully",
        "users/resetpassword" => "Password changed successfully",
        _ => "User deleted successfully",
    }
}

fn shown(one: &Stored) -> Value {
    json!({"id": one.id.to_string(), "fullname": "X", "username": one.username,
        "group_id": one.group, "created": "2026-11-21", "initial_login": "0",
        "theme": one.theme, "disabled": if one.active { "0" } else { "1" }})
}

#[async_trait]
impl Upstream for Fake {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let method = request.path.strip_prefix("/api/").unwrap().to_owned();
        let body = String::from_utf8(request.body.to_vec()).unwrap();
        let form = Form::read(request.query.unwrap_or(body).as_bytes()).decoded_again();
        assert_eq!(form.text("apikey"), Some(KEY));
        let at = self.requests.lock().unwrap().len();
        self.requests.lock().unwrap().push(method.clone());
        let failing = self.failing.filter(|(when, _)| *when == at).map(|(_, how)| how);
        if failing == Some(Failing::Before) {
            return Err(Fault::new(FaultKind::Unavailable, "refused"));
        }
        let data = match (failing, method.as_str()) {
            (_, "users/getusers") => {
                Some(self.people.lock().unwrap().iter().map(shown).collect::<Value>())
            }
            (Some(Failing::Silently), other) if !other.contains("get") => {
                Some(json!(sentence(other)))
            }
            (_, other) => self.act(other, &form),
        };
        if failing == Some(Failing::After) {
            return Err(Fault::new(FaultKind::Timeout, "lost"));
        }
        let (status, code, data) = match data {
            Some(data) => (200, 0, data),
            None => (500, 6, json!("Internal Server Error")),
        };
        let status_text = if code == 0 { "Completed" } else { "Internal Server Error" };
        let body =
            json!({"errorcode": code, "status": status_text, "module": "users", "data": data});
        Ok(Response::new(status, body.to_string()))
    }
}
