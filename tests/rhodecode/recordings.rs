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

/// The scenarios that the fake answers, and how many of their exchanges are answered as recorded: by
/// the fake itself, and by the gateway with the fake behind it.
const SCENARIOS: [(&str, usize, usize); 10] = [
    ("create-user", 16, 16),
    ("create-user-duplicate", 11, 11),
    ("delete-user", 23, 26),
    ("disable-enable", 9, 9),
    ("get-user", 29, 34),
    ("get-users", 10, 10),
    ("new-user-token", 5, 5),
    ("user-group", 38, 38),
    ("user-group-members", 33, 33),
    ("user-group-permissions", 21, 21),
];

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// Plays a scenario, and says which exchanges are not answered as recorded.
fn played(recording: &Recording, base: &Base, mut setup: Setup) -> (usize, Vec<String>) {
    let transcript = recording.transcript().unwrap();
    let all = play(transcript, std::slice::from_ref(base), &mut setup.variables, &[]);
    let wrong: Vec<_> = all.iter().filter(|one| !one.matched()).map(ToString::to_string).collect();
    (all.len() - wrong.len(), wrong)
}

fn check(bridged: bool) {
    let all = recordings(&fixtures(), "rhodecode").unwrap();
    let mut told = Vec::new();
    for (name, by_fake, by_gateway) in SCENARIOS {
        let named = |one: &&(Recording, Setup)| one.0.heading.name == format!("rhodecode::{name}");
        let (recording, setup) = all.iter().find(named).unwrap();
        let server = Server::start(&setup.accounts);
        let gateway: Option<Gateway> = bridged.then(|| bridge(&server, setup));
        let base = gateway.as_ref().map_or_else(|| Base::parse(&server.url), Gateway::base);
        let (right, wrong) = played(recording, &base.unwrap(), setup.clone());
        let listed = if bridged { by_gateway } else { by_fake };
        if right != listed {
            told.push(format!("{name}: {right}, listed: {listed}\n{}", wrong.join("")));
        }
    }
    assert!(told.is_empty(), "\n{}", told.join("\n"));
}

#[test]
fn the_fake_answers_as_the_real_server_did() {
    check(false);
}

#[test]
fn the_gateway_answers_as_the_server_behind_it() {
    check(true);
}
