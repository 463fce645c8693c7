//! Compares who may do what with one table: `fixtures/authorisation.toml`.

mod callers;
mod commands;
pub(crate) mod methods;
pub(crate) mod pairs;
mod payload;

use std::collections::{BTreeMap, BTreeSet};

use libtest_mimic::Trial;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::fixtures;

/// A method: its arguments, and who may call it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Row {
    #[serde(default)]
    with: Value,
    pub(crate) may: String,
    #[serde(default)]
    fails: String,
}

/// A part of the table: the methods of a dialect, or the commands of the gateway.
pub(crate) fn part<T: DeserializeOwned>(name: &str) -> BTreeMap<String, T> {
    let text = std::fs::read_to_string(fixtures("authorisation.toml")).unwrap();
    let mut table: toml::Table = text.parse().unwrap();
    table.remove(name).unwrap().try_into().unwrap()
}

pub(crate) fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

/// One trial for each dialect and kind of caller, and one for the gateway itself.
pub(crate) fn trials() -> Vec<Trial> {
    let pairs = pairs::trials();
    let callers = callers::trials().into_iter().chain([commands::trial()]).chain(payload::trials());
    methods::trials().into_iter().chain(callers).chain(pairs).collect()
}
