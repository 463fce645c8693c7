//! What a client of a dialect sends, and what the answers mean: `[calls]` of
//! `fixtures/systems/<system>.toml`. A suite that asks every dialect the same takes its requests
//! from here, so that it names no dialect.
//!
//! The variables of a call: `name`, `id` and `password` of the user it is about, `email`, `new_name`,
//! `team` and `team_id`. Of the caller: `caller` (the name), `secret`, and `login` (both, with a
//! colon). A call has the form `method`, `args`; `shape` says how the two travel.

pub mod answers;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::calls::answers::{Meaning, People};
use crate::spelling::{self, percent};
use crate::variables::Variables;

/// The calls of a dialect.
#[derive(Clone, Debug, Deserialize)]
pub struct Calls {
    /// The dialect.
    #[serde(skip)]
    pub dialect: String,
    shape: Shape,
    credential: Credential,
    /// The name of the caller who is an application. Absent: every caller is a user.
    pub application: Option<String>,
    /// Which names are one.
    #[serde(default)]
    pub names: Names,
    /// What is special about its users.
    #[serde(default)]
    pub users: Users,
    /// What an answer means.
    pub answers: Meaning,
    /// The list of all users: the call `list`.
    pub people: People,
    /// The list of a team's members: the call `members`.
    pub members: Option<People>,
    /// The sign-in with a password. Absent: the dialect has none.
    pub sign_in: Option<SignIn>,
    /// The list of all teams: the call `list_teams`.
    pub teams: Option<People>,
    /// The place of the new id in the answer to `create`. Absent: the answer does not say it.
    pub created_id: Option<String>,
    /// The place of the key in the answer to `issue_key`.
    pub issued_key: Option<String>,
    /// The calls, by what they do: `create`, `delete`.
    #[serde(flatten)]
    by_name: BTreeMap<String, Call>,
}

/// How a method and its arguments travel.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    /// The path of every call. Absent: a method is `VERB /path`.
    path: Option<String>,
    /// The body of every call, with the variables `method` and `args`. Absent: the body is the
    /// arguments.
    json: Option<Map<String, Value>>,
    /// The arguments of a call that has none.
    #[serde(default)]
    no_args: Value,
    /// Whether the arguments are a form, or the query of a `GET`; otherwise JSON.
    #[serde(default)]
    form: bool,
    /// Whether the server decodes the values of a form twice.
    #[serde(default)]
    decoded_twice: bool,
}

/// Where the secret of a caller is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Credential {
    /// The text, with the variables of the caller.
    value: String,
    /// The header.
    header: Option<String>,
    /// The member of the body, or the field of the form.
    member: Option<String>,
}

/// A call.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    method: String,
    #[serde(default)]
    args: Value,
    #[serde(default)]
    headers: Map<String, Value>,
}

/// A sign-in with a password.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The calls of a browser without credentials. None: the password is the secret of each call.
    #[serde(default)]
    pub steps: Vec<Call>,
    /// The cookie that a later call sends again: the variable `csrf`.
    pub csrf: Option<String>,
    /// A cookie that holds a session.
    pub cookie: Option<String>,
    /// The call that shows who has signed in.
    pub me: Call,
    /// The place of the name in its answer.
    pub name: String,
}

/// Which names of users are one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// Names that are equal.
    #[default]
    Exact,
    /// Blanks around a new name are removed. A name that exists with them is taken too.
    Trimmed,
    /// Names that differ in case or final blanks only, also in a sign-in.
    Folded,
    /// Names that differ in case only may be one: the system decides.
    MayBeFolded,
}

/// What is special about the users of a dialect.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Users {
    /// A new role takes the manager's role too.
    pub replaces_roles: bool,
    /// An administrator is not deleted, and the answer says that it was done.
    pub spares_administrators: bool,
    /// The largest id of a user. Larger ones are nobody's.
    pub largest_id: Option<i64>,
}

