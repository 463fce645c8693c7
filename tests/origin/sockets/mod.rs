//! OctoPrint's websocket without an origin: `fixtures/sockjs/octoprint.json` is recorded from a real
//! server without a printer.

mod client;
mod programs;
mod recorded;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use isogloss_testkit::client::{Answer, Base};
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::variables::Variables;
use serde_json::{Value, json};

use crate::gateway::{GatewayProcess, Plan};
use crate::sockets::client::{Client, Heard};

/// The administrator's key.
const ADMIN: &str = "ADMINKEY0123456789abcdefghijklmnopqrstuvwx_";
const SOCKET: &str = "/sockjs/1/abcdefgh/websocket";
const PASSWORD: &str = "socketpass1";

/// A gateway with the embedded store.
struct Server {
    gateway: Gateway,
    address: String,
}

impl Server {
    fn start() -> Self {
        Self::with(&[], &[])
    }

    /// With these options of the route, and settings of the gateway.
    fn with(options: &[(&str, &str)], settings: &[(&str, &str)]) -> Self {
        let texts = |rows: &[(&str, &str)]| -> BTreeMap<String, String> {
            rows.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let keys = json!([{"dialect": "octoprint", "value": ADMIN}]);
        let admin =
            json!({"username": "admin", "password": "adminpass", "admin": true, "keys": keys});
        let setup = Setup {
            dialect: "octoprint".to_owned(),
            options: texts(options),
            settings: texts(settings),
            accounts: json!({"users": [admin]}),
            ..Setup::default()
        };
        let gateway = Gateway::start(Path::new(env!("CARGO_BIN_EXE_isogloss")), &setup).unwrap();
        let address = gateway.url.trim_start_matches("http://").to_owned();
        Self { gateway, address }
    }

    fn ask(&self, key: &str, line: &str, body: &Value) -> Answer {
        self.send(&json!({"X-Api-Key": key}), line, body)
    }

    fn send(&self, headers: &Value, line: &str, body: &Value) -> Answer {
        let (method, path) = line.split_once(' ').unwrap();
        let request = json!({"method": method, "path": path, "headers": headers, "json": body});
        let base = Base::parse(&self.gateway.url).unwrap();
        base.send(request.as_object().unwrap(), &Variables::default()).unwrap()
    }

    /// A change by the administrator.
    fn change(&self, line: &str, body: &Value) -> Value {
        let answer = self.ask(ADMIN, line, body);
        assert_eq!(answer.status, 200, "{line}: {}", answer.text());
        answer.json.unwrap()
    }

    /// A user with a key, who has this permission, or the rights of every user.
    fn user(&self, name: &str, powerless: bool) -> String {
        let mut new = json!({"name": name, "password": PASSWORD, "active": true});
        if powerless {
            new["groups"] = json!([]);
            new["permissions"] = json!([]);
        }
        self.change("POST /api/access/users", &new);
        let issued = self.change(&format!("POST /api/access/users/{name}/apikey"), &json!({}));
        issued["apikey"].as_str().unwrap().to_owned()
    }

    /// The id of a session, from a passive login with a key.
    fn session(&self, key: &str) -> String {
        let answer = self.ask(key, "POST /api/login", &json!({"passive": true}));
        answer.json.unwrap()["session"].as_str().unwrap().to_owned()
    }

    fn socket(&self) -> Client {
        let mut client = Client::open(&self.address, SOCKET, "").unwrap();
        assert_eq!(kinds(&client.all()), ["o", "connected"]);
        client
    }

    /// A socket on which a user has signed in.
    fn signed_in(&self, name: &str, key: &str) -> Client {
        let mut client = self.socket();
        client.say(&auth(name, &self.session(key)));
        assert_eq!(kinds(&client.all()), ["history", "timelapse"]);
        client
    }
}

fn auth(user: &str, session: &str) -> String {
    json!([json!({"auth": format!("{user}:{session}")}).to_string()]).to_string()
}

/// Asks for the state of the printer, although nothing about it has changed.
fn asks_again(client: &mut Client) -> Vec<String> {
    for state in [false, true] {
        client.say(&json!([json!({"subscribe": {"state": state}}).to_string()]).to_string());
    }
    kinds(&client.all())
}

/// What is heard, in short: the name of each message, or the reason why the client shall sign in again.
fn kinds(heard: &[Heard]) -> Vec<String> {
    let kind = |heard: &Heard| {
        let Heard::Text(text) = heard else { return format!("{heard:?}") };
        let Some(message) = text.strip_prefix('a') else { return text.clone() };
        let message: Value = serde_json::from_str(message).unwrap();
        let (name, value) = message[0].as_object().unwrap().iter().next().unwrap();
        value["reason"].as_str().unwrap_or(name).to_owned()
    };
    heard.iter().map(kind).collect()
}

#[test]
fn what_ends_a_session_ends_it_on_the_socket() {
    let server = Server::start();
    for (name, line, body) in [
        ("revoked", "DELETE /api/access/users/revoked/apikey", json!({})),
        ("renewed", "POST /api/access/users/renewed/apikey", json!({})),
        ("inactive", "PUT /api/access/users/inactive", json!({"active": false})),
        ("removed", "DELETE /api/access/users/removed", json!({})),
    ] {
        let key = server.user(name, false);
        let mut client = server.signed_in(name, &key);
        assert_eq!(asks_again(&mut client), ["history"], "{name}");
        let session = server.session(&key);
        server.change(line, &body);
        let reason = if name == "removed" { "stale" } else { "modified" };
        assert_eq!(asks_again(&mut client), [reason], "{name}");
        assert_eq!(asks_again(&mut client), Vec::<String>::new(), "{name}");
        // Another session of the key is over too.
        client.say(&auth(name, &session));
        assert_eq!(kinds(&client.all()), ["stale"], "{name}");
    }
}

/// One sign-in has two sessions: that of its cookie, and one that its token of "remember me" has opened.
#[test]
fn a_logout_ends_the_whole_sign_in_on_the_socket() {
    let server = Server::start();
    server.user("ada", false);
    let page = server.send(&json!({}), "GET /login/", &Value::Null);
    let token = &page.headers["set-cookie/csrf_token"];
    let browser = |cookies: String| json!({"X-CSRF-Token": token, "Cookie": cookies});
    let id =
        |answer: &Answer| answer.json.as_ref().unwrap()["session"].as_str().unwrap().to_owned();
    let login = json!({"user": "ada", "pass": PASSWORD, "remember": true});
    let first = server.send(&browser(format!("csrf_token={token}")), "POST /api/login", &login);
    assert_eq!(first.status, 200, "{}", first.text());
    let cookie = |name: &str| format!("{name}={}", first.headers[&format!("set-cookie/{name}")]);
    let remembered = browser(format!("csrf_token={token}; {}", cookie("remember_token")));
    let second = server.send(&remembered, "POST /api/login", &json!({"passive": true}));
    assert_ne!(id(&first), id(&second), "the same session");
    let sockets = [id(&first), id(&second)].map(|session| {
        let mut client = server.socket();
        client.say(&auth("ada", &session));
        assert_eq!(kinds(&client.all()), ["history", "timelapse"]);
        client
    });
    let own = browser(format!("csrf_token={token}; {}", cookie("session")));
    assert_eq!(server.send(&own, "POST /api/logout", &json!({})).status, 200);
    for mut client in sockets {
        assert_eq!(asks_again(&mut client), ["logout"]);
    }
}

#[test]
fn an_heir_of_a_name_inherits_no_socket() {
    let server = Server::start();
    let key = server.user("ada", false);
    let session = server.session(&key);
    let mut client = server.signed_in("ada", &key);
    server.change("DELETE /api/access/users/ada", &json!({}));
    server.user("ada", false);
    assert_eq!(asks_again(&mut client), ["stale"]);
    client.say(&auth("ada", &session));
    assert_eq!(kinds(&client.all()), ["stale"]);
}

#[test]
fn a_right_that_is_taken_shows_nothing_more() {
    let server = Server::start();
    let key = server.user("ada", false);
    let mut client = server.signed_in("ada", &key);
    server.change(
        "PUT /api/access/users/ada",
        &json!({"groups": [], "permissions": [], "active": true}),
    );
    assert_eq!(asks_again(&mut client), Vec::<String>::new());
}

#[test]
fn only_the_embedded_store_has_a_socket_and_only_since_it_is_recorded() {
    for version in ["1.3", "1.3.0"] {
        let setup = Setup {
            dialect: "octoprint".to_owned(),
            version: Some(version.to_owned()),
            accounts: json!({"users": []}),
            ..Setup::default()
        };
        let gateway = Gateway::start(Path::new(env!("CARGO_BIN_EXE_isogloss")), &setup).unwrap();
        let address = gateway.url.trim_start_matches("http://");
        let refused = Client::open(address, SOCKET, "").err().unwrap();
        assert!(refused.starts_with("HTTP/1.1 404"), "{version}: {refused}");
    }
}

#[test]
fn one_client_has_no_more_websockets_than_its_share() {
    let server = Server::with(&[], &[("ISOGLOSS__SERVER__WEBSOCKET_LIMIT", "16")]);
    let (first, second) = (server.socket(), server.socket());
    let refused = Client::open(&server.address, SOCKET, "").err().unwrap();
    assert!(refused.starts_with("HTTP/1.1 429"), "{refused}");
    drop((first, second));
    // The places are given back once the gateway sees that the clients are gone.
    let start = Instant::now();
    while Client::open(&server.address, SOCKET, "").is_err() {
        assert!(start.elapsed() < Duration::from_mins(1), "no place was given back");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_message_that_is_too_long_closes_the_socket() {
    let server = Server::start();
    let mut client = server.socket();
    client.say(&"x".repeat((64 << 10) + 1));
    assert_eq!(client.hear(), Heard::Close(1009));
}

#[test]
fn a_client_that_is_silent_is_disconnected() {
    let idle = [("ISOGLOSS__SERVER__WEBSOCKET_IDLE_TIMEOUT_MS", "200")];
    let server = Server::with(&[], &idle);
    let mut client = Client::open(&server.address, SOCKET, "").unwrap();
    assert!(matches!(client.hear(), Heard::Text(_)));
    assert!(matches!(client.hear(), Heard::Text(_)));
    assert_eq!(client.hear(), Heard::Close(1001));
}

#[test]
fn a_gateway_that_stops_closes_its_sockets_and_does_not_wait_for_them() {
    let server = "shutdown_timeout_ms = 600_000";
    let mut gateway =
        GatewayProcess::with(&Plan { dialect: "octoprint", server, ..Plan::default() });
    let mut client = Client::open(&gateway.address, SOCKET, "").unwrap();
    assert_eq!(kinds(&client.all()), ["o", "connected"]);
    gateway.signal("TERM");
    assert_eq!(client.hear(), Heard::Close(1001));
    assert!(gateway.ends_within(Duration::from_mins(2)), "the gateway waits for a socket");
}
