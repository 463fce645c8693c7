//! A Kanboard server that keeps users, groups and memberships as the real one does on SQLite: the
//! highest id is used again, lists are sorted by bytes, an update of nobody is true, and the seventh
//! wrong password locks. `recordings.rs` plays the recordings to it.

use std::collections::BTreeSet;
use std::sync::Mutex;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_interop::php::text::trim;
use serde_json::{Value, json};

use crate::wire::values::{is_email, is_long_enough};

/// The failure in a row that locks.
const LOCKS: u32 = 7;
const ROLES: [&str; 3] = ["app-user", "app-manager", "app-admin"];

/// The server. Its application has the token `token`, its first user is `admin`.
#[derive(Debug)]
pub(super) struct Stateful {
    token: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    users: Vec<Person>,
    groups: Vec<Group>,
    /// Group and user.
    members: BTreeSet<(i64, i64)>,
    hashes: u64,
}

#[derive(Clone, Debug)]
struct Person {
    id: i64,
    username: String,
    password: String,
    hash: String,
    name: Value,
    email: Value,
    role: String,
    active: bool,
    failures: u32,
}

#[derive(Clone, Debug)]
struct Group {
    id: i64,
    external_id: Value,
    name: String,
}

/// Why a call is not answered with a result.
enum Refusal {
    Unauthorized,
    Forbidden,
    Unknown,
    Parameters(String),
    Sql,
}

/// Who calls.
enum Caller {
    Application,
    User(i64),
}

type Answer = Result<Value, Refusal>;

/// A method: its name, the parameters that it takes, and how many of them it needs.
type Method = (&'static str, &'static [&'static str], usize);

#[rustfmt::skip]
const METHODS: &[Method] = &[
    ("createUser", &["username", "password", "name", "email", "role"], 2),
    ("getUser", &["user_id"], 1), ("getUserByName", &["username"], 1), ("getAllUsers", &[], 0),
    ("updateUser", &["id", "username", "name", "email", "role"], 1),
    ("removeUser", &["user_id"], 1), ("disableUser", &["user_id"], 1), ("enableUser", &["user_id"], 1),
    ("isActiveUser", &["user_id"], 1),
    ("createGroup", &["name", "external_id"], 1), ("updateGroup", &["group_id", "name", "external_id"], 1),
    ("removeGroup", &["group_id"], 1), ("getGroup", &["group_id"], 1), ("getAllGroups", &[], 0),
    ("getMemberGroups", &["user_id"], 1), ("getGroupMembers", &["group_id"], 1),
    ("addGroupMember", &["group_id", "user_id"], 2), ("removeGroupMember", &["group_id", "user_id"], 2),
    ("isGroupMember", &["group_id", "user_id"], 2),
    ("getMe", &[], 0), ("getVersion", &[], 0), ("getTimezone", &[], 0), ("getDefaultTaskColor", &[], 0),
    ("getDefaultTaskColors", &[], 0), ("getColorList", &[], 0), ("getApplicationRoles", &[], 0),
    ("getProjectRoles", &[], 0),
];
/// The methods that every user may call.
const OPEN: &[&str] = &["getMe", "getVersion", "getTimezone", "getApplicationRoles"];

impl Stateful {
    pub(super) fn new(token: &str, password: &str) -> Self {
        let mut state = State::default();
        state.add("admin", password, (Value::Null, Value::Null), "app-admin");
        Self { token: token.to_owned(), state: Mutex::new(state) }
    }

    /// Removes the lock of a user, as an administrator does on the web page.
    pub(super) fn unlock(&self, username: &str) {
        let mut state = self.state.lock().unwrap();
        state
            .users
            .iter_mut()
            .filter(|one| one.username == username)
            .for_each(|one| one.failures = 0);
    }

    fn call(&self, request: &Request, call: &Value) -> Answer {
        let mut state = self.state.lock().unwrap();
        let caller = state.caller(request, &self.token)?;
        let wanted = call["method"].as_str().unwrap_or_default();
        let known = METHODS.iter().find(|(name, ..)| *name == wanted);
        let (name, parameters, required) = known.ok_or(Refusal::Unknown)?;
        match caller {
            Caller::Application if *name == "getMe" => return Err(Refusal::Forbidden),
            Caller::Application => {}
            Caller::User(id) => {
                let role = state.user(id).map(|one| one.role.clone()).unwrap_or_default();
                if role != "app-admin" && !(OPEN.contains(name) && ROLES.contains(&&*role)) {
                    return Err(Refusal::Forbidden);
                }
            }
        }
        let given = arguments(&call["params"], parameters, *required)?;
        state.run(name, &caller, &given)
    }
}

/// The arguments in their order. `None`: not given.
fn arguments(
    given: &Value,
    names: &[&str],
    required: usize,
) -> Result<Vec<Option<Value>>, Refusal> {
    let count = given.as_array().map(Vec::len).or(given.as_object().map(serde_json::Map::len));
    let count = count.unwrap_or_default();
    if count < required {
        return Err(Refusal::Parameters("Wrong number of arguments".to_owned()));
    }
    if count > names.len() {
        return Err(Refusal::Parameters("Too many arguments".to_owned()));
    }
    let one = |(at, name): (usize, &&str)| {
        if given.is_array() { given.get(at).cloned() } else { given.get(*name).cloned() }
    };
    let all: Vec<_> = names.iter().enumerate().map(one).collect();
    if let Some(at) = all.iter().take(required).position(Option::is_none) {
        return Err(Refusal::Parameters(format!("Missing argument: {}", names[at])));
    }
    Ok(all)
}

/// An id, as SQLite compares one with an integer.
fn id(value: Option<&Value>) -> i64 {
    match value {
        Some(Value::Number(number)) => number.as_i64().unwrap_or_default(),
        Some(Value::Bool(on)) => i64::from(*on),
        Some(Value::String(text)) => text.trim().parse().unwrap_or_default(),
        _ => 0,
    }
}

/// A text, as PHP makes one of a value that is not null.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(on) => Some(if *on { "1" } else { "" }.to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(_) | Value::Object(_) => Some("Array".to_owned()),
    }
}

