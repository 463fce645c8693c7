//! Every example of the four public documents, sent as printed, gets an answer of the printed form.
//! One trial for each example: `fixtures/seeds/DIALECT/NAME.json`. The client
//! library of the one document that prints a library is played from start to end.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::NewUser;
use isogloss_canonical::verb::Verb;
use isogloss_store::Store;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::authorisation::methods::{self, furnished};
use crate::authorisation::pairs::with_sidecar;
use crate::calls::{self, Asked};
use crate::gateway::PreparedStore;
use crate::{block_on, fixtures};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const LOGIN: &str = "jsonrpc:0123456789abcdef0123456789abcdef";
/// The user that the directory has.
const KNOWN: &str = "my_ldap_user";

/// One example.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    /// What differs from the document, and why.
    #[serde(rename = "altered")]
    _altered: Option<String>,
    /// The versions that the document can describe.
    versions: Vec<String>,
    /// Whether there is a directory with `my_ldap_user`.
    #[serde(default)]
    directory: bool,
    /// The requests that are sent first.
    #[serde(default)]
    before: Vec<Value>,
    /// The request: a JSON-RPC body, or a method with its arguments.
    request: Value,
    /// The answer as printed. `<x>` in a text stands for any text.
    answer: Value,
    /// The status.
    status: u16,
}

/// One trial for each example and version.
pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for dialect in ["dandelion", "kanboard", "octoprint", "rhodecode"] {
        let folder = fixtures("seeds").join(dialect);
        let mut files: Vec<_> =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let run = move || block_on(example(dialect, &file));
            trials.push(trial(format!("seeds::{dialect}::{name}"), run));
        }
    }
    trials.extend(client_trials());
    trials
}

async fn example(dialect: &'static str, file: &Path) -> Result<(), Failed> {
    let example: Example = serde_json::from_slice(&std::fs::read(file).unwrap())?;
    let prepared = PreparedStore::of(&accounts()).await;
    for version in &example.versions {
        let mut gateway = prepared.open().await;
        if example.directory {
            gateway.backend = Arc::new(Directory::before(gateway.store.clone()));
        }
        let version: &'static str = version.clone().leak();
        for before in &example.before {
            gateway.send(asked(dialect, before).by(version)).await;
        }
        let answer = gateway.send(asked(dialect, &example.request).by(version)).await;
        let mut wrong = Vec::new();
        if answer.status != example.status {
            wrong.push(format!("status {}, not {}", answer.status, example.status));
        }
        compare("", &example.answer, &answer.json, &mut wrong);
        if !wrong.is_empty() {
            let wrong = wrong.join("\n");
            return Err(format!("version {version}: {wrong}\nanswered: {}", answer.text).into());
        }
    }
    Ok(())
}

/// The administrator with a key for each dialect, and another user.
fn accounts() -> Value {
    let key = |dialect: &str| json!({"dialect": dialect, "value": KEY});
    let admin = json!({"username": "admin", "password": "the first secret", "admin": true,
        "email": "admin@example.org", "display_name": "Ad Min",
        "keys": [key("octoprint"), key("rhodecode"), key("dandelion")]});
    let biloute = json!({"username": "someone", "password": "123456", "email": "user@example.com",
        "display_name": "Some One"});
    json!({"users": [admin, biloute], "application_keys": [key("kanboard")]})
}

fn asked(dialect: &str, request: &Value) -> Asked {
    let line = || request["method"].as_str().unwrap();
    match dialect {
        "kanboard" => calls::kanboard_body(LOGIN, request),
        "rhodecode" => calls::rhodecode(KEY, line(), &request["args"]),
        "octoprint" => calls::octoprint(KEY, line(), &request["json"]),
        _ => calls::dandelion(KEY, line(), &request["parameters"]),
    }
}

/// Everything printed must be in the answer, with the same JSON type. The answer may have more. An
/// empty list or object in the document matches any list or object.
fn compare(path: &str, printed: &Value, answered: &Value, wrong: &mut Vec<String>) {
    match (printed, answered) {
        (Value::Object(printed), Value::Object(answered)) => {
            members(path, printed, answered, wrong);
        }
        (Value::Array(printed), Value::Array(answered)) => {
            if let (Some(printed), None) = (printed.first(), answered.first()) {
                wrong.push(format!("{path}: empty, not [{printed}]"));
            }
            for (one, other) in printed.iter().zip(answered) {
                compare(&format!("{path}/0"), one, other, wrong);
            }
        }
        (Value::String(printed), Value::String(answered)) if printed.contains('<') => {
            if !fits(printed, answered) {
                wrong.push(format!("{path}: {answered:?}, not {printed:?}"));
            }
        }
        (Value::Bool(_), Value::Bool(_))
        | (Value::Number(_), Value::Number(_))
        | (Value::String(_), Value::String(_))
        | (Value::Null, Value::Null) => {}
        _ => wrong.push(format!("{path}: {answered}, printed {printed}")),
    }
}

fn members(
    path: &str,
    printed: &Map<String, Value>,
    answered: &Map<String, Value>,
    wrong: &mut Vec<String>,
) {
    for (name, value) in printed {
        match answered.get(name) {
            Some(other) => compare(&format!("{path}/{name}"), value, other, wrong),
            None => wrong.push(format!("{path}/{name}: missing")),
        }
    }
}

