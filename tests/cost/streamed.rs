//! Long lists of people are written while they are read. They take the memory of a page.

use std::collections::BTreeSet;

use isogloss::registry;
use serde_json::Value;

use crate::gateway::{self, Gateway, Options};
use crate::people;
use crate::table::Table;

/// The people beside those of every test.
const PEOPLE: usize = 6_000;
#[test]
fn a_list_of_everybody_is_complete_and_needs_little_memory() {
    let table = Table::named("lists.toml");
    let gateway = Gateway::start(&Options::default());
    people::add(&gateway, PEOPLE);
    for adapter in registry::dialects() {
        for version in adapter.versions {
            let mut rows = table.request.iter().filter(|row| row.dialect == adapter.name);
            let request = rows.find(|row| row.is_in(version.name));
            let request = request.unwrap_or_else(|| panic!("{} {}", adapter.name, version.name));
            let at = gateway::path(adapter.name, version.name);
            let asked = request.all(&at, "", 1);
            let cost = gateway.cost_of(&asked);
            let bounds = request.bounds(&table.bounds);
            assert!(cost.memory_mib <= bounds.memory_mib, "{at}: {} MiB", cost.memory_mib);
            let answer = String::from_utf8(gateway.ask(&asked[0])).unwrap();
            assert_eq!(listed(&answer).len(), PEOPLE, "{at}: {answer:.300}");
        }
    }
}

/// The people of an answer in pieces, whose body must be a whole JSON document.
fn listed(answer: &str) -> BTreeSet<String> {
    let (head, mut rest) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("transfer-encoding: chunked"), "{head}");
    let mut body = String::new();
    loop {
        let (length, piece) = rest.split_once("\r\n").unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        body.push_str(&piece[..length]);
        if length == 0 {
            break;
        }
        rest = &piece[length + 2..];
    }
    let body: Value = serde_json::from_str(&body).unwrap();
    let mut names = BTreeSet::new();
    collect(&body, &mut names);
    names
}

/// The names of people anywhere in a document. None may be there twice.
fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.len() == 6 && text.starts_with('p') => {
            assert!(names.insert(text.clone()), "{text} twice");
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => members.values().for_each(|member| collect(member, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
