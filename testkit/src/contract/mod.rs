//! The contract suite: the rules that every adapter must follow.
//!
//! [`trials`] makes one trial for each rule. It takes an
//! [`Adapter`](isogloss_canonical::adapter::Adapter) and requests as its clients send them
//! ([`requests`] reads them from recordings). The dialect runs with a scripted gateway and the
//! backend with a scripted system, so that no trial needs a server.
//!
//! `tests/behaviour` tests backends with real data.

pub mod requests;

mod backend;
mod commands;
mod constants;
mod dialect;
mod markup;
pub mod rule;

use libtest_mimic::{Failed, Trial};

use crate::contract::rule::{Material, Rule};
use crate::suite::trial;

/// One trial for each rule: `kanboard::an-outage-is-no-absence`.
#[must_use]
pub fn trials(material: &Material) -> Vec<Trial> {
    let backend = if material.adapter.remote().is_some() { backend::RULES } else { &[] };
    let of_dialect: &[&[Rule]] = match material.adapter.dialect {
        Some(_) => &[constants::RULES, dialect::RULES, markup::RULES],
        None => &[],
    };
    let rules = of_dialect.iter().chain([&backend]).flat_map(|rules| *rules);
    rules.map(|rule| rule_trial(material.clone(), rule)).collect()
}

fn rule_trial(material: Material, rule: &'static Rule) -> Trial {
    trial(format!("{}::{}", material.adapter.name, rule.name), move || {
        let findings = (rule.check)(&material);
        if findings.is_empty() { Ok(()) } else { Err(Failed::from(findings.join("\n"))) }
    })
}
