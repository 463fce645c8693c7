//! The contract suite for every adapter of the registry that has a dialect, with the recorded
//! requests of its clients: `kanboard::an-outage-is-no-absence`.

use std::path::Path;
use std::process::ExitCode;

use isogloss::registry;
use isogloss_testkit::contract::requests::recorded;
use isogloss_testkit::contract::rule::Material;
use isogloss_testkit::contract::trials;
use isogloss_testkit::suite;

fn main() -> ExitCode {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut all = Vec::new();
    for adapter in registry::dialects() {
        match recorded(&fixtures, adapter.name) {
            Ok(requests) => all.extend(trials(&Material::new(adapter, requests))),
            Err(error) => {
                eprintln!("the recordings of {} are not in order: {error:#}", adapter.name);
                return ExitCode::FAILURE;
            }
        }
    }
    suite::run("contract", all)
}
