//! The gateway in front of the fake: what it says is done is done there, and what is there decides.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss_testkit::client::Base;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::{Map, Value, json};

use crate::server::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");
/// The token of the application.
const TOKEN: &str = "0a1f4cb52f9bb33ed1d2cc6e1a3b4f60758d6c2f913e5a7b8c9d0e1f2a3b";

/// A gateway with the dialect of the setup, whose backend is the fake. It calls as the application.
pub(crate) fn bridge(server: &Server, setup: &Setup) -> Gateway {
    let (url, secret) = (&server.url, server.fake().application.clone());
    let config =
        format!("[backend.people]\nsystem = \"kanboard\"\nurl = {url:?}\nsecret = {secret:?}\n");
    let store = tempfile::tempdir().unwrap();
    Gateway::on(Path::new(PROGRAM), setup, store.path(), &config).unwrap()
}

/// The server and the gateway in front of it.
struct Bridge {
    server: Server,
    here: Base,
    there: Base,
    _gateway: Gateway,
}

impl Bridge {
    fn start() -> Self {
        let admin = json!({"username": "admin", "password": "the first secret", "admin": true});
        let token = json!({"dialect": "kanboard", "value": TOKEN});
        let server = Server::start(&json!({"users": [admin], "application_keys": [token]}));
        let setup = Setup { dialect: "kanboard".to_owned(), ..Setup::default() };
        let gateway = bridge(&server, &setup);
        let (here, there) = (gateway.base().unwrap(), Base::parse(&server.url).unwrap());
        Self { server, here, there, _gateway: gateway }
    }

    /// Calls a method through the gateway, as the application.
    fn call(&self, method: &str, params: &Value) -> Value {
        send(&self.here, &format!("jsonrpc:{TOKEN}"), method, params).1
    }

    /// What the methods of each request were, since this was asked the last time.
    fn asked(&self) -> Vec<Vec<String>> {
        std::mem::take(&mut self.server.fake().asked)
    }

    /// The status of a call with this login.
    fn signed_in(&self, login: &str) -> u16 {
        send(&self.here, login, "getMe", &json!([])).0
    }
}

/// The status and the result of a call.
fn send(base: &Base, login: &str, method: &str, params: &Value) -> (u16, Value) {
    let call = json!({"jsonrpc": "2.0", "method": method, "id": 1, "params": params});
    let basic = format!("Basic {}", STANDARD.encode(login));
    let request = json!({"method": "POST", "path": "/jsonrpc.php", "json": call,
        "headers": {"Authorization": basic}});
    let request: Map<String, Value> = request.as_object().cloned().unwrap();
    let answer = base.send(&request, &Variables::default()).unwrap();
    (answer.status, answer.json.map(|body| body["result"].clone()).unwrap_or_default())
}

#[test]
fn a_change_and_the_read_after_it_are_one_request() {
    let bridge = Bridge::start();
    let ada = bridge.call("createUser", &json!(["ada", "secret1"]));
    assert_eq!(bridge.asked().last().unwrap()[..], ["createUser", "getUserByName"]);
    let renamed = json!({"id": ada, "username": "lovelace"});
    assert_eq!(bridge.call("updateUser", &renamed), true);
    assert_eq!(bridge.asked().last().unwrap()[..], ["updateUser", "getUser"]);
    assert_eq!(bridge.call("disableUser", &json!([ada])), true);
    assert_eq!(bridge.asked().last().unwrap()[..], ["disableUser", "getUser"]);
    let shown = bridge.server.fake().users[1].clone();
    assert_eq!((shown.username.as_str(), shown.active), ("lovelace", false));
}

#[test]
fn the_count_of_wrong_passwords_and_the_lock_are_the_servers() {
    let bridge = Bridge::start();
    let ada = bridge.call("createUser", &json!(["ada", "secret1"]));
    for failures in 1..=6 {
        assert_eq!(bridge.signed_in("ada:wrong"), 401);
        let shown = bridge.call("getUser", &json!([ada]));
        assert_eq!(shown["nb_failed_login"], failures);
    }
    assert_eq!(bridge.signed_in("ada:wrong"), 401);
    assert_eq!(bridge.signed_in("ada:secret1"), 401, "locked");
    bridge.server.fake().unlock("ada");
    assert_eq!(bridge.signed_in("ada:secret1"), 200);
    assert_eq!(bridge.server.fake().users[1].failures, 0);
}

#[test]
fn who_gets_the_id_of_a_deleted_user_gets_nothing_of_theirs() {
    let bridge = Bridge::start();
    let ada = bridge.call("createUser", &json!(["ada", "secret1"]));
    let crew = bridge.call("createGroup", &json!(["crew"]));
    assert_eq!(bridge.call("addGroupMember", &json!([crew, ada])), true);
    assert_eq!(bridge.signed_in("ada:secret1"), 200);
    // An administrator of the server deletes her, and creates somebody else.
    let application = format!("jsonrpc:{TOKEN}");
    let there = |method: &str, params: &Value| send(&bridge.there, &application, method, params).1;
    assert_eq!(there("removeUser", &json!([ada])), true);
    assert_eq!(there("createUser", &json!(["bob", "secret2"])), ada);
    assert_eq!(bridge.signed_in("ada:secret1"), 401);
    assert_eq!(bridge.call("getMemberGroups", &json!([ada])), json!([]));
    assert_eq!(bridge.call("getUser", &json!([ada]))["username"], "bob");
    assert_eq!(bridge.signed_in("bob:secret2"), 200);
}

#[test]
fn the_facts_are_the_servers_and_are_read_in_one_request() {
    let bridge = Bridge::start();
    assert_eq!(bridge.call("getVersion", &json!([])), "1.2.53");
    let asked = bridge.asked();
    // The requests before it prove the caller.
    assert_eq!(asked.last().unwrap().len(), 7);
    assert!(asked.iter().rev().skip(1).all(|methods| methods.len() == 1), "{asked:?}");
}
