//! The envelope of the API: the order of the checks, the errors, and the table of the methods.

use serde_json::{Value, json};

use crate::fake::form::Form;
use crate::fake::{Fake, User};

/// What a method ends with: data, or an error.
pub(super) type Said = Result<Value, Error>;

/// An error of the API.
#[derive(Debug)]
pub(super) struct Error {
    status: u16,
    code: u8,
    text: String,
    module: Option<&'static str>,
}

impl Error {
    fn new(status: u16, code: u8, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into(), module: None }
    }

    /// The method cannot do it.
    pub(super) fn general(text: &str) -> Self {
        Self::new(200, 5, text)
    }

    /// The database refuses.
    pub(super) fn database() -> Self {
        Self { module: Some("api"), ..Self::new(500, 6, "Internal Server Error") }
    }

    fn of_api(code: u8, text: &str) -> Self {
        Self { module: Some("api"), ..Self::new(200, code, text) }
    }
}

/// The type of a required parameter.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Int,
}

/// A method: HTTP method, module, name, required parameters, and what it does.
type Method = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, Kind)],
    fn(&mut Fake, &User, &Form) -> Said,
);

const UID: &[(&str, Kind)] = &[("uid", Kind::Int)];
const GROUP: &[(&str, Kind)] = &[("groupid", Kind::Int)];

const METHODS: [Method; 23] = [
    ("POST", "users", "resetpassword", &[("pw", Kind::Text)], Fake::reset_password),
    (
        "POST",
        "users",
        "create",
        &[
            ("username", Kind::Text),
            ("password", Kind::Text),
            ("fullname", Kind::Text),
            ("role", Kind::Int),
        ],
        Fake::create_user,
    ),
    ("POST", "users", "edit", UID, Fake::edit_user),
    ("POST", "users", "delete", UID, Fake::delete_user),
    ("POST", "users", "enable", UID, |fake, me, form| fake.set_disabled(me, form, false)),
    ("POST", "users", "disable", UID, |fake, me, form| fake.set_disabled(me, form, true)),
    ("GET", "users", "getusers", &[], Fake::get_users),
    ("GET", "users", "getuser", &[], Fake::get_user),
    ("GET", "groups", "getlist", &[], |fake, _, _| Ok(fake.get_groups())),
    ("GET", "groups", "getgroup", GROUP, |fake, _, form| Ok(fake.get_group(form))),
    ("GET", "groups", "getuserrights", &[], |fake, me, _| Ok(fake.get_rights(me))),
    ("POST", "groups", "create", &[("name", Kind::Text)], Fake::create_group),
    ("POST", "groups", "edit", &[("groupid", Kind::Int), ("rights", Kind::Text)], Fake::edit_group),
    ("POST", "groups", "delete", GROUP, Fake::delete_group),
    ("GET", "key", "get", &[], |fake, me, _| Ok(fake.get_key(me))),
    ("POST", "key", "generate", &[], |fake, me, _| Ok(fake.generate_key(me))),
    ("POST", "key", "revoke", &[], Fake::revoke_key),
    ("GET", "key", "test", &[], |_, _, _| Ok(json!(true))),
    ("GET", "cheesto", "read", &[], Fake::read_status),
    ("GET", "cheesto", "statustexts", &[], |_, _, _| Ok(super::cheesto::options())),
    ("POST", "cheesto", "update", &[], Fake::update_status),
    ("POST", "usersettings", "savetheme", &[], |_, _, _| Ok(json!("Setting saved"))),
    ("GET", "dandelion", "version", &[], |_, _, _| Ok(json!("6.1.1"))),
];