/// Who sends a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Caller<'a> {
    /// The name of the user or the application.
    pub name: &'a str,
    /// The password or the key. Empty: the call has no credentials.
    pub secret: &'a str,
}

/// A request in the form of a transcript.
pub type Request = Map<String, Value>;

impl Calls {
    /// A call by what it does. `None`: the dialect cannot do that.
    #[must_use]
    pub fn call(&self, name: &str) -> Option<&Call> {
        self.by_name.get(name)
    }

    /// What the dialect's calls do: `create`, `delete`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The request of a call.
    pub fn request(&self, caller: Caller<'_>, call: &Call, about: &Variables) -> Result<Request> {
        let method = about.fill_text(&call.method)?;
        let args = about.fill(&call.args)?;
        let mut request = self.method(caller, &method, &args)?;
        add_headers(&mut request, about.fill_members(&call.headers)?);
        Ok(request)
    }

    /// The request of a method with these arguments; null: none.
    pub fn method(&self, caller: Caller<'_>, method: &str, args: &Value) -> Result<Request> {
        let args = if args.is_null() { &self.shape.no_args } else { args };
        let mut variables = Variables::default();
        for (name, value) in [("caller", caller.name), ("secret", caller.secret)] {
            variables.set(name, value);
        }
        variables.set("login", format!("{}:{}", caller.name, caller.secret));
        let secret = match caller.secret {
            "" => None,
            _ => Some(variables.fill_text(&self.credential.value)?),
        };
        let member = self.credential.member.as_deref().zip(secret.as_deref());
        let mut request = self.shape.request(method, args, member)?;
        if let (Some(header), Some(secret)) = (&self.credential.header, secret) {
            add_headers(&mut request, [(header.clone(), secret.into())]);
        }
        Ok(request)
    }
}

fn add_headers(request: &mut Request, more: impl IntoIterator<Item = (String, Value)>) {
    if let Value::Object(headers) = request.entry("headers").or_insert_with(|| json!({})) {
        headers.extend(more);
    }
}

impl Call {
    /// Whether the name of the user is a part of the path.
    #[must_use]
    pub fn has_name_in_path(&self) -> bool {
        self.method.contains("{{name")
    }
}

impl Shape {
    fn request(&self, method: &str, args: &Value, secret: Option<(&str, &str)>) -> Result<Request> {
        let mut request = Request::new();
        let mut set = |name: &str, value: Value| request.insert(name.to_owned(), value);
        let (Some(path), Some(body)) = (&self.path, &self.json) else {
            let (verb, path) = method.split_once(' ').context("a method is VERB /path")?;
            set("method", verb.into());
            if !self.form {
                set("path", path.into());
                if !args.is_null() {
                    set("json", args.clone());
                }
                return Ok(request);
            }
            let fields = self.fields(args, secret);
            if verb == "GET" {
                set("path", format!("{path}?{fields}").into());
            } else {
                set("path", path.into());
                set("text", fields.into());
                set("headers", json!({"Content-Type": "application/x-www-form-urlencoded"}));
            }
            return Ok(request);
        };
        let mut variables = Variables::default();
        variables.set("method", method);
        variables.set("args", args.clone());
        let mut body = variables.fill_members(body)?;
        body.extend(secret.map(|(member, secret)| (member.to_owned(), secret.into())));
        set("method", "POST".into());
        set("path", path.clone().into());
        set("json", body.into());
        Ok(request)
    }

    /// A form, percent-encoded.
    fn fields(&self, args: &Value, secret: Option<(&str, &str)>) -> String {
        let field = |(name, value): (&String, &Value)| {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let text = if self.decoded_twice { percent(&text) } else { text };
            format!("{name}={}", percent(&text))
        };
        let fields = args.as_object().into_iter().flatten().map(field);
        let secret = secret.map(|(name, secret)| format!("{name}={}", spelling::percent(secret)));
        fields.chain(secret).collect::<Vec<_>>().join("&")
    }
}

#[cfg(test)]
mod tests;
