//! What the server refuses keeps its meaning: an address, an inactive user, a wrong password.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use isogloss_testkit::client::Base;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::{Map, Value, json};

use crate::bridge::{ADMIN, BOB, Bridge};

/// The address that bob may call from.
const OWN: &str = "10.1.2.3";
/// Another one.
const OTHER: &str = "10.9.9.9";

fn bind_bob(bridge: &Bridge) {
    let mut fake = bridge.server.fake();
    let bob = fake.users.iter_mut().find(|user| user.username == "bob").unwrap();
    bob.addresses = vec![format!("{OWN}/32")];
}

fn send(base: &Base, request: &Value) -> (u16, String, Option<Value>) {
    let request: Map<String, Value> = request.as_object().cloned().unwrap();
    let answer = base.send(&request, &Variables::default()).unwrap();
    (answer.status, String::from_utf8_lossy(&answer.raw).into_owned(), answer.json)
}

/// Signs in with HTTP Basic in Kanboard's dialect: the status and the user name.
fn signed_in(bridge: &Bridge, login: &str, address: &str) -> (u16, Option<String>) {
    let basic = format!("Basic {}", STANDARD.encode(login));
    let request = json!({
        "method": "POST", "path": "/jsonrpc.php",
        "headers": {"Authorization": basic, "X-Forwarded-For": address},
        "json": {"jsonrpc": "2.0", "method": "getMe", "id": 1}
    });
    let (status, _, body) = send(&bridge.base, &request);
    let name = body.as_ref().and_then(|body| body["result"]["username"].as_str());
    (status, name.map(str::to_owned))
}

/// How many sign-ins the server was asked for.
fn sign_ins(bridge: &Bridge) -> usize {
    let fake = bridge.server.fake();
    fake.asked.iter().filter(|asked| *asked == "POST /_admin/login").count()
}

#[test]
fn a_password_of_the_server_opens_another_dialect_and_leaves_no_session() {
    let bridge = Bridge::of("kanboard");
    assert_eq!(signed_in(&bridge, "ada:wrong", OTHER), (401, None));
    assert_eq!(signed_in(&bridge, "ada:ada-secret", OTHER), (200, Some("ada".to_owned())));
    // The remembered password needs no other sign-in.
    assert_eq!(signed_in(&bridge, "ada:ada-secret", OTHER), (200, Some("ada".to_owned())));
    assert_eq!((sign_ins(&bridge), bridge.server.fake().sessions.len()), (2, 0));
}

#[test]
fn a_user_who_is_bound_to_an_address_signs_in_from_there_only() {
    let bridge = Bridge::of("kanboard");
    bind_bob(&bridge);
    assert_eq!(signed_in(&bridge, "bob:bob-secret", OTHER), (401, None));
    // The server could not end that session, so it was not asked.
    assert_eq!(sign_ins(&bridge), 0);
    assert_eq!(signed_in(&bridge, "bob:bob-secret", OWN), (200, Some("bob".to_owned())));
    assert_eq!((sign_ins(&bridge), bridge.server.fake().sessions.len()), (1, 0));
}

#[test]
fn a_token_is_checked_with_the_address_of_its_caller() {
    let bridge = Bridge::start();
    bind_bob(&bridge);
    let own = bridge.call_from(OWN, BOB, "get_user", &json!({})).unwrap();
    assert_eq!(own["username"], "bob");
    let refused = bridge.call_from(OTHER, BOB, "get_user", &json!({})).unwrap_err();
    assert_eq!(refused, format!("Request from IP:{OTHER} not allowed"));
    // The gateway's own token is not sent with a caller's address.
    bridge.server.fake().users[1].addresses = vec!["127.0.0.1/32".to_owned()];
    bridge.call_from(OWN, BOB, "get_user", &json!({})).unwrap();
    bridge.call_from(OTHER, ADMIN, "get_users", &json!({})).unwrap_err();
}

#[test]
fn an_inactive_user_is_told_so_where_the_dialect_has_words_for_it() {
    let (dialect, version) = ("octoprint".to_owned(), Some("1.3".to_owned()));
    let bridge = Bridge::with(Setup { dialect, version, ..Setup::default() });
    let login = |password: &str| {
        let request = json!({
            "method": "POST", "path": "/api/login", "json": {"user": "ada", "pass": password}
        });
        let (status, body, _) = send(&bridge.base, &request);
        (status, body)
    };
    assert_eq!(login("wrong").0, 401);
    assert_eq!(login("ada-secret").0, 200);
    bridge.server.fake().users.iter_mut().find(|user| user.username == "ada").unwrap().active =
        false;
    assert_eq!(login("ada-secret"), (403, "Your account is deactivated".to_owned()));
}
