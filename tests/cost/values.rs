//! A value that a system does not take is refused in the dialect's own format, and costs the system no
//! request that writes. `fixtures/values.toml` has the calls, and each adapter the rules.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss::registry;
use isogloss_canonical::value::ValueRule;
use serde::Deserialize;
use serde_json::Value;

use crate::systems::{self, KEY, Scene};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    call: Vec<Call>,
}

/// A call that sends one value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    dialect: String,
    kind: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// A user name and a password for HTTP Basic.
    login: Option<String>,
    body: String,
    /// The answer to a call with a refused value has one of these texts.
    refused: Vec<String>,
    /// The rules that the dialect fulfils, whatever a client sends.
    #[serde(default)]
    takes: Vec<String>,
}

impl Call {
    fn bytes(&self, system: &str, value: &str, number: usize) -> Vec<u8> {
        let fill = |text: &str| {
            text.replace("{value}", &Value::from(value).to_string())
                .replace("{form}", &twice(value))
                .replace("{number}", &number.to_string())
                .replace("{admin}", KEY)
        };
        let at = systems::path(&self.dialect, system);
        let body = fill(&self.body);
        let mut head = format!("POST {at}{} HTTP/1.1\r\n", self.path);
        head.push_str("Host: gateway\r\nConnection: close\r\n");
        for (name, value) in &self.headers {
            head.extend([name, ": ", &fill(value), "\r\n"]);
        }
        if let Some(login) = &self.login {
            head.extend(["Authorization: Basic ", &STANDARD.encode(fill(login)), "\r\n"]);
        }
        head.extend(["Content-Length: ", &body.len().to_string(), "\r\n\r\n"]);
        [head, body].concat().into_bytes()
    }

    /// A sentence if the value is taken, or if the system gets a request that writes.
    fn check(&self, scene: &Scene, system: &str, rule: &ValueRule, number: usize) -> Vec<String> {
        let value = (rule.example)();
        let relay = scene.relay(system);
        relay.take();
        let answer = scene.front.ask(&self.bytes(system, &value, number));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let of = format!("{} before {system}: {rule:?}", self.dialect);
        let plain: String = answer.split_whitespace().collect();
        let is_refused =
            |text: &String| plain.contains(&text.split_whitespace().collect::<String>());
        let mut wrong = Vec::new();
        if self.takes.iter().any(|own| own == rule.refused) {
            return wrong;
        }
        if !self.refused.iter().any(is_refused) {
            wrong.push(format!("{of}: none of {:?}:\n{answer:.600}", self.refused));
        }
        let writing: Vec<_> = relay.take().requests.into_iter().filter(|one| writes(one)).collect();
        if !writing.is_empty() {
            wrong.push(format!("{of}: sent {writing:?}"));
        }
        wrong
    }
}

/// A value in a form that the server decodes twice.
fn twice(value: &str) -> String {
    let once = |text: &str| {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
                other => format!("%{other:02X}"),
            })
            .collect::<String>()
    };
    once(&once(value))
}

/// The rules of a dialect's own system. A route of the dialect does not check them.
fn own_rules(dialect: &str) -> Vec<ValueRule> {
    let own = registry::adapter(dialect).and_then(|adapter| adapter.backend);
    own.map_or(Vec::new(), |own| own.capability().values().to_vec())
}

/// Whether a request to a system can change something: the methods that read begin with `get`.
fn writes(request: &str) -> bool {
    let method = request.rsplit([' ', '/']).next().unwrap_or_default();
    !request.starts_with("GET ") && !method.starts_with("get")
}

fn table() -> Table {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/values.toml");
    toml::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn a_value_that_a_system_does_not_take_is_refused_before_anything_is_written() {
    let (table, scene) = (table(), Scene::start());
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for (adapter, remote) in registry::remotes() {
        let able = (remote.capability)();
        for rule in able.values() {
            let of_rule = |call: &&Call| {
                call.kind == rule.kind.as_str() && !own_rules(&call.dialect).contains(rule)
            };
            for call in table.call.iter().filter(of_rule) {
                checked += 1;
                wrong.extend(call.check(&scene, adapter.name, rule, checked));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(checked > 30, "{checked} calls");
}

#[test]
fn every_dialect_has_a_call_for_a_user_name_and_a_password() {
    let table = table();
    for adapter in registry::dialects() {
        for kind in ["user name", "password"] {
            let has = |call: &Call| call.dialect == adapter.name && call.kind == kind;
            assert!(table.call.iter().any(has), "{}: {kind}", adapter.name);
        }
    }
}
