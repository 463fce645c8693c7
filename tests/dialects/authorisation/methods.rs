//! Every method of every dialect by every kind of caller.

use std::collections::BTreeSet;

use isogloss::registry;
use isogloss_canonical::command::Command;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::UserRef;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use super::{Row, part, words};
use crate::block_on;
use crate::calls::{self, Asked, Class, quoted};
use crate::gateway::{PreparedStore, dialect_of};

pub(super) const APPLICATION: &str = "application-0123456789abcdef0123456789abcdef";
pub(super) const CALLERS: [&str; 8] =
    ["nobody", "wrong", "disabled", "self", "other", "manager", "administrator", "application"];
/// The callers, and the users that their requests are about.
const PEOPLE: [(&str, &str, &str); 5] = [
    ("disabled", "dis", "bob"),
    ("self", "ann", "ann"),
    ("other", "ann", "bob"),
    ("manager", "mia", "bob"),
    ("administrator", "admin", "bob"),
];
/// The numbers of the users, the same in each id namespace.
const NUMBERS: [(&str, i64); 4] = [("ann", 11), ("bob", 12), ("mia", 13), ("dis", 14)];

pub(super) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for adapter in registry::dialects() {
        let dialect = adapter.name;
        let name = format!("authorisation::{dialect}::every-method-is-in-the-table");
        trials.push(trial(name, move || complete(dialect)));
        for caller in CALLERS {
            let applies = caller != "application" || ["kanboard", "octoprint"].contains(&dialect);
            if applies {
                let name = format!("authorisation::{dialect}::{caller}");
                trials.push(trial(name, move || block_on(by(dialect, None, caller))));
            }
            if dialect == "rhodecode" && applies {
                let name = format!("authorisation::rhodecode43::{caller}");
                trials.push(trial(name, move || block_on(by(dialect, Some("4.3"), caller))));
            }
        }
    }
    trials
}

/// Every method of the default version has a row. A version that has rows of its own (`NAME (1.3)`)
/// has one for each of its methods.
fn complete(dialect: &str) -> Result<(), Failed> {
    let rows = part::<Row>(dialect);
    let listed: BTreeSet<_> = rows.keys().cloned().collect();
    let mut methods = BTreeSet::new();
    let versions = registry::adapter(dialect).unwrap().versions.iter().map(|version| version.name);
    for (index, version) in versions.enumerate() {
        let suffix = if index == 0 { String::new() } else { format!(" ({version})") };
        if listed.iter().any(|row| row.ends_with(&suffix)) {
            let own = dialect_of(dialect, Some(version));
            methods.extend(own.methods().iter().map(|method| method.name.to_owned() + &suffix));
        }
    }
    let differ: Vec<_> = listed.symmetric_difference(&methods).cloned().collect();
    if differ.is_empty() { Ok(()) } else { Err(differ.join("\n").into()) }
}

