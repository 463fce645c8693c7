//! How many requests the gateway sends to a system for one call of a client.
//! `fixtures/requests.toml` has the calls, and the number of requests for each system.

use std::collections::BTreeMap;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss::registry;
use serde::Deserialize;

use crate::systems::{self, KEY, MORE, Scene};

/// How often a call is measured before it counts as too expensive: what the gateway remembers for a
/// minute can expire in between.
const ATTEMPTS: usize = 3;

/// How many reads of a batch the gateway sends at a time.
const AT_ONCE: RangeInclusive<usize> = 2..=8;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    call: Vec<Call>,
}

/// A call of a client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    dialect: String,
    name: String,
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A user name and a password for HTTP Basic.
    login: Option<String>,
    #[serde(default)]
    body: String,
    /// The body is a list of this: one for each of the people for batches.
    #[serde(default)]
    is_batch: bool,
    /// Whether it is sent with OctoPrint's CSRF token.
    #[serde(default)]
    csrf: bool,
    /// Whether it is measured with the person who called before.
    #[serde(default)]
    again: bool,
    /// A text of the answer to a call that succeeds.
    shows: String,
    /// The systems that cannot do it.
    #[serde(default)]
    not_on: Vec<String>,
    /// The number of requests, for each other system.
    requests: BTreeMap<String, usize>,
}

impl Call {
    fn bytes(&self, scene: &Scene, (dialect, system): Pair, number: usize) -> (Vec<u8>, String) {
        let fill = |text: &str| fill(scene, (dialect, system), text, number);
        let at = systems::path(dialect, system);
        let mut body = fill(&self.body);
        if self.is_batch {
            let one = |number| {
                let id = scene.id(system, dialect, &systems::another(number));
                self.body.replace("{another}", id)
            };
            body = format!("[{}]", (0..MORE).map(one).collect::<Vec<_>>().join(","));
        }
        let mut head = format!("{} {at}{} HTTP/1.1\r\n", self.method, fill(&self.path));
        head.push_str("Host: gateway\r\nConnection: close\r\n");
        if self.csrf {
            head.push_str(&scene.front.csrf_token(&at));
        }
        for (name, value) in &self.headers {
            head.extend([name, ": ", &fill(value), "\r\n"]);
        }
        if let Some(login) = &self.login {
            head.extend(["Authorization: Basic ", &STANDARD.encode(fill(login)), "\r\n"]);
        }
        if self.method != "GET" {
            head.extend(["Content-Length: ", &body.len().to_string(), "\r\n"]);
        }
        ([head, "\r\n".to_owned(), body].concat().into_bytes(), fill(&self.shows))
    }

    /// The requests to the system for one call. A call that does not succeed is an error.
    fn measured(&self, scene: &Scene, pair: Pair, number: usize) -> Result<Vec<String>, String> {
        let (bytes, shown) = self.bytes(scene, pair, number);
        let relay = scene.relay(pair.1);
        relay.take();
        let answer = String::from_utf8_lossy(&scene.front.ask(&bytes)).into_owned();
        if answer.starts_with("HTTP/1.1 200") && plain(&answer).contains(&plain(&shown)) {
            let passed = relay.take();
            let most = if self.is_batch { AT_ONCE } else { 1..=1 };
            if passed.at_once == 0 || most.contains(&passed.at_once) {
                return Ok(passed.requests);
            }
            return Err(format!("{pair:?}: {}: {} at a time", self.name, passed.at_once));
        }
        Err(format!("{pair:?}: {}: no {shown:?}:\n{answer:.1000}", self.name))
    }

    /// A sentence if the number of requests is not the listed one.
    fn check(&self, scene: &Scene, pair: Pair) -> Result<(), String> {
        let listed = self.requests[pair.1];
        let mut least = self.measured(scene, pair, 0)?;
        for attempt in 1..=ATTEMPTS {
            let number = if self.again { 0 } else { attempt };
            let asked = self.measured(scene, pair, number)?;
            if attempt == 1 || asked.len() < least.len() {
                least = asked;
            }
            if least.len() <= listed {
                break;
            }
        }
        let (dialect, system) = pair;
        let count = least.len();
        if count == listed {
            return Ok(());
        }
        let asked = least.join(", ");
        let name = &self.name;
        Err(format!("{dialect}: {name}: {system} = {count} (listed: {listed}): {asked:.600}"))
    }
}

/// How many calls in a row show whether connections are used again.
const IN_A_ROW: usize = 40;

/// A sentence if a system gets a new connection for many of some calls in a row.
fn reuse(call: &Call, scene: &Scene, pair: Pair) -> Result<(), String> {
    let calls = || call.bytes(scene, pair, 0).0;
    scene.relay(pair.1).take();
    for _ in 0..IN_A_ROW {
        scene.front.ask(&calls());
    }
    let passed = scene.relay(pair.1).take();
    // A request can begin before the connection of the one before is back in the pool.
    if passed.requests.len() >= IN_A_ROW && passed.connections < IN_A_ROW / 4 {
        return Ok(());
    }
    let (requests, connections) = (passed.requests.len(), passed.connections);
    Err(format!("{pair:?}: {connections} connections for {requests} requests"))
}

/// A dialect and the system behind it.
type Pair = (&'static str, &'static str);

fn fill(scene: &Scene, (dialect, system): Pair, text: &str, number: usize) -> String {
    let name = systems::person(dialect, number);
    let password = systems::password(&name);
    text.replace("{name}", &name)
        .replace("{id}", scene.id(system, dialect, &name))
        .replace("{key}", &systems::key(dialect, &name))
        .replace("{password}", &password)
        .replace("{new}", &format!("new{number}by{dialect}"))
        .replace("{team}", scene.team(system, dialect))
        .replace("{admin}", KEY)
}

/// A text without white space.
fn plain(text: &str) -> String {
    text.split_whitespace().collect()
}

fn table() -> Table {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/requests.toml");
    toml::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn no_call_sends_more_requests_to_a_system_than_listed() {
    let (table, scene) = (table(), Scene::start());
    let mut wrong = Vec::new();
    for (adapter, _) in registry::remotes() {
        for call in table.call.iter().filter(|call| call.requests.contains_key(adapter.name)) {
            let dialect = registry::dialect(&call.dialect).unwrap().name;
            wrong.extend(call.check(&scene, (dialect, adapter.name)).err());
        }
        let mut reads = table.call.iter().filter(|call| call.name == "list people");
        let call = reads.next().unwrap();
        let dialect = registry::dialect(&call.dialect).unwrap().name;
        wrong.extend(reuse(call, &scene, (dialect, adapter.name)).err());
    }
    assert!(
        wrong.is_empty(),
        "more requests than listed, or fewer: then lower the number in fixtures/requests.toml\n{}",
        wrong.join("\n")
    );
}

#[test]
fn every_call_names_every_system() {
    for call in table().call {
        for (adapter, _) in registry::remotes() {
            let listed = call.requests.contains_key(adapter.name);
            let excluded = call.not_on.iter().any(|system| system == adapter.name);
            assert!(listed != excluded, "{}: {}: {}", call.dialect, call.name, adapter.name);
        }
    }
}
