//! What every adapter must hold, whichever system it is for: the contract suite.
//!
//! [`trials`] makes one trial for each rule. It takes an [`Adapter`] and requests as its clients
//! send them ([`requests`] reads them from recordings). The dialect stands before a scripted
//! gateway, the backend before a scripted system, so that no trial needs a server.
//!
//! What a backend does with real data is tested in `tests/behaviour`.

pub mod requests;

mod backend;
mod commands;
mod constants;
mod dialect;

use std::sync::Arc;

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;
use libtest_mimic::{Failed, Trial};

use crate::suite::trial;

/// An adapter and what its clients send.
#[derive(Clone, Debug)]
pub struct Material {
    /// The adapter.
    pub adapter: &'static Adapter,
    /// Requests that clients send.
    pub requests: Arc<[Request]>,
}

impl Material {
    /// An adapter with the requests that its clients send.
    #[must_use]
    pub fn new(adapter: &'static Adapter, requests: impl IntoIterator<Item = Request>) -> Self {
        Self { adapter, requests: requests.into_iter().collect() }
    }

    fn namespace(&self) -> IdNamespace {
        IdNamespace::named(self.adapter.name)
    }
}

/// One rule: its name, and what checks it. A finding is a sentence that says what breaks the rule.
struct Rule {
    name: &'static str,
    check: fn(&Material) -> Vec<String>,
}

/// One trial for each rule: `kanboard::an-outage-is-no-absence`.
#[must_use]
pub fn trials(material: &Material) -> Vec<Trial> {
    let backend = if material.adapter.backend.is_some() { backend::RULES } else { &[] };
    let rules = [constants::RULES, dialect::RULES, backend].concat_rules();
    rules.into_iter().map(|rule| rule_trial(material.clone(), rule)).collect()
}

fn rule_trial(material: Material, rule: &'static Rule) -> Trial {
    trial(format!("{}::{}", material.adapter.name, rule.name), move || {
        let findings = (rule.check)(&material);
        if findings.is_empty() { Ok(()) } else { Err(Failed::from(findings.join("\n"))) }
    })
}

/// Joins the rules of several modules.
trait Concat {
    fn concat_rules(self) -> Vec<&'static Rule>;
}

impl<const N: usize> Concat for [&'static [Rule]; N] {
    fn concat_rules(self) -> Vec<&'static Rule> {
        self.into_iter().flatten().collect()
    }
}