impl Fake {
    /// Answers a call of the API: the status and the body. `session` is the cookie of a call of the
    /// methods for sessions; the others take a key from the form.
    pub(crate) fn call(
        &mut self,
        asked: (&str, &str, &str),
        session: Option<&str>,
        form: &Form,
    ) -> (u16, String) {
        let (_, module, name) = asked;
        self.asked.push(format!("{module}/{name}"));
        match self.answer(asked, session, form) {
            Ok(data) => {
                let empty = [json!(""), json!(false), json!([]), json!({}), Value::Null];
                let data = if empty.contains(&data) { json!("Completed") } else { data };
                (200, envelope(0, "Completed", Some(module), &data))
            }
            Err(error) if self.as_shipped && !(1..=3).contains(&error.code) && !is_bad(&error) => {
                (500, String::new())
            }
            Err(Error { status, code, text, module }) => {
                (status, envelope(code, &text, module, &json!(text)))
            }
        }
    }

    fn answer(
        &mut self,
        (verb, module, name): (&str, &str, &str),
        session: Option<&str>,
        form: &Form,
    ) -> Said {
        if [module, name].iter().any(|part| matches!(*part, "" | "0")) {
            return Err(Error::of_api(7, "Bad API call"));
        }
        let me = match session {
            Some(cookie) => self.of_session(cookie)?,
            None if !self.has_api => return Err(Error::of_api(2, "Public API disabled")),
            None => self.of_key(form)?,
        };
        if me.disabled {
            return Err(Error::new(200, 4, "Invalid user"));
        }
        if !METHODS.iter().any(|(_, own, ..)| *own == module) {
            return Err(Error::new(200, 8, "Module not found"));
        }
        let found = METHODS.iter().find(|(_, own, method, ..)| (*own, *method) == (module, name));
        let Some((wanted, module, _, required, run)) = found else {
            return Err(Error::new(200, 9, "Module doesn't have method"));
        };
        if *wanted != verb {
            return Err(Error::new(405, 7, "Incorrect HTTP method"));
        }
        let missing = |(name, kind): &&(&'static str, Kind)| match kind {
            Kind::Text => form.text(name).is_none(),
            Kind::Int => form.int(name).is_none(),
        };
        let missing: Vec<_> = required.iter().filter(missing).map(|(name, _)| *name).collect();
        if !missing.is_empty() {
            let text = format!("Invalid parameters '{}'", missing.join(", "));
            return Err(Error::new(400, 7, text));
        }
        run(self, &me, form)
            .map_err(|error| Error { module: error.module.or(Some(module)), ..error })
    }

    /// The user of a key. Trailing blanks of the key do not count.
    fn of_key(&self, form: &Form) -> Result<User, Error> {
        let key = form.given("apikey");
        let key = key.trim_ascii_end();
        let holds = |user: &&User| user.key.as_deref().is_some_and(|own| own.as_bytes() == key);
        let found = self.users.iter().find(holds).filter(|_| !key.is_empty()).cloned();
        found.ok_or_else(|| Error::new(200, 1, "API key is not valid"))
    }

    /// The user of a session. A session outlives its user: it is then one of a user without a row.
    fn of_session(&self, cookie: &str) -> Result<User, Error> {
        let id = self.sessions.get(cookie);
        let id = id.ok_or_else(|| Error::of_api(3, "Action requires logged in session"))?;
        Ok(self.user(*id).cloned().unwrap_or_default())
    }

    /// Refuses if the group of a user lacks a right.
    pub(super) fn need(&self, user: &User, right: &str) -> Result<(), Error> {
        if self.has(user, right) {
            return Ok(());
        }
        Err(Error::new(200, 4, "Your account doesn't have the proper permissions"))
    }
}

fn is_bad(error: &Error) -> bool {
    error.text == "Bad API call"
}

/// The body of an answer. PHP writes nothing if a text is no UTF-8.
fn envelope(code: u8, status: &str, module: Option<&str>, data: &Value) -> String {
    if data.to_string().contains(super::users::BROKEN) {
        return String::new();
    }
    let body = json!({
        "errorcode": code, "status": status, "module": module, "data": data, "requestTime": "1ms"
    });
    body.to_string()
}
