//! Sessions of OctoPrint, remembered logins and CSRF tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use isogloss::registry;
use isogloss::sessions::Sessions;
use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use isogloss_store::Store;
use serde_json::{Value, json};

use super::octoprint;
use crate::browser::Browser;
use crate::gateway::{PreparedStore, TestGateway};
use crate::sessions::{Case, KEY, accounts};

pub(super) const CASES: [Case; 10] = [
    ("octoprint-opens-nothing-at-another-backend", |gateway| Box::pin(at_another_backend(gateway))),
    ("octoprint-ends-with-a-deactivation", |gateway| Box::pin(deactivated(gateway))),
    ("octoprint-ends-when-it-is-shown-while-inactive", |_| Box::pin(asleep())),
    ("octoprint-logout-ends-what-was-remembered", |gateway| Box::pin(logged_out(gateway))),
    ("octoprint-logout-ends-every-cookie-of-the-sign-in", |gateway| {
        Box::pin(every_cookie(gateway))
    }),
    ("octoprint-tokens-are-bound-to-the-session", |gateway| Box::pin(tokens(gateway))),
    ("octoprint-refuses-every-shape-of-login-alike", |gateway| Box::pin(shapes(gateway))),
    ("octoprint-counts-every-shape-of-login", |gateway| Box::pin(counted(gateway))),
    ("octoprint-takes-two-keys-for-none", |gateway| Box::pin(two_keys(gateway))),
    ("octoprint-gives-a-thousand-application-keys", |gateway| Box::pin(many_keys(gateway))),
];

const PASSWORD: &str = "ann's secret";
const EVERY_COOKIE: [&[&str]; 3] =
    [&["session"], &["remember_token"], &["session", "remember_token"]];

fn ann() -> UserRef {
    UserRef::Name("ann".to_owned())
}

async fn at_another_backend(gateway: Arc<TestGateway>) {
    let other = PreparedStore::of(&accounts()).await.open().await;
    let there = Sessions::of_system("there", Arc::new(gateway.store.clone()));
    let there = other.pipeline_with(there);
    let browser = Browser::sign_in(&gateway, "ann", PASSWORD, true).await;
    for cookies in [&["session"][..], &["remember_token"], &["session", "remember_token"]] {
        let mut browser = browser.with(cookies);
        assert_eq!(browser.clone().name(&gateway).await, "ann");
        let asked = octoprint("", "GET /api/currentuser", &Value::Null);
        assert_eq!(browser.through(&there, asked).await.json["name"], Value::Null, "{cookies:?}");
    }
    // A copy of the store has the same users. Only the name of the backend differs.
    let prepared = PreparedStore::of(&accounts()).await;
    let (here, twin) = (prepared.open().await, prepared.open().await);
    let there = twin.pipeline_with(Sessions::of_system("there", Arc::new(here.store.clone())));
    let browser = Browser::sign_in(&here, "ann", PASSWORD, true).await;
    let asked = octoprint("", "GET /api/currentuser", &Value::Null);
    let own = browser.clone().through(&here.pipeline(), asked.clone()).await;
    assert_eq!(own.json["name"], "ann");
    assert_eq!(browser.clone().through(&there, asked).await.json["name"], Value::Null);
}

/// A deactivation ends the session and the remembered login for good.
async fn deactivated(gateway: Arc<TestGateway>) {
    let browser = Browser::sign_in(&gateway, "ann", PASSWORD, true).await;
    gateway.ask(Command::DeactivateUser(ann())).await;
    for cookies in EVERY_COOKIE {
        assert_eq!(browser.with(cookies).name(&gateway).await, Value::Null, "{cookies:?}");
    }
    gateway.ask(Command::ActivateUser(ann())).await;
    for cookies in EVERY_COOKIE {
        assert_eq!(browser.with(cookies).name(&gateway).await, Value::Null, "{cookies:?}");
    }
    let fresh = Browser::sign_in(&gateway, "ann", PASSWORD, true).await;
    is_remembered_only(&gateway, fresh.with(&["remember_token", "csrf_token"])).await;
}

/// A passive login shows how the user was authenticated, and a change asks for the password.
async fn is_remembered_only(gateway: &TestGateway, mut browser: Browser) {
    let passive = browser.octoprint(gateway, "POST /api/login", &json!({"passive": true})).await;
    assert_eq!(passive.json["name"], "ann", "{}", passive.text);
    assert_eq!(passive.json["_login_mechanism"], "remember_me", "{}", passive.text);
    assert_eq!(passive.json["_credentials_seen"], false, "{}", passive.text);
    let key = browser.octoprint(gateway, "POST /api/access/users/ann/apikey", &Value::Null).await;
    assert_eq!(key.status, 403, "{}", key.text);
    assert!(key.text.contains("Please reauthenticate"), "{}", key.text);
}

