//! Every example of the four public documents, sent as printed, gets an answer of the printed form.
//! One trial for each example: `fixtures/seeds/DIALECT/NAME.json`.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss::registry;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::NewUser;
use isogloss_canonical::verb::Verb;
use isogloss_store::Store;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::calls::{self, Asked};
use crate::gateway::PreparedStore;
use crate::sessions::{accounts, caller};
use crate::{block_on, fixtures};

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
    for dialect in registry::dialects().map(|adapter| adapter.name) {
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
    trials
}

async fn example(dialect: &'static str, file: &Path) -> Result<(), Failed> {
    let example: Example = serde_json::from_slice(&std::fs::read(file).unwrap())?;
    let prepared = PreparedStore::of(&users()).await;
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
fn users() -> Value {
    let mut accounts = accounts();
    let admin = &mut accounts["users"][0];
    admin["email"] = "admin@example.org".into();
    admin["display_name"] = "Ad Min".into();
    let someone = json!({"username": "someone", "password": "123456", "email": "user@example.com",
        "display_name": "Some One"});
    accounts["users"] = json!([admin.clone(), someone]);
    accounts
}

/// A request of a document: a method with its arguments, or a body as printed.
fn asked(dialect: &str, request: &Value) -> Asked {
    let caller = caller(calls::of(dialect));
    if request.get("jsonrpc").is_some() {
        let empty = calls::method(dialect, caller, "", &Value::Null);
        return empty.carrying("application/json", request.to_string());
    }
    let args = ["args", "json", "parameters"].iter().find_map(|name| request.get(name));
    let method = request["method"].as_str().unwrap();
    calls::method(dialect, caller, method, args.unwrap_or(&Value::Null))
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
