//! A server that stores users as the real one does, and fails at a given call.

use std::sync::{Arc, Mutex};

use isogloss_canonical::http::{Request, Response};
use isogloss_interop::php::form::Form;
use isogloss_testkit::scripted::upstream::{Breaking, Failing, Server};
use serde_json::{Value, json};

use super::server::KEY;

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
}

impl Fake {
    /// A server that fails at one call, counted from 0.
    pub(super) fn failing(at: Option<(usize, Failing)>) -> Arc<Breaking<Self>> {
        let fake = Self::default();
        fake.add("admin", "2");
        Breaking::at(at, fake)
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
    fn run(&self, method: &str, given: &Form) -> Option<Value> {
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

impl Server for Fake {
    fn act(&self, request: &Request) -> Response {
        let form = form(request);
        assert_eq!(form.text("apikey"), Some(KEY));
        let method = method(request);
        let data = if method == "users/getusers" {
            Some(self.people.lock().unwrap().iter().map(shown).collect::<Value>())
        } else {
            self.run(method, &form)
        };
        answer(data)
    }

    fn pretend(&self, request: &Request, _: Failing) -> Option<Response> {
        let method = method(request);
        (!method.contains("get")).then(|| answer(Some(json!(sentence(method)))))
    }
}

/// The methods that were called, in order.
pub(super) fn methods(fake: &Breaking<Fake>) -> Vec<String> {
    fake.asked().iter().map(|request| method(request).to_owned()).collect()
}

fn method(request: &Request) -> &str {
    request.path.strip_prefix("/api/").unwrap()
}

fn form(request: &Request) -> Form {
    let text = request.query.as_ref().map_or(&request.body[..], |query| query.as_bytes());
    Form::read(text).decoded_again()
}

/// An answer with these data; `None`: the database has refused.
fn answer(data: Option<Value>) -> Response {
    let (status, code, text, data) = match data {
        Some(data) => (200, 0, "Completed", data),
        None => (500, 6, "Internal Server Error", json!("Internal Server Error")),
    };
    let body = json!({"errorcode": code, "status": text, "module": "users", "data": data});
    Response::new(status, body.to_string())
}
