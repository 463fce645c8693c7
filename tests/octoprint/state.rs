//! What a server holds, as its own API shows it to an administrator.

use isogloss_testkit::real::RealServer;
use serde_json::{Map, Value};

use crate::bridge::{Client, application_key};

/// The lists that hold everything about users.
const LISTS: [(&str, &str); 3] = [
    ("/api/access/users", "users"),
    ("/api/access/groups", "groups"),
    ("/api/plugin/appkeys?all=true", "keys"),
];
/// The members whose values are new in each server.
const SECRET: [&str; 2] = ["apikey", "api_key"];

/// Everything that a server holds about users, in a form that two servers can share. A list that cannot
/// be read is its answer.
pub(crate) fn of(server: &RealServer) -> Value {
    let (client, key) = (Client::of(&server.url), application_key(server));
    let lists = LISTS.map(|(path, member)| {
        let answer = client.keyed(&key, "GET", path, &Value::Null);
        let list = answer.json.as_ref().and_then(|json| json.get(member));
        (path.to_owned(), list.map_or_else(|| answer.text().into(), plain))
    });
    Value::Object(Map::from_iter(lists))
}

/// A value in which lists are sets, and secrets only exist or not.
fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => {
            let mut items: Vec<_> = items.iter().map(plain).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| {
                let is_secret = SECRET.contains(&name.as_str()) && value.is_string();
                (name.clone(), if is_secret { "a secret".into() } else { plain(value) })
            };
            Value::Object(members.iter().map(member).collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// The items of each list that only one of two servers has, one a line.
pub(crate) fn differences(one: &Value, other: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, list) in one.as_object().into_iter().flatten() {
        let (mine, theirs) = (items(list), items(&other[path]));
        let only = |mine: &[String], theirs: &[String], whose: &str| {
            let only = mine.iter().filter(|item| !theirs.contains(item));
            only.map(|item| format!("{path}: only {whose} {item}")).collect::<Vec<_>>()
        };
        lines.extend(only(&mine, &theirs, "the server alone has"));
        lines.extend(only(&theirs, &mine, "the one behind the gateway has"));
    }
    lines
}

fn items(list: &Value) -> Vec<String> {
    let items = list.as_array().map(|items| items.iter().map(Value::to_string).collect());
    items.unwrap_or_else(|| vec![list.to_string()])
}