/// Every row by one kind of caller, each on a fresh copy of the store.
async fn by(
    dialect: &'static str,
    version: Option<&'static str>,
    caller: &str,
) -> Result<(), Failed> {
    let prepared = furnished().await;
    let mut gateway = prepared.open().await;
    let before = gateway.picture().await;
    let mut wrong = Vec::new();
    for (method, row) in part::<Row>(dialect) {
        let mut call = asked(dialect, &method, &row, caller);
        call.version = version.or(call.version);
        let answer = gateway.send(call).await;
        // An earlier version has fewer methods.
        if version.is_some() && answer.text.contains("No such method") {
            continue;
        }
        let expected = if words(&row.may).contains(caller) {
            Class::Done
        } else if words(&row.fails).contains(caller) {
            Class::Failed
        } else {
            Class::Refused
        };
        let text: String = answer.text.chars().take(160).collect();
        if answer.class() != expected {
            wrong.push(format!(
                "{method}: {:?}, not {expected:?}: {} {text}",
                answer.class(),
                answer.status
            ));
        }
        if gateway.picture().await != before {
            if expected != Class::Done {
                wrong.push(format!("{method}: changed something: {} {text}", answer.status));
            }
            gateway = prepared.open().await;
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// Users of each kind with a key for each dialect, a team with members and a team without.
pub(crate) async fn furnished() -> PreparedStore {
    let keys = |name: &str| -> Vec<_> {
        let dialects = registry::dialects().map(|adapter| adapter.name);
        dialects.map(|dialect| json!({"dialect": dialect, "value": key(name)})).collect()
    };
    let ids = |number: i64| json!({"kanboard": number, "rhodecode": number, "dandelion": number});
    let mut users = vec![json!({"username": "admin", "admin": true, "keys": keys("admin"),
        "ids": {"kanboard": 1, "rhodecode": 2, "dandelion": 1}})];
    for (name, number) in NUMBERS {
        let password = (name == "ann").then_some("the secret of ann");
        users.push(
            json!({"username": name, "password": password, "ids": ids(number), "keys": keys(name),
            "admin": name == "dis", "active": name != "dis",
            "email": format!("{name}@example.org"),
            "role": if name == "mia" { "manager" } else { "user" }}),
        );
    }
    let application = |dialect: &str| json!({"dialect": dialect, "value": APPLICATION});
    let application_keys = [application("kanboard"), application("octoprint")];
    let prepared =
        PreparedStore::of(&json!({"users": users, "application_keys": application_keys})).await;
    let owner = prepared.open().await.user("admin").await.id;
    let mut commands = Vec::new();
    for name in ["crew", "empty"] {
        let group = NewGroup { name: name.to_owned(), owner: Some(owner), ..NewGroup::default() };
        commands.push(Command::CreateGroup(Box::new(group)));
    }
    let crew = || GroupRef::Name(None, "crew".to_owned());
    for name in ["ann", "bob"] {
        commands.push(Command::AddMember(crew(), UserRef::Name(name.to_owned())));
    }
    prepared.after(commands).await
}

pub(crate) fn key(name: &str) -> String {
    format!("{name}-0123456789abcdef0123456789abcdef01234567")
}

/// The request of a row by a kind of caller.
pub(crate) fn asked(dialect: &str, method: &str, row: &Row, caller: &str) -> Asked {
    let person = PEOPLE.iter().find(|(kind, ..)| *kind == caller);
    let (name, about) = person.map_or(("", "bob"), |(_, name, about)| (name, about));
    let number = NUMBERS.iter().find(|(own, _)| *own == about).map_or(0, |(_, number)| *number);
    let with = filled(&row.with, about, number);
    let secret = match caller {
        "nobody" => String::new(),
        "wrong" => key("mallory"),
        "application" => APPLICATION.to_owned(),
        _ => key(name),
    };
    match dialect {
        "kanboard" => {
            let who = match caller {
                "wrong" => "admin",
                "application" => "jsonrpc",
                _ => name,
            };
            // A password of two letters is decided without the web pages that a system of these tests
            // does not have.
            let secret = if caller == "wrong" { "no".to_owned() } else { secret };
            let login = if secret.is_empty() { secret } else { format!("{who}:{secret}") };
            calls::kanboard(&login, method, &if with.is_null() { json!([]) } else { with })
        }
        "rhodecode" => calls::rhodecode(&secret, method, &with),
        "octoprint" => {
            let versions = registry::adapter(dialect).unwrap().versions;
            let named = versions.iter().find_map(|own| {
                Some((method.strip_suffix(&format!(" ({})", own.name))?, own.name))
            });
            let (line, version) = named.unwrap_or((method, versions[0].name));
            let name =
                if line.contains("plugin/<name>") { "appkeys".to_owned() } else { quoted(about) };
            let line = line.replace("<name>", &name).replace("<key>", "users");
            calls::octoprint(&secret, &line.replace(['<', '>'], ""), &with).by(version)
        }
        _ => calls::dandelion(&secret, method, &with),
    }
}

fn filled(with: &Value, name: &str, number: i64) -> Value {
    match with {
        Value::String(text) if text == "{id}" => json!(number),
        Value::String(text) if text == "{team}" => json!(1),
        Value::String(text) if text == "{empty}" => json!(2),
        Value::String(text) if text == "{name}" => json!(name),
        Value::Array(items) => items.iter().map(|item| filled(item, name, number)).collect(),
        Value::Object(members) => {
            let member =
                |(own, value): (&String, &Value)| (own.clone(), filled(value, name, number));
            members.iter().map(member).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => with.clone(),
    }
}