/// Whether a text is the printed one, with any text for each `<placeholder>`.
fn fits(printed: &str, answered: &str) -> bool {
    let mut rest = answered;
    let mut pieces = printed.split('<');
    let Some(start) = pieces.next().and_then(|start| rest.strip_prefix(start)) else {
        return false;
    };
    rest = start;
    for piece in pieces {
        let after = piece.split_once('>').map_or("", |(_, after)| after);
        let found = if after.is_empty() { Some(rest.len()) } else { rest.find(after) };
        let Some(at) = found.filter(|at| *at > 0) else { return false };
        rest = &rest[at + after.len()..];
    }
    rest.is_empty()
}

/// The versions for which the client library of 2016 was written.
const CLIENT_VERSIONS: [&str; 2] = ["1.3", "1.3.0"];
/// Whom the client creates.
const CREATED: &str = "seedclient";

/// A system behind the gateway, of the default version or another.
type Behind = (&'static Adapter, Option<&'static str>);

/// One trial for each of these versions, on the store and with each system behind. The client's own
/// system is also behind in the versions of the client.
fn client_trials() -> Vec<Trial> {
    let remotes = || registry::ADAPTERS.iter().copied().filter(|one| one.remote().is_some());
    let own = registry::adapter("octoprint").unwrap();
    let older = CLIENT_VERSIONS.map(|version| (own, Some(version)));
    let behind: Vec<Behind> = remotes().map(|system| (system, None)).chain(older).collect();
    let mut trials = Vec::new();
    for version in CLIENT_VERSIONS {
        let name = format!("seeds::client-of-{version}::on-the-store");
        trials.push(trial(name, move || block_on(client(version, None))));
        for (system, of) in behind.iter().copied() {
            let of_version = of.map_or_else(String::new, |of| format!("-{of}"));
            let name = format!("seeds::client-of-{version}::on-{}{of_version}", system.name);
            trials.push(trial(name, move || block_on(client(version, Some((system, of))))));
        }
    }
    trials
}

/// The ten calls of the client library, from start to end. The switch `admin` makes an administrator
/// also of a system that has no such switch.
async fn client(version: &'static str, system: Option<Behind>) -> Result<(), Failed> {
    let prepared = furnished().await;
    let (gateway, behind) = match system {
        Some(system) => with_sidecar(&prepared, system).await,
        None => (prepared.open().await, prepared.open().await),
    };
    let people = if system.is_some() { &behind } else { &gateway };
    let key = methods::key("admin");
    let send = async |key: &str, line: &str, body: Value| {
        gateway.send(calls::octoprint(key, &line.replace('*', CREATED), &body).by(version)).await
    };
    let done = async |line: &str, body: Value| {
        let answer = send(&key, line, body).await;
        if answer.status == 200 {
            return Ok(answer.json);
        }
        Err(Failed::from(format!("{line}: {} {}", answer.status, answer.text)))
    };
    done("GET /api/users", Value::Null).await?;
    let new =
        json!({"name": CREATED, "password": "a good secret 1", "active": true, "admin": false});
    done("POST /api/users", new).await?;
    let read = done("GET /api/users/*", Value::Null).await?;
    assert_eq!((&read["active"], &read["admin"]), (&json!(true), &json!(false)));
    for (active, admin, role) in
        [(true, true, Role::Administrator), (false, false, Role::User), (true, false, Role::User)]
    {
        done("PUT /api/users/*", json!({"active": active, "admin": admin})).await?;
        let read = done("GET /api/users/*", Value::Null).await?;
        assert_eq!((&read["active"], &read["admin"]), (&json!(active), &json!(admin)));
        let user = people.user(CREATED).await;
        assert_eq!((user.active, user.role), (active, role));
    }
    if gateway.backend.capability().holds(Field::Password) {
        done("PUT /api/users/*/password", json!({"password": "another secret 2"})).await?;
    }
    let issued = done("POST /api/users/*/apikey", json!({})).await?;
    let own = issued["apikey"].as_str().unwrap();
    assert_eq!(send(own, "GET /api/users/*", Value::Null).await.status, 200);
    done("DELETE /api/users/*/apikey", Value::Null).await?;
    assert!([401, 403].contains(&send(own, "GET /api/users/*", Value::Null).await.status));
    done("PATCH /api/users/*/settings", json!({"interface": {"language": "de"}})).await?;
    let settings = send(&key, "GET /api/users/*/settings", Value::Null).await;
    // 1.3.0 fails here, and shows the settings in the user's record.
    assert_eq!(settings.status, if version == "1.3.0" { 500 } else { 200 });
    let read = done("GET /api/users/*", Value::Null).await?;
    assert_eq!(read["settings"], json!({"interface": {"language": "de"}}));
    done("DELETE /api/users/*", Value::Null).await?;
    assert_eq!(send(&key, "GET /api/users/*", Value::Null).await.status, 404);
    Ok(())
}

/// A directory with one user, in front of the store.
#[derive(Debug)]
struct Directory {
    store: Store,
    capability: Capability,
}

impl Directory {
    fn before(store: Store) -> Self {
        let capability =
            store.capability().clone().with(Verb::CreateFromDirectory, Support::Native);
        Self { store, capability }
    }
}

#[async_trait]
impl Backend for Directory {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let Command::CreateFromDirectory(username) = command else {
            return self.store.execute(command).await;
        };
        if username != KNOWN {
            return Err(Fault::not_found(Subject::User));
        }
        let source = Some("ldap".to_owned());
        let new = NewUser { username, source, ..NewUser::default() };
        self.store.execute(Command::CreateUser(Box::new(new))).await
    }
}
