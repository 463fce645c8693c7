//! Nobody inherits from a deleted namesake, neither at the gateway nor in the server itself.

use isogloss_testkit::installed::is_left_out;
use serde_json::{Value, json};

use crate::bridge::{Bridge, Client};

const USERS: &str = "/api/access/users";
const APPKEYS: &str = "/api/plugin/appkeys";

/// Creates ada.
fn create(client: &Client, admin: &str, password: &str) {
    let ada = json!({"name": "ada", "password": password, "active": true, "groups": ["users"]});
    client.done(admin, "POST", USERS, &ada);
}

/// Gives ada a key of her own, and one for an application.
fn keys(client: &Client, admin: &str) -> [String; 2] {
    let own = client.done(admin, "POST", &format!("{USERS}/ada/apikey"), &json!({}));
    let app = json!({"command": "generate", "app": "slicer", "user": "ada"});
    let app = client.done(admin, "POST", APPKEYS, &app);
    [&own["apikey"], &app["api_key"]].map(|key| key.as_str().unwrap().to_owned())
}

/// Signs ada in, and answers the cookies of the session and of "remember me".
fn cookies(client: &Client, password: &str) -> [String; 2] {
    let page = client.send("GET", "/login/", &json!({}), &Value::Null);
    let token = &page.headers["set-cookie/csrf_token"];
    let login = json!({"user": "ada", "pass": password, "remember": true});
    let headers = json!({"Cookie": format!("csrf_token={token}"), "X-CSRF-Token": token});
    let answer = client.send("POST", "/api/login", &headers, &login);
    assert_eq!(answer.status, 200, "{}", answer.text());
    ["session", "remember_token"]
        .map(|name| format!("{name}={}", answer.headers[&format!("set-cookie/{name}")]))
}

/// Whom each side takes the owner of a cookie for.
fn shown(client: &Client, cookie: &str) -> Value {
    let headers = json!({"Cookie": cookie});
    client.send("GET", "/api/currentuser", &headers, &Value::Null).json.unwrap()["name"].clone()
}

/// A user with every kind of credentials is deleted, and a namesake is created: by the gateway, or by the
/// server itself, in every order. The old credentials open nothing.
#[test]
fn a_namesake_inherits_no_key_and_no_session() {
    if is_left_out("OctoPrint behind its own dialect") {
        return;
    }
    let bridge = Bridge::start();
    let admin = bridge.admin();
    let [direct, through] = [bridge.direct(), bridge.through()];
    for (makes, deletes, makes_again) in [
        (&through, &through, &through),
        (&direct, &through, &through),
        (&direct, &through, &direct),
        (&direct, &direct, &through),
    ] {
        create(makes, admin, "the old password");
        let keys = keys(makes, admin);
        let cookies = bridge.both().map(|(_, client)| cookies(&client, "the old password"));
        for ((name, client), cookies) in bridge.both().iter().zip(&cookies) {
            assert!(keys.iter().all(|key| client.owner(key) == "ada"), "{name}");
            assert!(cookies.iter().all(|cookie| shown(client, cookie) == "ada"), "{name}");
        }
        deletes.done(admin, "DELETE", &format!("{USERS}/ada"), &Value::Null);
        for made_again in [false, true] {
            if made_again {
                create(makes_again, admin, "the new password");
            }
            for ((name, client), cookies) in bridge.both().iter().zip(&cookies) {
                for key in &keys {
                    assert_eq!(client.owner(key), Value::Null, "{name}, {made_again}");
                }
                for cookie in cookies {
                    assert_eq!(shown(client, cookie), Value::Null, "{name}, {made_again}");
                }
            }
        }
        let listed = direct.done(admin, "GET", &format!("{APPKEYS}?all=true"), &Value::Null);
        assert_eq!(listed["keys"], json!([]));
        direct.done(admin, "DELETE", &format!("{USERS}/ada"), &Value::Null);
    }
}
