//! The fake is checked with the recordings: what real servers answered, it answers too. Then the same
//! recordings are played to the gateway with the fake behind it.

use std::path::{Path, PathBuf};

use isogloss_testkit::client::Base;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::player::play;
use isogloss_testkit::profile::{Setup, recordings};
use isogloss_testkit::transcript::Recording;

use crate::bridge::bridge;
use crate::server::Server;

/// The scenarios about another configuration of the server, and about projects.
const LEFT_OUT: [&str; 4] = ["ldap-unreachable", "ldap-user", "pass-through", "strings-php7"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// A server as the recorded one was.
fn server(recording: &Recording, setup: &Setup) -> Server {
    let server = Server::start(&setup.accounts);
    if recording.heading.scenario == "auth-header" {
        server.fake().header = Some("x-api-auth");
    }
    server
}

fn check(bridged: bool, differences: &[(&str, &str, &str)]) {
    let (mut told, mut seen) = (Vec::new(), Vec::new());
    for (recording, mut setup) in recordings(&fixtures(), "kanboard").unwrap() {
        let scenario = recording.heading.scenario.clone();
        if LEFT_OUT.contains(&&*scenario) || recording.heading.folder != "kanboard" {
            continue;
        }
        let server = server(&recording, &setup);
        // What is about projects goes to the server as it is.
        setup.origin = Some(server.url.clone());
        let gateway: Option<Gateway> = bridged.then(|| bridge(&server, &setup));
        let base = gateway.as_ref().map_or_else(|| Base::parse(&server.url), Gateway::base);
        let transcript = recording.transcript().unwrap();
        for one in play(transcript, &[base.unwrap()], &mut setup.variables, &[]) {
            let listed = |(name, label, _): &&(&str, &str, &str)| {
                (*name, *label) == (&*scenario, &*one.label)
            };
            match (one.matched(), differences.iter().find(listed)) {
                (true, None) => {}
                (false, Some((_, label, _))) => seen.push(*label),
                (true, Some(_)) => told.push(format!("{scenario}: {} does not differ", one.label)),
                (false, None) => told.push(format!("{scenario}: {one}")),
            }
        }
    }
    assert!(told.is_empty(), "{}\n{}", told.len(), told.join("\n"));
    assert_eq!(seen.len(), differences.len(), "a listed exchange was not played");
}

const PROJECTS: &str = "the fake keeps no projects";
const INTERNAL: &str = "the fake has no internal methods of PHP classes";
const SECRET: &str = "the gateway shows no secrets of users";

/// Why the fake does not answer an exchange as recorded: scenario, exchange, reason.
const OF_FAKE: &[(&str, &str, &str)] = &[
    ("auth-roles", "app-manager: createProject", PROJECTS),
    ("auth-roles", "app-admin: removeProject of the manager's project", PROJECTS),
    ("me", "createMyPrivateProject", PROJECTS),
    ("me", "getMyProjects", PROJECTS),
    ("rpc-methods", "an ordinary class method: beforeProcedure", INTERNAL),
    ("rpc-methods", "beforeProcedure without its parameter", INTERNAL),
    ("rpc-methods", "a protected method: getClassName", INTERNAL),
    ("rpc-methods", "a protected method: filterValues", INTERNAL),
];

#[test]
fn the_fake_answers_as_the_real_server_did() {
    check(false, OF_FAKE);
}

/// Why the gateway does not answer an exchange as the server behind it, beside those that the server does
/// not answer as recorded: scenario, exchange, reason.
const OF_GATEWAY: &[(&str, &str, &str)] = &[
    ("auth-2fa", "getUser shows the secret", SECRET),
    ("auth-personal-token-locked", "locked", SECRET),
];

#[test]
fn the_gateway_answers_as_the_server_behind_it() {
    check(true, &[OF_FAKE, OF_GATEWAY].concat());
}