/// A system that deactivates a user without a command of the gateway.
#[derive(Debug)]
struct Sleepy {
    store: Store,
    asleep: AtomicBool,
}

#[async_trait]
impl Backend for Sleepy {
    fn capability(&self) -> &Capability {
        self.store.capability()
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let mut outcome = self.store.execute(command).await?;
        if let (Outcome::User(user), true) = (&mut outcome, self.asleep.load(Ordering::Relaxed)) {
            user.active = false;
        }
        Ok(outcome)
    }
}

async fn asleep() {
    let mut gateway = PreparedStore::of(&accounts()).await.open().await;
    let sleepy = Arc::new(Sleepy { store: gateway.store.clone(), asleep: AtomicBool::new(false) });
    gateway.backend = sleepy.clone();
    let mut browser = Browser::sign_in(&gateway, "ann", PASSWORD, true).await;
    let copied = browser.clone();
    sleepy.asleep.store(true, Ordering::Relaxed);
    let passive = browser.octoprint(&gateway, "POST /api/login", &json!({"passive": true})).await;
    assert_eq!((passive.status, &passive.json["name"]), (200, &Value::Null), "{}", passive.text);
    sleepy.asleep.store(false, Ordering::Relaxed);
    for browser in [&browser, &copied] {
        for cookies in EVERY_COOKIE {
            assert_eq!(browser.with(cookies).name(&gateway).await, Value::Null, "{cookies:?}");
        }
    }
}

async fn logged_out(gateway: Arc<TestGateway>) {
    let mut browser = Browser::sign_in(&gateway, "ann", PASSWORD, true).await;
    let token = browser.with(&["remember_token"]);
    let mut born = token.clone();
    assert_eq!(born.name(&gateway).await, "ann");
    let born = born.with(&["session"]);
    assert_eq!(born.clone().name(&gateway).await, "ann", "the token gave no session");
    // A token of another user in the same browser is another sign-in.
    let other = Browser::sign_in(&gateway, "ann", PASSWORD, true).await;
    let logout = browser.octoprint(&gateway, "POST /api/logout", &json!({})).await;
    assert_eq!(logout.status, 200, "{}", logout.text);
    for mut left in [browser, token, born] {
        assert_eq!(left.name(&gateway).await, Value::Null, "{left:?}");
    }
    for cookies in [&["session"][..], &["remember_token"]] {
        assert_eq!(other.with(cookies).name(&gateway).await, "ann", "{cookies:?}");
    }
}

/// This includes the cookie of a failed login as another user.
async fn every_cookie(gateway: Arc<TestGateway>) {
    let mut browser = Browser::sign_in(&gateway, "ann", PASSWORD, false).await;
    let mut cookies = vec![browser.clone()];
    let again = json!({"user": "ann", "pass": PASSWORD});
    browser.octoprint(&gateway, "POST /api/login", &again).await;
    cookies.push(browser.clone());
    let other = json!({"user": "admin", "pass": "wrong"});
    assert_eq!(browser.octoprint(&gateway, "POST /api/login", &other).await.status, 403);
    assert_eq!(browser.name(&gateway).await, "ann");
    cookies.push(browser.clone());
    assert_eq!(browser.octoprint(&gateway, "POST /api/logout", &json!({})).await.status, 200);
    for mut cookie in cookies {
        assert_eq!(cookie.name(&gateway).await, Value::Null, "{cookie:?}");
    }
}

async fn tokens(gateway: Arc<TestGateway>) {
    let settings = "PATCH /api/access/users/ann/settings";
    let mut own = Browser::sign_in(&gateway, "ann", PASSWORD, true).await;
    assert_eq!(own.octoprint(&gateway, settings, &json!({"a": 1})).await.status, 200);
    let mut stranger = Browser::default();
    stranger.octoprint(&gateway, "GET /login/", &Value::Null).await;
    let other = Browser::sign_in(&gateway, "admin", "the first secret", false).await;
    let mut made_up = own.clone();
    for value in made_up.jar.values_mut() {
        *value = value.chars().rev().collect();
    }
    for planted in [stranger, other, made_up] {
        for cookies in [&["session"][..], &["remember_token"]] {
            let mut forged = own.with(cookies);
            forged.jar.extend(planted.with(&["csrf_token"]).jar);
            let answer = forged.octoprint(&gateway, settings, &json!({"a": 2})).await;
            assert_eq!(answer.status, 400, "{cookies:?} {}", answer.text);
            assert!(answer.text.contains("CSRF validation failed"), "{}", answer.text);
        }
    }
    // A page of the session replaces a token that an attacker has set.
    let mut replaced = own.with(&["session"]);
    replaced.octoprint(&gateway, "GET /", &Value::Null).await;
    assert_eq!(replaced.octoprint(&gateway, settings, &json!({"a": 3})).await.status, 200);
}

