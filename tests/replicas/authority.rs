//! What an operator or another gateway has taken from a person is refused by every gateway, from the
//! answer on. Nothing is waited for.

use std::fs;

use isogloss_testkit::calls::answers::Class;
use serde_json::Value;

use crate::caller::{
    Caller, Heard, about, asks_within, class, dialect_of_passwords, dialect_with, dialects, sign_in,
};
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
        let login = ada.clone().with(dialect_of_passwords(), "ada", "the first password");
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
            for dialect in dialects() {
                assert_eq!(self.ada.asks(gateway, dialect), heard, "{}", dialect.dialect);
            }
            assert_eq!(self.login.asks(gateway, dialect_of_passwords()), heard, "the password");
        }
    }

    /// What each gateway answers to her key, in each dialect.
    fn expect_of_keys(&self, heard: Heard) {
        for (gateway, calls) in
            self.urls().flat_map(|url| dialects().iter().map(move |one| (url, one)))
        {
            assert_eq!(self.ada.asks(gateway, calls), heard, "{}: her key", calls.dialect);
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
        assert_eq!(
            two.login.asks(gateway, dialect_of_passwords()),
            Heard::Refused,
            "the old password"
        );
    }
    two.expect_of_keys(Heard::Everybody);

    let listed = two.site.ok(&["key", "list", "ada", "--json", "--config", "gateway.toml"]);
    let listed: Vec<Value> = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed.len(), dialects().len());
    for key in listed {
        two.run(&["key", "revoke", key["id"].as_str().unwrap()]);
    }
    two.expect_of_keys(Heard::Refused);
}

#[test]
#[ignore = "needs scripts/with-postgres"]
fn what_one_gateway_has_changed_holds_at_the_other() {
    let two = Two::start();
    let [one, other] = [0, 1].map(|at: usize| two.gateways[at].url.as_str());
    let boss = two.site.administrator();
    let calls =
        dialect_with(&["deactivate", "activate", "no_administrator", "administrator", "delete"]);
    let id = boss.id_of(one, calls, "ada");
    let does = |name: &str| {
        let answer = boss.calls(one, calls, name, &about(&[("name", "ada"), ("id", &id)])).unwrap();
        assert_eq!(class(calls, &answer), Class::Done, "{name}: {}", answer.text());
    };
    // A session that the other gateway has opened, of a dialect whose sessions may list everybody.
    let pages = dialects()
        .iter()
        .filter(|calls| calls.sign_in.as_ref().is_some_and(|sign_in| sign_in.csrf.is_some()));
    let sessions: Vec<_> =
        pages.map(|calls| (calls, sign_in(other, calls, ("ada", "the first password")))).collect();
    let within = |heard: Heard| {
        for (calls, cookies) in &sessions {
            for gateway in [one, other] {
                assert_eq!(asks_within(gateway, calls, cookies), heard, "{}", calls.dialect);
            }
        }
    };
    within(Heard::Everybody);
    does("deactivate");
    two.expect(Heard::Refused);
    within(Heard::Refused);
    does("activate");
    two.expect(Heard::Everybody);
    // A deactivation ends sessions for good.
    within(Heard::Refused);
    does("no_administrator");
    two.expect(Heard::Refused);
    does("administrator");
    two.expect(Heard::Everybody);
    does("delete");
    two.expect(Heard::Refused);
}
