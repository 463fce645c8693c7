//! What an operator or another gateway has taken from a person is refused by every gateway, from the
//! answer on. Nothing is waited for.

use std::collections::BTreeMap;
use std::fs;

use isogloss_testkit::client::Answer;
use serde_json::{Value, json};

use crate::caller::{Caller, DIALECTS, Heard, send};
use crate::site::{Gateway, Site};

/// Two gateways, an administrator, and ada, who is one too.
struct Two {
    site: Site,
    gateways: [Gateway; 2],
    ada: Caller,
    login: Caller,
}

impl Two {
    fn start() -> Self {
        let site = Site::shared();
        let ada = site.person("ada", "administrator", "the first password");
        let login = Caller { kanboard: "ada:the first password".to_owned(), ..ada.clone() };
        let gateways = ["one", "two"].map(|name| site.serve(name, "gateway.toml"));
        let two = Self { site, gateways, ada, login };
        // Both gateways have seen her, and have remembered what they remember.
        two.expect(Heard::Everybody);
        two
    }

    fn urls(&self) -> impl Iterator<Item = &str> {
        self.gateways.iter().map(|gateway| gateway.url.as_str())
    }

    /// What each gateway answers to her, in each dialect, and to her password.
    fn expect(&self, heard: Heard) {
        for gateway in self.urls() {
            for dialect in DIALECTS {
                assert_eq!(self.ada.asks(gateway, dialect), heard, "{dialect}");
            }
            assert_eq!(self.login.asks(gateway, "kanboard"), heard, "the password");
        }
    }

    fn run(&self, words: &[&str]) {
        self.site.ok(&[words, &["--config", "gateway.toml"]].concat());
    }
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn a_command_that_has_returned_holds_at_every_gateway() {
    let two = Two::start();
    two.run(&["user", "set", "ada", "--inactive"]);
    two.expect(Heard::Refused);
    two.run(&["user", "set", "ada", "--active"]);
    two.expect(Heard::Everybody);
    two.run(&["user", "set", "ada", "--role", "user"]);
    two.expect(Heard::Refused);
    two.run(&["user", "set", "ada", "--role", "administrator"]);
    two.expect(Heard::Everybody);

    fs::write(two.site.path("password"), "another password").unwrap();
    two.run(&["user", "set", "ada", "--password-file", "password"]);
    for gateway in two.urls() {
        assert_eq!(two.login.asks(gateway, "kanboard"), Heard::Refused, "the old password");
        for dialect in DIALECTS {
            assert_eq!(two.ada.asks(gateway, dialect), Heard::Everybody, "{dialect}: her key");
        }
    }

    let listed = two.site.ok(&["key", "list", "ada", "--json", "--config", "gateway.toml"]);
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.len(), DIALECTS.len());
    for key in listed {
        two.run(&["key", "revoke", key["id"].as_str().unwrap()]);
    }
    for gateway in two.urls() {
        for dialect in DIALECTS {
            assert_eq!(two.ada.asks(gateway, dialect), Heard::Refused, "{dialect}: her key");
        }
    }
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn what_one_gateway_has_changed_holds_at_the_other() {
    let two = Two::start();
    let [one, other] = [0, 1].map(|at: usize| two.gateways[at].url.as_str());
    let boss = two.site.administrator();
    let does = |method: &str, params: &Value| {
        let answer = boss.kanboard(one, method, params).unwrap();
        let json = answer.json.clone().unwrap_or_default();
        assert!(json["error"].is_null() && json["result"] != json!(false), "{}", answer.text());
        json["result"].clone()
    };
    let id = does("getUserByName", &json!({"username": "ada"}))["id"].clone();
    let id =
        json!({"user_id": id.as_str().map_or(id.clone(), |id| id.parse::<u64>().unwrap().into())});
    // A session that the other gateway has opened.
    let cookies = sign_in(other, "ada", "the first password");
    let within = |gateway: &str| {
        let request = json!({"method": "GET", "path": "/octoprint/api/access/users",
            "headers": {"Cookie": cookies}});
        send(gateway, &request).unwrap().status
    };
    assert_eq!([within(one), within(other)], [200, 200], "{cookies:?}");
    does("disableUser", &id);
    two.expect(Heard::Refused);
    assert_eq!([within(one), within(other)], [403, 403]);
    does("enableUser", &id);
    two.expect(Heard::Everybody);
    assert_eq!([within(one), within(other)], [403, 403], "a deactivation ends sessions for good");
    let update = json!({"id": id["user_id"], "role": "app-user"});
    does("updateUser", &update);
    two.expect(Heard::Refused);
    does("updateUser", &json!({"id": id["user_id"], "role": "app-admin"}));
    two.expect(Heard::Everybody);
    does("removeUser", &id);
    two.expect(Heard::Refused);
}

/// Signs in at OctoPrint's page. Answers the cookies.
fn sign_in(gateway: &str, name: &str, password: &str) -> String {
    let page = json!({"method": "GET", "path": "/octoprint/login/"});
    let mut jar = BTreeMap::new();
    keep(&mut jar, &send(gateway, &page).unwrap());
    let token = jar.iter().find(|(name, _)| name.starts_with("csrf_token")).unwrap().1;
    let login = json!({"method": "POST", "path": "/octoprint/api/login",
        "headers": {"X-CSRF-Token": token, "Cookie": line(&jar)},
        "json": {"user": name, "pass": password}});
    let answer = send(gateway, &login).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    keep(&mut jar, &answer);
    line(&jar)
}

/// Stores the cookies of an answer.
fn keep(jar: &mut BTreeMap<String, String>, answer: &Answer) {
    let set = answer.headers.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("set-cookie/")?;
        let pair = value.split(';').next().unwrap_or_default();
        Some((name, pair.strip_prefix(&format!("{name}=")).unwrap_or(pair)))
    });
    jar.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

fn line(jar: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = jar.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("; ")
}
