//! The contract suite for every adapter of the registry that has a dialect, with the recorded
//! requests of its clients: `kanboard::an-outage-is-no-absence`.

use std::path::Path;
use std::process::ExitCode;

use isogloss::registry;
use isogloss_testkit::contract::requests::recorded;
use isogloss_testkit::contract::rule::Material;
use isogloss_testkit::contract::trials;
use isogloss_testkit::facts::Facts;
use isogloss_testkit::suite;

fn main() -> ExitCode {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut all = Vec::new();
    for adapter in registry::dialects() {
        let material = recorded(&fixtures, adapter.name).and_then(|requests| {
            let facts = Facts::load(&fixtures, adapter.name)?;
            Ok(Material::new(adapter, requests).with_pages(facts.contract.pages))
        });
        match material {
            Ok(material) => all.extend(trials(&material)),
            Err(error) => {
                eprintln!("the recordings of {} are not in order: {error:#}", adapter.name);
                return ExitCode::FAILURE;
            }
        }
    }
    suite::run("contract", all)
}