/// A value that is no valid password gets the answer to a wrong password.
async fn shapes(gateway: Arc<TestGateway>) {
    let values =
        [json!(1), json!(null), json!(true), json!([]), json!({}), json!(["a"]), json!("")];
    for value in values {
        for name in ["ann", "nobody"] {
            let login = json!({"user": name, "pass": value});
            let answer = gateway.send(octoprint(KEY, "POST /api/login", &login)).await;
            assert_eq!(answer.status, 403, "{login} {}", answer.text);
        }
        for password in [PASSWORD, "wrong"] {
            let login = json!({"user": value, "pass": password});
            let answer = gateway.send(octoprint(KEY, "POST /api/login", &login)).await;
            // A name that Python cannot look up causes a server error, whether or not an account
            // exists.
            let expected = if value.is_array() || value.is_object() { 500 } else { 403 };
            assert_eq!(answer.status, expected, "{login} {}", answer.text);
        }
    }
}

/// A value that is no valid password counts as a guess.
async fn counted(gateway: Arc<TestGateway>) {
    let mut options = RouteOptions::of(IdNamespace::named("octoprint"));
    options.settings.insert("login_rate_limit".to_owned(), true.into());
    let dialect = registry::adapter("octoprint").unwrap().make_dialect(&options).unwrap();
    let answer = async |password: Value| {
        let login = json!({"user": "ann", "pass": password});
        let asked = octoprint(KEY, "POST /api/login", &login);
        dialect.answer(&asked.request, &gateway.pipeline()).await.status
    };
    for shape in [json!(1), json!(null), json!([1])] {
        assert_eq!(answer(shape).await, 403);
    }
    assert_eq!(answer(json!(PASSWORD)).await, 429);
}

async fn two_keys(gateway: Arc<TestGateway>) {
    let who = "GET /api/currentuser";
    let show = |keys: [(&str, &str); 2]| {
        let mut asked = octoprint("", who, &Value::Null);
        for (name, value) in keys {
            asked.request = asked.request.with(name, value.to_owned());
        }
        asked
    };
    let bearer = format!("Bearer {KEY}");
    for keys in [
        [("x-api-key", KEY), ("x-api-key", "wrong")],
        [("x-api-key", "wrong"), ("x-api-key", KEY)],
        [("x-api-key", KEY), ("x-api-key", KEY)],
        [("authorization", &bearer), ("authorization", "Bearer wrong")],
    ] {
        let answer = gateway.send(show(keys)).await;
        assert_eq!(answer.json["name"], Value::Null, "{keys:?} {}", answer.text);
    }
    let one = gateway.send(show([("x-api-key", KEY), ("accept", "*/*")])).await;
    assert_eq!(one.json["name"], "admin");
}

/// The number of keys is limited, and the answer says what to do.
async fn many_keys(gateway: Arc<TestGateway>) {
    let mut issued = 0;
    let full = loop {
        let key = NewKey {
            namespace: IdNamespace::named("octoprint"),
            value: format!("value {issued}").into(),
            label: Some(format!("app {issued}")),
            scope: None,
            expires: None,
            addresses: Vec::new(),
            issuer: Issuer::Gateway,
            replaces: false,
        };
        match gateway.store.execute(Command::IssueKey(Some(ann()), Box::new(key))).await {
            Ok(_) => issued += 1,
            Err(full) => break full,
        }
    };
    assert_eq!(full.kind, FaultKind::Invalid);
    let mut browser = Browser::sign_in(&gateway, "ann", PASSWORD, false).await;
    let generate = |app: &str| json!({"command": "generate", "app": app});
    let (line, revoke) = ("POST /api/plugin/appkeys", json!({"command": "revoke", "app": "app 1"}));
    let refused = browser.octoprint(&gateway, line, &generate("one more")).await;
    assert_eq!(refused.status, 400, "{refused:?}");
    assert!(refused.text.contains("Too many application keys. Revoke one first"), "{refused:?}");
    let had = browser.octoprint(&gateway, line, &generate("app 1")).await;
    assert_eq!((had.status, &had.json["api_key"]), (200, &json!("value 1")));
    assert_eq!(browser.octoprint(&gateway, line, &revoke).await.status, 204);
    assert_eq!(browser.octoprint(&gateway, line, &generate("one more")).await.status, 200);
}
