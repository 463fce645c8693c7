//! The gateway in front of the fake: what it says is done is done there, and what is there decides.

use std::path::Path;

use isogloss_testkit::client::{Answer, Base};
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::{Map, Value, json};

use crate::server::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");
/// Keys of the accounts below.
pub(crate) const ADMIN: &str = "0a000000000000000000000000000a";
pub(crate) const ADA: &str = "0b000000000000000000000000000b";

fn accounts() -> Value {
    let account = |id: u64, name: &str, admin: bool, key: &str| {
        json!({
            "username": name, "password": format!("{name}-secret"), "admin": admin,
            "display_name": name, "ids": {"dandelion": id},
            "keys": [{"dialect": "dandelion", "value": key}]
        })
    };
    json!({"users": [account(1, "admin", true, ADMIN), account(51, "ada", false, ADA)]})
}

/// A gateway with the dialect of the setup, whose backend is the fake.
pub(crate) fn bridge(server: &Server, setup: &Setup, secret: &str) -> Gateway {
    let url = &server.url;
    let config =
        format!("[backend.people]\nsystem = \"dandelion\"\nurl = {url:?}\nsecret = {secret:?}\n");
    let store = tempfile::tempdir().unwrap();
    Gateway::on(Path::new(PROGRAM), setup, store.path(), &config).unwrap()
}

/// The server and the gateway in front of it.
pub(crate) struct Bridge {
    pub(crate) server: Server,
    /// The server's API.
    pub(crate) there: Base,
    /// The gateway's API.
    pub(crate) here: Base,
    _gateway: Gateway,
}

impl Bridge {
    /// A gateway that calls the server with this key.
    pub(crate) fn with_key(secret: &str) -> Self {
        let server = Server::start(&accounts());
        let setup = Setup { dialect: "dandelion".to_owned(), ..Setup::default() };
        let gateway = bridge(&server, &setup, secret);
        let (there, here) = (Base::parse(&server.url).unwrap(), gateway.base().unwrap());
        Self { server, there, here, _gateway: gateway }
    }
}

fn answer(base: &Base, request: &Value) -> Answer {
    let request: Map<String, Value> = request.as_object().cloned().unwrap();
    base.send(&request, &Variables::default()).unwrap()
}

/// The data of a `GET` with a key.
pub(crate) fn get(base: &Base, key: &str, query: &str) -> Value {
    let path = format!("/api/{query}{}apikey={key}", if query.contains('?') { '&' } else { '?' });
    answer(base, &json!({"method": "GET", "path": path})).json.unwrap()["data"].clone()
}

/// The error code and the data of a `POST` with a key.
pub(crate) fn post(base: &Base, key: &str, method: &str, fields: &Value) -> (Value, Value) {
    let mut form = fields.as_object().cloned().unwrap();
    form.insert("apikey".to_owned(), json!(key));
    let path = format!("/api/{method}");
    let body = answer(base, &json!({"method": "POST", "path": path, "form": form})).json.unwrap();
    (body["errorcode"].clone(), body["data"].clone())
}

/// Logs in: the cookie of the session.
fn login(base: &Base, user: &str, password: &str) -> Option<String> {
    let form = json!({"user": user, "pass": password});
    let answer = answer(base, &json!({"method": "POST", "path": "/login", "form": form}));
    let cookie = answer.headers.get("set-cookie")?.split(';').next()?.to_owned();
    answer.json.filter(Value::is_number).map(|_| cookie)
}

/// The body of a `GET` in a session.
fn in_session(base: &Base, cookie: &str, method: &str) -> Value {
    let (path, headers) = (format!("/api/i/{method}"), json!({"Cookie": cookie}));
    answer(base, &json!({"method": "GET", "path": path, "headers": headers})).json.unwrap()
}

#[test]
fn who_gets_the_id_of_a_deleted_user_after_a_restart_gets_nothing_of_theirs() {
    let bridge = Bridge::with_key(ADMIN);
    let Bridge { server, there, here, .. } = &bridge;
    let new = |name: &str, role: u8| {
        let password = format!("{name}-secret");
        json!({"username": name, "password": password, "fullname": name, "role": role.to_string()})
    };
    assert_eq!(post(there, ADMIN, "users/create", &new("eve", 1)).0, 0);
    let cookie = login(here, "eve", "eve-secret").unwrap();
    let key = in_session(here, &cookie, "key/get")["data"].as_str().unwrap().to_owned();
    assert_eq!(get(here, &key, "users/getuser")[0]["id"], "52");
    assert_eq!(post(there, ADMIN, "users/delete", &json!({"uid": "52"})).0, 0);
    server.fake().restart();
    assert_eq!(post(there, ADMIN, "users/create", &new("bob", 2)).0, 0);

    for method in ["users/getuser", "users/getusers", "key/get"] {
        let answer = in_session(here, &cookie, method);
        assert_ne!(answer["errorcode"], 0, "{method}: {answer}");
    }
    assert_eq!(get(here, &key, "key/test"), "API key is not valid");
    let shown = get(here, ADMIN, "users/getuser?uid=52");
    assert_eq!(shown["username"], "bob");
}

#[test]
fn no_character_is_cut_in_two_by_a_column() {
    let bridge = Bridge::with_key(ADMIN);
    let Bridge { server, here, .. } = &bridge;
    // 257 bytes in 129 characters: the server's connection counts bytes.
    let name = "x".to_owned() + &"é".repeat(128);
    let new = json!({"username": name, "password": "a-secret", "fullname": "x", "role": "1"});
    assert_eq!(post(here, ADMIN, "users/create", &new).0, 0);
    assert_eq!(server.fake().users[2].username.len(), 255);
    assert_ne!(post(here, ADMIN, "users/create", &new).0, 0, "it is a duplicate");
    let theme = json!({"uid": "51", "theme": "é".repeat(64)});
    assert_ne!(post(here, ADMIN, "users/edit", &theme).0, 0);
    // With half a character in a row, the server can write no list.
    assert_eq!(get(here, ADMIN, "users/getusers").as_array().unwrap().len(), 3);
}

#[test]
fn a_right_that_the_server_revokes_opens_nothing_at_once() {
    let bridge = Bridge::with_key(ADMIN);
    let Bridge { server, here, .. } = &bridge;
    let join = |group: i64| server.fake().users[1].group = group;
    join(2);
    assert!(get(here, ADA, "users/getusers").is_array());
    join(3);
    let refused = get(here, ADA, "users/getusers");
    assert_eq!(refused, "Your account doesn't have the proper permissions");
}

#[test]
fn rights_are_shown_as_the_server_stores_them_in_a_session_too() {
    let bridge = Bridge::with_key(ADMIN);
    let Bridge { server, there, here, .. } = &bridge;
    server.fake().users[1].group = 3;
    let cookie = login(here, "ada", "ada-secret").unwrap();
    let shown = in_session(here, &cookie, "groups/getuserrights")["data"].clone();
    assert_eq!(shown, get(there, ADA, "groups/getuserrights"));
    assert_eq!(shown.as_object().unwrap().len(), 15);
}

#[test]
fn connections_are_used_again() {
    let bridge = Bridge::with_key(ADMIN);
    let Bridge { server, here, .. } = &bridge;
    for _ in 0..50 {
        get(here, ADMIN, "users/getuser?uid=51");
    }
    // A request can begin while the connection of the one before is still being put back.
    assert!(server.connections() < 5, "{}", server.connections());
}