impl State {
    fn user(&mut self, id: i64) -> Option<&mut Person> {
        self.users.iter_mut().find(|one| one.id == id)
    }

    fn add(
        &mut self,
        username: &str,
        password: &str,
        (name, email): (Value, Value),
        role: &str,
    ) -> i64 {
        let id = self.users.iter().map(|one| one.id).max().unwrap_or_default() + 1;
        self.hashes += 1;
        let hash = format!("$2y$10${:0>53}", self.hashes);
        let (username, password, role) =
            (username.to_owned(), password.to_owned(), role.to_owned());
        let active = true;
        self.users.push(Person {
            id,
            username,
            password,
            hash,
            name,
            email,
            role,
            active,
            failures: 0,
        });
        id
    }

    fn caller(&mut self, request: &Request, token: &str) -> Result<Caller, Refusal> {
        let basic = request.header("authorization").and_then(|one| one.strip_prefix("Basic "));
        let decoded = basic.and_then(|basic| STANDARD.decode(basic).ok()).unwrap_or_default();
        let pair = String::from_utf8(decoded).unwrap_or_default();
        let (name, secret) = pair.split_once(':').ok_or(Refusal::Unauthorized)?;
        if name == "jsonrpc" {
            return if secret == token {
                Ok(Caller::Application)
            } else {
                Err(Refusal::Unauthorized)
            };
        }
        let found = self.users.iter_mut().find(|one| one.username == name);
        let user = found.ok_or(Refusal::Unauthorized)?;
        let used = |text: &str| text.as_bytes()[..text.len().min(72)].to_vec();
        if user.failures >= LOCKS {
            return Err(Refusal::Unauthorized);
        }
        if used(&user.password) != used(secret) || !user.active {
            user.failures += 1;
            return Err(Refusal::Unauthorized);
        }
        user.failures = 0;
        Ok(Caller::User(user.id))
    }

    fn run(&mut self, method: &str, caller: &Caller, given: &[Option<Value>]) -> Answer {
        let at = |at: usize| given.get(at).and_then(Option::as_ref);
        let (first, second) = (id(at(0)), id(at(1)));
        Ok(match method {
            "createUser" => self.create(given),
            "updateUser" => return self.update(first, given),
            "getUser" => self.user(first).map_or(Value::Null, |one| row(one)),
            "getUserByName" => {
                let name = at(0).and_then(text);
                let named = |one: &&Person| Some(&one.username) == name.as_ref();
                self.users.iter().find(named).map_or(Value::Null, row)
            }
            "getAllUsers" => {
                self.users.sort_by(|a, b| a.username.cmp(&b.username));
                self.users.iter().map(row).collect()
            }
            "removeUser" => {
                self.members.retain(|(_, user)| *user != first);
                let before = self.users.len();
                self.users.retain(|one| one.id != first);
                json!(self.users.len() < before)
            }
            "disableUser" | "enableUser" => {
                if let Some(user) = self.user(first) {
                    user.active = method == "enableUser";
                }
                json!(true)
            }
            "isActiveUser" => json!(self.user(first).is_some_and(|one| one.active)),
            "getMe" => {
                let Caller::User(own) = caller else { return Err(Refusal::Forbidden) };
                self.user(*own).map_or(Value::Null, |one| me(one))
            }
            "getVersion" => json!("1.2.53"),
            "getTimezone" => json!("UTC"),
            "getApplicationRoles" => {
                json!({"app-admin": "Administrator", "app-manager": "Manager", "app-user": "User"})
            }
            "getDefaultTaskColor" => json!("yellow"),
            "getDefaultTaskColors" | "getColorList" | "getProjectRoles" => json!({}),
            _ => return self.run_on_group(method, (first, second), given),
        })
    }

