//! The gateway with the dialect of Dandelion in front of a Dandelion server, which a second gateway with
//! its own store plays: groups are those of the server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::Path;

use isogloss_testkit::client::Base;
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::{Map, Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_isogloss");
/// Keys of the accounts below.
const ADMIN: &str = "0a0000000000000000000000000000000000000000000000000000000000000a";
const ADA: &str = "0b0000000000000000000000000000000000000000000000000000000000000b";

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

struct Bridge {
    /// The server.
    there: Base,
    /// The gateway in front of it.
    here: Base,
    _gateways: [Gateway; 2],
}

impl Bridge {
    /// A gateway that calls the server with this key.
    fn with_key(secret: &str) -> Self {
        let of = |accounts| Setup { dialect: "dandelion".to_owned(), accounts, ..Setup::default() };
        let server = Gateway::start(Path::new(PROGRAM), &of(accounts())).unwrap();
        let url = &server.url;
        let config = format!(
            "[backend.people]\nsystem = \"dandelion\"\nurl = {url:?}\nsecret = {secret:?}\n"
        );
        let store = tempfile::tempdir().unwrap();
        let (program, setup) = (Path::new(PROGRAM), of(Value::Null));
        let gateway = Gateway::on(program, &setup, store.path(), &config).unwrap();
        let (there, here) = (server.base().unwrap(), gateway.base().unwrap());
        Self { there, here, _gateways: [server, gateway] }
    }
}

fn send(base: &Base, request: &Value) -> Value {
    let request: Map<String, Value> = request.as_object().cloned().unwrap();
    base.send(&request, &Variables::default()).unwrap().json.unwrap()
}

fn get(base: &Base, key: &str, query: &str) -> Value {
    let path = format!("/api/{query}{}apikey={key}", if query.contains('?') { '&' } else { '?' });
    send(base, &json!({"method": "GET", "path": path}))["data"].clone()
}

fn post(base: &Base, key: &str, method: &str, fields: &Value) -> (Value, Value) {
    let mut form = fields.as_object().cloned().unwrap();
    form.insert("apikey".to_owned(), json!(key));
    let path = format!("/api/{method}");
    let answer = send(base, &json!({"method": "POST", "path": path, "form": form}));
    (answer["errorcode"].clone(), answer["data"].clone())
}

#[test]
fn groups_are_created_changed_and_deleted_in_the_server() {
    let Bridge { there, here, _gateways } = Bridge::with_key(ADMIN);
    let crew = json!({"name": "crew", "rights": r#"{"viewlog":true}"#});
    assert_eq!(post(&here, ADMIN, "groups/create", &crew).0, 0);
    let listed = get(&there, ADMIN, "groups/getlist");
    assert_eq!(listed, get(&here, ADMIN, "groups/getlist"));
    let made = listed.as_array().unwrap().iter().find(|group| group["name"] == "crew").unwrap();
    let id = made["id"].as_str().unwrap();
    let read = format!("groups/getgroup?groupid={id}");
    assert_eq!(get(&there, ADMIN, &read)["permissions"]["viewlog"], true);

    let more = json!({"groupid": id, "rights": r#"{"viewlog":true,"edituser":true}"#});
    assert_eq!(post(&here, ADMIN, "groups/edit", &more).0, 0);
    assert_eq!(get(&there, ADMIN, &read)["permissions"]["edituser"], true);
    assert_eq!(get(&there, ADMIN, &read), get(&here, ADMIN, &read));

    // A member has the rights of the group in the server, and the group is not deleted.
    let list = |base: &Base| get(base, ADA, "users/getusers");
    assert!(list(&here).is_string());
    let moved = json!({"uid": "51", "role": id});
    assert_eq!(post(&here, ADMIN, "users/edit", &moved).0, 0);
    for base in [&there, &here] {
        assert_eq!(get(base, ADMIN, "users/getuser?uid=51")["group_id"], id);
        assert_eq!(list(base).as_array().unwrap().len(), 2);
    }
    let delete = json!({"groupid": id});
    let in_use = json!("This group is assigned to users. Cannot delete group.");
    assert_eq!(post(&here, ADMIN, "groups/delete", &delete), (json!(5), in_use));
    assert_eq!(get(&there, ADMIN, &read)["name"], "crew");

    let back = json!({"uid": "51", "role": "1"});
    assert_eq!(post(&here, ADMIN, "users/edit", &back).0, 0);
    assert_eq!(post(&here, ADMIN, "groups/delete", &delete).0, 0);
    assert!(get(&there, ADMIN, &read).get("name").is_none());
    assert!(list(&here).is_string());
}

#[test]
fn nobody_is_put_into_a_group_that_the_server_does_not_have() {
    let Bridge { there, here, _gateways } = Bridge::with_key(ADMIN);
    for id in ["99", "-1"] {
        let moved = json!({"uid": "51", "role": id});
        assert_eq!(post(&here, ADMIN, "users/edit", &moved).0, 6, "{id}");
        let new =
            json!({"username": "bob", "password": "bob-secret", "fullname": "Bob", "role": id});
        assert_eq!(post(&here, ADMIN, "users/create", &new).0, 6, "{id}");
    }
    assert_eq!(get(&there, ADMIN, "users/getuser?uid=51")["group_id"], "1");
    assert_eq!(get(&there, ADMIN, "users/getusers").as_array().unwrap().len(), 2);
}

#[test]
fn what_the_server_refuses_is_not_answered_as_done() {
    // The key is that of somebody who may change no group.
    let Bridge { there, here, _gateways } = Bridge::with_key(ADA);
    let before = get(&there, ADMIN, "groups/getlist");
    let guests = get(&there, ADMIN, "groups/getgroup?groupid=3");
    let calls = [
        ("groups/create", json!({"name": "crew", "rights": "{}"})),
        ("groups/edit", json!({"groupid": "3", "rights": r#"{"admin":true}"#})),
        ("groups/delete", json!({"groupid": "3"})),
    ];
    for (method, fields) in calls {
        assert_ne!(post(&here, ADMIN, method, &fields).0, 0, "{method}");
    }
    assert_eq!(get(&there, ADMIN, "groups/getlist"), before);
    assert_eq!(get(&there, ADMIN, "groups/getgroup?groupid=3"), guests);
}
