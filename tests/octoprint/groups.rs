//! Groups, permissions and settings are the server's own: they are shown from it and changed in it.

use isogloss_testkit::installed::is_left_out;
use serde_json::{Value, json};

use crate::bridge::Bridge;

const USERS: &str = "/api/access/users";
const GROUPS: &str = "/api/access/groups";

fn sorted(list: &Value) -> Vec<String> {
    let mut items: Vec<_> =
        list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect();
    items.sort();
    items
}

#[test]
fn groups_permissions_and_settings_are_the_servers() {
    if is_left_out("OctoPrint behind its own dialect") {
        return;
    }
    let bridge = Bridge::start();
    made_in_the_server(&bridge);
    changed_through_the_gateway(&bridge);
    an_administrator_by_a_group(&bridge);
    deleted_through_the_gateway(&bridge);
}

/// What an administrator made in the server itself is seen through the gateway.
fn made_in_the_server(bridge: &Bridge) {
    let (admin, direct, nothing) = (bridge.admin(), bridge.direct(), Value::Null);
    let night = json!({
        "key": "night", "name": "Night shift", "description": "After ten",
        "permissions": ["PRINT", "STATUS"], "subgroups": ["readonly"], "default": false,
    });
    direct.done(admin, "POST", GROUPS, &night);
    let ada = json!({
        "name": "ada", "password": "the first password", "active": true,
        "groups": ["night", "readonly"], "permissions": ["CONTROL"],
    });
    direct.done(admin, "POST", USERS, &ada);
    direct.done(
        admin,
        "PATCH",
        &format!("{USERS}/ada/settings"),
        &json!({"theme": {"dark": [1.5]}}),
    );
    for (name, client) in bridge.both() {
        let group = client.done(admin, "GET", &format!("{GROUPS}/night"), &nothing);
        assert_eq!(group["name"], "Night shift", "{name}");
        assert_eq!(sorted(&group["permissions"]), ["PRINT", "STATUS"], "{name}");
        let user = client.done(admin, "GET", &format!("{USERS}/ada"), &nothing);
        assert_eq!(sorted(&user["groups"]), ["night", "readonly"], "{name}");
        assert_eq!(user["permissions"], json!(["CONTROL"]), "{name}");
        assert_eq!(user["settings"], json!({"theme": {"dark": [1.5]}}), "{name}");
        let roles = sorted(&user["needs"]["role"]);
        assert!(roles.contains(&"print".to_owned()) && roles.contains(&"control".to_owned()));
    }
}

/// What is changed through the gateway is changed in the server.
fn changed_through_the_gateway(bridge: &Bridge) {
    let (admin, through, nothing) = (bridge.admin(), bridge.through(), Value::Null);
    through.done(admin, "PUT", &format!("{USERS}/ada"), &json!({"groups": [], "permissions": []}));
    through.done(
        admin,
        "PATCH",
        &format!("{USERS}/ada/settings"),
        &json!({"theme": 7, "more": null}),
    );
    through.done(admin, "PUT", &format!("{GROUPS}/night"), &json!({"permissions": ["WEBCAM"]}));
    let day = json!({
        "key": "day", "name": "Day shift", "permissions": ["ADMIN"], "subgroups": ["night"],
    });
    through.done(admin, "POST", GROUPS, &day);
    for (name, client) in bridge.both() {
        let user = client.done(admin, "GET", &format!("{USERS}/ada"), &nothing);
        assert_eq!((&user["groups"], &user["permissions"]), (&json!([]), &json!([])), "{name}");
        assert_eq!(user["settings"], json!({"theme": 7, "more": null}), "{name}");
        let group = client.done(admin, "GET", &format!("{GROUPS}/night"), &nothing);
        assert_eq!(group["permissions"], json!(["WEBCAM"]), "{name}");
        let group = client.done(admin, "GET", &format!("{GROUPS}/day"), &nothing);
        assert_eq!(group["subgroups"], json!(["night"]), "{name}");
        assert_eq!(group["dangerous"], true, "{name}");
    }
}

/// What is deleted through the gateway is deleted in the server.
fn deleted_through_the_gateway(bridge: &Bridge) {
    let (admin, through, nothing) = (bridge.admin(), bridge.through(), Value::Null);
    through.done(admin, "DELETE", &format!("{GROUPS}/day"), &nothing);
    through.done(admin, "DELETE", &format!("{GROUPS}/night"), &nothing);
    for (name, client) in bridge.both() {
        let keys = client.done(admin, "GET", GROUPS, &nothing)["groups"].clone();
        let keys: Vec<_> = keys.as_array().unwrap().iter().map(|group| &group["key"]).collect();
        assert_eq!(keys, ["admins", "users", "guests", "readonly"], "{name}");
    }
    // A circle would make the server fail every request about groups.
    for (key, subgroups) in [("one", json!([])), ("two", json!(["one"]))] {
        let group = json!({"key": key, "name": key, "permissions": [], "subgroups": subgroups});
        through.done(admin, "POST", GROUPS, &group);
    }
    let circle = json!({"subgroups": ["two"]});
    assert_eq!(through.keyed(admin, "PUT", &format!("{GROUPS}/one"), &circle).status, 400);
}

/// The server decides who may do everything, also through a group of its own.
fn an_administrator_by_a_group(bridge: &Bridge) {
    let (admin, through) = (bridge.admin(), bridge.through());
    let put = |groups: Value| {
        let body = json!({"groups": groups});
        through.done(admin, "PUT", &format!("{USERS}/ada"), &body);
    };
    put(json!(["day"]));
    let key = through.done(admin, "POST", &format!("{USERS}/ada/apikey"), &json!({}));
    let key = key["apikey"].as_str().unwrap();
    for (name, client) in bridge.both() {
        let listed = client.keyed(key, "GET", USERS, &Value::Null);
        assert_eq!(listed.status, 200, "{name}");
    }
    put(json!(["readonly"]));
    for (name, client) in bridge.both() {
        let listed = client.keyed(key, "GET", USERS, &Value::Null);
        assert_eq!(listed.status, 403, "{name}");
    }
}