    fn create(&mut self, given: &[Option<Value>]) -> Value {
        let or = |at: usize, default: &str| given[at].clone().unwrap_or(json!(default));
        let (name, password) = (text(&or(0, "")), text(&or(1, "")));
        let (Some(username), Some(password), Some(role)) =
            (name, password, text(&or(4, "app-user")))
        else {
            return json!(false);
        };
        let email = or(3, "");
        let takes = !username.is_empty()
            && username.chars().count() <= 191
            && is_long_enough(&password)
            && takes_email(&email)
            && (role.is_empty() || ROLES.contains(&&*role))
            && self.is_free(&username, 0);
        if !takes {
            return json!(false);
        }
        let texts = (text(&or(2, "")).into(), text(&email).into());
        json!(self.add(trim(&username), &password, texts, &role))
    }

    /// Whether nobody else has the name, before and after it is trimmed.
    fn is_free(&self, username: &str, own: i64) -> bool {
        let is_it = |one: &Person| [username, trim(username)].contains(&&*one.username);
        !self.users.iter().any(|one| one.id != own && is_it(one))
    }

    fn update(&mut self, own: i64, given: &[Option<Value>]) -> Answer {
        let new = |at: usize| given[at].as_ref().and_then(text);
        if (1..5).all(|at| new(at).is_none()) {
            return Err(Refusal::Sql);
        }
        let takes = new(1).is_none_or(|name| {
            name.chars().count() <= 191 && (name.is_empty() || self.is_free(&name, own))
        }) && given[3].as_ref().is_none_or(takes_email)
            && new(4).is_none_or(|role| role.is_empty() || ROLES.contains(&&*role));
        if !takes {
            return Ok(json!(false));
        }
        if let Some(user) = self.user(own) {
            user.username = new(1).map_or(user.username.clone(), |name| trim(&name).to_owned());
            user.name = new(2).map_or(user.name.clone(), Value::from);
            user.email = new(3).map_or(user.email.clone(), Value::from);
            user.role = new(4).unwrap_or(user.role.clone());
        }
        Ok(json!(true))
    }

    fn run_on_group(
        &mut self,
        method: &str,
        (first, second): (i64, i64),
        given: &[Option<Value>],
    ) -> Answer {
        let new = |at: usize| given.get(at).and_then(Option::as_ref).and_then(text);
        let there = |own: i64, groups: &[Group]| groups.iter().any(|one| one.id == own);
        Ok(match method {
            "createGroup" => match new(0)
                .filter(|name| self.groups.iter().all(|one| one.name != *name))
            {
                None => json!(false),
                Some(name) => {
                    let id = self.groups.iter().map(|one| one.id).max().unwrap_or_default() + 1;
                    let external_id = given[1].as_ref().map_or(json!(""), |one| text(one).into());
                    self.groups.push(Group { id, external_id, name });
                    json!(id)
                }
            },
            "updateGroup" => return self.update_group(first, (new(1), new(2))),
            "removeGroup" => {
                let before = self.groups.len();
                self.groups.retain(|one| one.id != first);
                self.members.retain(|(group, _)| *group != first);
                json!(self.groups.len() < before)
            }
            "getGroup" => {
                self.groups.iter().find(|one| one.id == first).map_or(Value::Null, group_row)
            }
            "getAllGroups" => {
                self.groups.sort_by(|a, b| a.name.cmp(&b.name));
                let count = |id: i64| self.members.iter().filter(|(group, _)| *group == id).count();
                let listed = |one: &Group| {
                    json!({"id": one.id, "name": one.name, "external_id": one.external_id,
                        "nb_users": count(one.id)})
                };
                self.groups.iter().map(listed).collect()
            }
            "getMemberGroups" => {
                self.groups.sort_by(|a, b| a.name.cmp(&b.name));
                let is_in = |one: &&Group| self.members.contains(&(one.id, first));
                self.groups.iter().filter(is_in).map(group_row).collect()
            }
            "getGroupMembers" => {
                let ids = self.members.iter().filter(|(group, _)| *group == first);
                let found = ids.filter_map(|(_, id)| self.users.iter().find(|one| one.id == *id));
                found.map(row).collect()
            }
            "addGroupMember" => {
                let both =
                    there(first, &self.groups) && self.users.iter().any(|one| one.id == second);
                json!(both && self.members.insert((first, second)))
            }
            "removeGroupMember" => json!(self.members.remove(&(first, second))),
            _ => json!(self.members.contains(&(first, second))),
        })
    }

