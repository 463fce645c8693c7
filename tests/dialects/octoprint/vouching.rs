//! OctoPrint's options of a route decide which voucher may name a caller.

use isogloss::registry;
use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::vouching::Vouching;
use isogloss_testkit::suite::trial;
use libtest_mimic::Trial;
use serde_json::{Value, json};

pub(super) fn trials() -> Vec<Trial> {
    vec![trial("authorisation::octoprint::vouching-follows-the-options", || {
        options();
        Ok(())
    })]
}

fn settings(options: &Value) -> Vouching {
    let adapter = registry::adapter("octoprint").unwrap();
    let settings = options.as_object().unwrap().clone();
    let options = RouteOptions { settings, ..RouteOptions::of(IdNamespace::named("octoprint")) };
    adapter.make_dialect(&options).unwrap().vouching()
}

fn options() {
    assert_eq!(settings(&json!({})), Vouching::default());
    assert!(settings(&json!({"remote_user": true})).proxy);
    assert!(!settings(&json!({"basic_authentication": true})).proxy);
    assert!(settings(&json!({"basic_authentication": true, "check_basic_password": false})).proxy);
    assert!(settings(&json!({"first_run": true})).wizard);
    let groups = settings(&json!({"remote_user": true, "remote_groups": true}));
    assert!(groups.groups && !groups.creates);
    let networks = ["192.0.2.0/24"];
    let near = settings(&json!({"autologin_as": "ann", "local_networks": networks})).near.unwrap();
    assert_eq!(near.user, "ann");
    assert_eq!(near.networks, networks.map(|network| network.parse().unwrap()));
}
