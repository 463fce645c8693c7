//! Every method of every dialect by every kind of caller.

use std::collections::BTreeSet;

use isogloss::registry;
use isogloss_canonical::command::Command;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::user::UserRef;
use isogloss_testkit::calls::Caller;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value, json};

use super::{Row, part, words};
use crate::calls::{self, Asked, Class, quoted};
use crate::gateway::{PreparedStore, dialect_of};
use crate::{block_on, fixtures};

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
            if caller == "application" && !application_exists(dialect) {
                continue;
            }
            let name = format!("authorisation::{dialect}::{caller}");
            trials.push(trial(name, move || block_on(by(dialect, None, caller))));
            let versions = &Facts::load(&fixtures("."), dialect).unwrap().authorisation.versions;
            for version in versions.iter().map(|version| &*version.clone().leak()) {
                let name = format!("authorisation::{dialect}-{version}::{caller}");
                trials.push(trial(name, move || block_on(by(dialect, Some(version), caller))));
            }
        }
    }
    trials
}

/// Whether a dialect has callers that are no users.
pub(crate) fn application_exists(dialect: &str) -> bool {
    calls::of(dialect).application.is_some()
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
    let ids = |number: i64| -> Map<String, Value> {
        let numbered = registry::dialects().filter(|adapter| adapter.users != Numbering::Names);
        numbered.map(|adapter| (adapter.name.to_owned(), number.into())).collect()
    };
    let mut users = vec![json!({"username": "admin", "admin": true, "keys": keys("admin")})];
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
    let dialects = registry::dialects().map(|adapter| adapter.name);
    let application_keys: Vec<_> =
        dialects.filter(|dialect| application_exists(dialect)).map(application).collect();
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
    let calls = calls::of(dialect);
    // A password of two letters is decided without the web pages that a system of these tests does not
    // have.
    let takes_passwords = calls.sign_in.as_ref().is_some_and(|sign_in| sign_in.steps.is_empty());
    let secret = match caller {
        "nobody" => String::new(),
        "wrong" if takes_passwords => "no".to_owned(),
        "wrong" | "wrong application" => key("mallory"),
        "application" => APPLICATION.to_owned(),
        _ => key(name),
    };
    let who = match caller {
        "wrong" => "admin",
        "application" | "wrong application" => calls.application.as_deref().unwrap_or_default(),
        _ => name,
    };
    let caller = Caller { name: who, secret: &secret };
    let (line, version) = of_version(&calls.dialect, method);
    let places = Facts::load(&fixtures("."), dialect).unwrap().authorisation.places;
    let line = places.iter().fold(line.to_owned(), |line, (place, name)| line.replace(place, name));
    let line = line.replace("<name>", &quoted(about));
    let asked = calls::method(&calls.dialect, caller, &line.replace(['<', '>'], ""), &with);
    Asked { version, ..asked }
}

/// A row of a version is called `METHOD (VERSION)`.
fn of_version<'a>(dialect: &str, row: &'a str) -> (&'a str, Option<&'static str>) {
    let versions = registry::adapter(dialect).unwrap().versions.iter();
    let mut named = versions
        .filter_map(|own| Some((row.strip_suffix(&format!(" ({})", own.name))?, Some(own.name))));
    named.next().unwrap_or((row, None))
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
