//! The fake is checked with the recordings: what real servers answered, it answers too. Then the same
//! recordings are played to the gateway with the fake behind it.

use std::path::{Path, PathBuf};

use isogloss_testkit::client::Base;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::player::play;
use isogloss_testkit::profile::{Setup, recordings};
use isogloss_testkit::transcript::Recording;
use serde_json::json;

use crate::bridge::bridge;
use crate::server::Server;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// A server as the recorded one was.
fn server(recording: &Recording, setup: &Setup) -> Server {
    let mut accounts = setup.accounts.clone();
    if recording.heading.folder == "dandelion-user-two"
        && let Some(users) = accounts["users"].as_array_mut()
    {
        users.push(json!({"username": "two", "password": "secret", "ids": {"dandelion": 2}}));
    }
    let server = Server::start(&accounts);
    server.fake().has_api = recording.heading.folder != "dandelion-api-disabled";
    server.fake().as_shipped = recording.heading.folder == "dandelion-as-shipped";
    server
}

fn check(bridged: bool, differences: &[(&str, &str, &str)]) {
    let mut told = Vec::new();
    let mut seen = Vec::new();
    for (recording, mut setup) in recordings(&fixtures(), "dandelion").unwrap() {
        let scenario = recording.heading.name.clone();
        if bridged && !recording.heading.folder.ends_with("dandelion") {
            continue;
        }
        let server = server(&recording, &setup);
        let gateway: Option<Gateway> = bridged.then(|| {
            bridge(
                &server,
                &setup,
                setup.accounts["users"][0]["keys"][0]["value"].as_str().unwrap(),
            )
        });
        let base = gateway.as_ref().map_or_else(|| Base::parse(&server.url), Gateway::base);
        let transcript = recording.transcript().unwrap();
        for one in play(transcript, &[base.unwrap()], &mut setup.variables, &[]) {
            let listed = differences
                .iter()
                .find(|(name, label, _)| (*name, *label) == (&scenario, &one.label));
            match (one.matched(), listed) {
                (true, None) => {}
                (false, Some((_, label, _))) => seen.push(*label),
                (true, Some(_)) => told.push(format!("{scenario}: {} does not differ", one.label)),
                (false, None) => told.push(format!("{scenario}: {one}")),
            }
        }
    }
    assert!(told.is_empty(), "\n{}", told.join("\n"));
    assert_eq!(seen.len(), differences.len(), "a listed exchange was not played");
}

/// Why the fake does not answer an exchange as recorded: scenario, exchange, reason.
const OF_FAKE: &[(&str, &str, &str)] = &[];

#[test]
fn the_fake_answers_as_the_real_server_did() {
    check(false, OF_FAKE);
}

/// Why the gateway does not answer an exchange as the server behind it: scenario, exchange, reason.
const OF_GATEWAY: &[(&str, &str, &str)] =
    &[("dandelion::session", "good again", "a deactivation ends a session for good")];

#[test]
fn the_gateway_answers_as_the_server_behind_it() {
    check(true, OF_GATEWAY);
}