    fn update_group(
        &mut self,
        own: i64,
        (name, external): (Option<String>, Option<String>),
    ) -> Answer {
        if name.is_none() && external.is_none() {
            return Err(Refusal::Sql);
        }
        let other = |one: &Group| one.id != own && Some(&one.name) == name.as_ref();
        if self.groups.iter().any(other) && self.groups.iter().any(|one| one.id == own) {
            return Ok(json!(false));
        }
        if let Some(group) = self.groups.iter_mut().find(|one| one.id == own) {
            group.name = name.unwrap_or(group.name.clone());
            group.external_id = external.map_or(group.external_id.clone(), Value::from);
        }
        Ok(json!(true))
    }
}

fn takes_email(email: &Value) -> bool {
    match email {
        Value::Null => true,
        Value::String(text) => text.is_empty() || is_email(text),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

fn row(one: &Person) -> Value {
    let locked = one.failures >= LOCKS;
    json!({"id": one.id, "username": one.username, "password": one.hash,
        "is_admin": i64::from(one.id == 1), "is_ldap_user": 0, "name": one.name, "email": one.email,
        "google_id": null, "github_id": null, "notifications_enabled": 0, "timezone": null,
        "language": null, "disable_login_form": 0, "twofactor_activated": 0, "twofactor_secret": null,
        "token": "", "notifications_filter": 4, "nb_failed_login": one.failures,
        "lock_expiration_date": if locked { 4_102_444_800_i64 } else { 0 }, "is_project_admin": 0,
        "gitlab_id": null, "role": one.role, "is_active": i64::from(one.active), "avatar_path": null,
        "api_access_token": null, "filter": null, "theme": "light"})
}

fn me(one: &Person) -> Value {
    let mut row = row(one);
    for column in ["password", "is_admin", "is_project_admin"] {
        row.as_object_mut().unwrap().remove(column);
    }
    row["is_ldap_user"] = json!(false);
    row["twofactor_activated"] = json!(false);
    row
}

fn group_row(one: &Group) -> Value {
    json!({"id": one.id, "external_id": one.external_id, "name": one.name})
}

/// The status and the answer to one call.
fn encoded(call: &Value, answer: Answer) -> (u16, Value) {
    let error = |code: i64, message: &str| json!({"code": code, "message": message});
    let of_call = |error: Value| json!({"jsonrpc": "2.0", "error": error, "id": call["id"]});
    let of_all = |error: Value| json!({"jsonrpc": "2.0", "error": error, "id": null});
    match answer {
        Ok(result) => (200, json!({"jsonrpc": "2.0", "result": result, "id": call["id"]})),
        Err(Refusal::Unauthorized) => (401, of_all(error(401, "Unauthorized"))),
        Err(Refusal::Forbidden) => (403, of_all(error(403, "Forbidden"))),
        Err(Refusal::Unknown) => (200, of_call(error(-32601, "Method not found"))),
        Err(Refusal::Parameters(why)) => {
            let error = json!({"code": -32602, "message": "Invalid params", "data": why});
            (200, of_call(error))
        }
        Err(Refusal::Sql) => {
            let message =
                "SQL Error[HY000]: SQLSTATE[HY000]: General error: 1 near \"WHERE\": syntax error";
            (200, of_call(error(0, message)))
        }
    }
}

#[async_trait]
impl Upstream for Stateful {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let Value::Array(calls) = &body else {
            let (status, answer) = encoded(&body, self.call(&request, &body));
            return Ok(Response::new(status, answer.to_string()));
        };
        let mut answers = Vec::new();
        for call in calls {
            let (status, answer) = encoded(call, self.call(&request, call));
            if status != 200 {
                return Ok(Response::new(status, answer.to_string()));
            }
            answers.push(answer);
        }
        Ok(Response::new(200, Value::from(answers).to_string()))
    }
}
