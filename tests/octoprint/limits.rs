//! The server's limiter of logins counts by the address of the caller, not by that of the gateway.

use isogloss_testkit::installed::is_left_out;
use isogloss_testkit::real::RealServer;
use serde_json::{Value, json};

use crate::bridge::{Bridge, Client, SYSTEM, root};

const USERS: &str = "/api/access/users";

/// The status of a login of a caller with this address, as a proxy in front of the gateway says it.
fn login(client: &Client, address: &str, user: &str, password: &str) -> u16 {
    let from = json!({"X-Forwarded-For": address});
    let page = client.send("GET", "/login/", &from, &Value::Null);
    let token = &page.headers["set-cookie/csrf_token"];
    let headers = json!({
        "Cookie": format!("csrf_token={token}"), "X-CSRF-Token": token, "X-Forwarded-For": address,
    });
    client.send("POST", "/api/login", &headers, &json!({"user": user, "pass": password})).status
}

/// The limiter is on, as the server is shipped. The server trusts proxies on its own machine, as it is
/// shipped too.
#[test]
fn wrong_passwords_of_one_caller_stop_no_other() {
    if is_left_out("OctoPrint behind its own dialect") {
        return;
    }
    let [server] = RealServer::start_changed(root(), SYSTEM, |real| {
        let off = "devel: {enableRateLimiter: false}\n";
        let config = real.files.get_mut("config.yaml").unwrap();
        assert!(config.contains(off));
        *config = config.replace(off, "");
    })
    .unwrap();
    let proxies = "[server]\ntrusted_proxies = [\"127.0.0.1\"]\n";
    let bridge = Bridge::with(server, proxies, false);
    let (admin, through) = (bridge.admin(), bridge.through());
    for name in ["ada", "bob"] {
        let user = json!({"name": name, "password": "the right password", "active": true});
        through.done(admin, "POST", USERS, &user);
    }
    for _ in 0..3 {
        assert_eq!(login(&through, "192.0.2.1", "ada", "a wrong password"), 403);
    }
    assert_eq!(
        login(&through, "192.0.2.1", "ada", "the right password"),
        429,
        "the limiter is off"
    );
    assert_eq!(login(&through, "192.0.2.2", "bob", "the right password"), 200);
    assert_eq!(login(&through, "2001:db8::2", "ada", "the right password"), 200);
}
