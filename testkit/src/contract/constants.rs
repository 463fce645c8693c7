//! Rules for the constants of an adapter: options, versions, keys, groups, rights.

use std::collections::BTreeSet;
use std::sync::Arc;

use isogloss_canonical::adapter::{OptionError, RouteOptions};
use isogloss_canonical::dialect::Dialect;
use serde_json::{Value, json};

use crate::contract::rule::{Material, Rule};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    Rule { name: "every-version-has-a-dialect", check: versions },
    Rule { name: "options-are-described", check: described },
    Rule { name: "options-of-the-wrong-type-are-refused", check: typed },
    Rule { name: "unknown-options-and-versions-are-refused", check: unknown },
    Rule { name: "keys-cannot-be-guessed", check: keys },
    Rule { name: "founding-groups-are-its-own", check: groups },
    Rule { name: "rights-are-under-its-own-prefix", check: rights },
];

impl Material {
    /// The options of a route that sets none.
    pub(super) fn options(&self) -> RouteOptions {
        RouteOptions::of(self.namespace())
    }

    /// The dialect that a route with these options gets.
    pub(super) fn dialect(&self, options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
        options.check(self.adapter)?;
        self.adapter.make_dialect(options)
    }

    /// The dialects of all versions, each with its version.
    pub(super) fn dialects(&self) -> Vec<(&'static str, Arc<dyn Dialect>)> {
        let versions = self.adapter.versions.iter().map(|version| {
            let named = Some(version.name.to_owned());
            let options = RouteOptions { version: named, ..self.options() };
            Some((version.name, self.dialect(&options).ok()?))
        });
        versions.flatten().collect()
    }
}

fn versions(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    if material.adapter.versions.is_empty() {
        findings.push("there is no version".to_owned());
    }
    if material.dialects().len() != material.adapter.versions.len() {
        findings.push(format!("one of {:?} has no dialect", material.adapter.versions));
    }
    if let Err(error) = material.dialect(&material.options()) {
        findings.push(format!("without any option: {error}"));
    }
    findings
}

fn described(material: &Material) -> Vec<String> {
    let mut names = BTreeSet::new();
    let rows = material.adapter.options.iter();
    let wrong = rows.filter(|row| {
        let is_new = names.insert(row.name);
        !is_new || row.takes.is_empty() || !row.about.ends_with('.')
    });
    wrong.map(|row| format!("{}: listed twice, or not described by a sentence", row.name)).collect()
}

fn typed(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    for row in material.adapter.options {
        for value in [json!({"a": 1}), json!(1.5), json!([[]])] {
            if let Ok(_dialect) = material.with(row.name, &value) {
                findings.push(format!("{} takes {value}", row.name));
            }
        }
    }
    findings
}

impl Material {
    fn with(&self, option: &str, value: &Value) -> Result<Arc<dyn Dialect>, OptionError> {
        let mut options = self.options();
        options.settings.insert(option.to_owned(), value.clone());
        self.dialect(&options)
    }
}

fn unknown(material: &Material) -> Vec<String> {
    let mut findings = Vec::new();
    match material.with("no_such_option", &json!(true)) {
        Ok(_) => findings.push("an option that does not exist is taken".to_owned()),
        Err(error) if !error.contains("no_such_option") => findings.push(error),
        Err(_) => {}
    }
    let version = Some("0.0-none".to_owned());
    let options = RouteOptions { version, ..material.options() };
    if material.dialect(&options).is_ok() {
        findings.push("a version that does not exist is taken".to_owned());
    }
    findings
}

/// The least number of random bytes of a key: 112 bits.
const KEY_BYTES: usize = 14;

/// Keys that differ in one of the first random bytes are different.
fn keys(material: &Material) -> Vec<String> {
    let mint = material.adapter.mint;
    let (random, mut findings) = ([7; 32], Vec::new());
    let key = mint(&random);
    if key.len() < 16 {
        findings.push(format!("{key:?} is too short"));
    }
    for at in 0..KEY_BYTES {
        let mut other = random;
        other[at] ^= 0b101;
        if mint(&other) == key {
            findings.push(format!("random byte {at} does not show in a key"));
        }
    }
    findings
}

fn groups(material: &Material) -> Vec<String> {
    let mut names = BTreeSet::new();
    let founded = (material.adapter.foundation)();
    let wrong = founded.iter().filter(|group| {
        let is_new = names.insert(group.name.clone());
        !is_new || group.namespace.as_ref() != Some(&material.namespace())
    });
    wrong.map(|group| format!("{}: a second one, or not of this system", group.name)).collect()
}

fn rights(material: &Material) -> Vec<String> {
    let prefix = format!("{}.", material.adapter.name);
    let rights = material.adapter.rights.iter();
    let wrong = rights.filter(|name| !name.starts_with(&prefix));
    wrong.map(|name| format!("{name} does not begin with {prefix}")).collect()
}
