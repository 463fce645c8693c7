//! Sessions and remembered logins of OctoPrint before 1.4, which ends none of them.

use std::sync::Arc;

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{NewUser, UserRef};
use serde_json::{Value, json};

use super::octoprint;
use crate::browser::Browser;
use crate::calls::Answer;
use crate::gateway::TestGateway;
use crate::sessions::{Case, KEY};

pub(super) const CASES: [Case; 6] = [
    ("octoprint-1.3-a-new-password-ends-every-other-session", |gateway| {
        Box::pin(new_password(gateway))
    }),
    ("octoprint-1.3-a-logout-ends-every-copy", |gateway| Box::pin(logged_out(gateway))),
    ("octoprint-1.3-a-deactivation-ends-every-copy", |gateway| Box::pin(deactivated(gateway))),
    ("octoprint-1.3-a-successor-inherits-no-session", |gateway| Box::pin(successor(gateway))),
    ("octoprint-1.3-a-token-alone-administers-nobody", |gateway| Box::pin(remembered(gateway))),
    ("octoprint-1.3.0-the-key-of-the-page-opens-nothing", |gateway| Box::pin(page(gateway))),
];

const PASSWORD: &str = "ann's secret";
const ANN: &str = "GET /api/users/ann";

async fn ask(browser: &mut Browser, gateway: &TestGateway, line: &str, body: Value) -> Answer {
    browser.send(gateway, octoprint("", line, &body).by("1.3")).await
}

async fn sign_in(gateway: &TestGateway, name: &str, password: &str) -> Browser {
    let mut browser = Browser::default();
    let login = json!({"user": name, "pass": password, "remember": true});
    let answer = ask(&mut browser, gateway, "POST /api/login", login).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    browser
}

/// Whether these cookies read ann's record.
async fn reads(gateway: &TestGateway, browser: &Browser, cookies: &[&str]) -> bool {
    ask(&mut browser.with(cookies), gateway, ANN, Value::Null).await.status == 200
}

const EVERY_COOKIE: [&[&str]; 2] = [&["session"], &["remember_token"]];

async fn new_password(gateway: Arc<TestGateway>) {
    let mut own = sign_in(&gateway, "ann", PASSWORD).await;
    let other = sign_in(&gateway, "ann", PASSWORD).await;
    let copy = own.clone();
    let set = json!({"password": "another secret"});
    let answer = ask(&mut own, &gateway, "PUT /api/users/ann/password", set).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for browser in [&own, &copy] {
        assert!(reads(&gateway, browser, &["session"]).await, "the session that set it goes on");
        assert!(!reads(&gateway, browser, &["remember_token"]).await);
    }
    for cookies in EVERY_COOKIE {
        assert!(!reads(&gateway, &other, cookies).await, "{cookies:?}");
    }
    let admin = octoprint(KEY, "PUT /api/users/ann/password", &json!({"password": "a third"}));
    assert_eq!(gateway.send(admin.by("1.3")).await.status, 200);
    assert!(!reads(&gateway, &own, &["session"]).await, "an administrator set another password");
}

async fn logged_out(gateway: Arc<TestGateway>) {
    let mut browser = sign_in(&gateway, "ann", PASSWORD).await;
    let copy = browser.clone();
    let other = sign_in(&gateway, "ann", PASSWORD).await;
    assert_eq!(ask(&mut browser, &gateway, "POST /api/logout", json!({})).await.status, 204);
    for cookies in EVERY_COOKIE {
        assert!(!reads(&gateway, &browser, cookies).await, "{cookies:?}");
        assert!(!reads(&gateway, &copy, cookies).await, "{cookies:?}");
        assert!(reads(&gateway, &other, cookies).await, "{cookies:?}");
    }
}

/// Whether the cookies are used while ann is inactive makes no difference.
async fn deactivated(gateway: Arc<TestGateway>) {
    let ann = || UserRef::Name("ann".to_owned());
    for shown in [true, false] {
        let browser = sign_in(&gateway, "ann", PASSWORD).await;
        gateway.ask(Command::DeactivateUser(ann())).await;
        for cookies in EVERY_COOKIE.iter().filter(|_| shown) {
            assert!(!reads(&gateway, &browser, cookies).await, "{cookies:?}");
        }
        gateway.ask(Command::ActivateUser(ann())).await;
        for cookies in EVERY_COOKIE {
            assert!(!reads(&gateway, &browser, cookies).await, "{cookies:?}");
        }
    }
}

async fn successor(gateway: Arc<TestGateway>) {
    let browser = sign_in(&gateway, "ann", PASSWORD).await;
    gateway.ask(Command::DeleteUser(UserRef::Name("ann".to_owned()))).await;
    let new = NewUser {
        username: "ann".to_owned(),
        password: Some(PASSWORD.into()),
        ..NewUser::default()
    };
    gateway.ask(Command::CreateUser(Box::new(new))).await;
    for cookies in EVERY_COOKIE {
        assert!(!reads(&gateway, &browser, cookies).await, "{cookies:?}");
    }
}

const EVERY_KEY: &str = "GET /api/plugin/appkeys?all=true";

async fn remembered(gateway: Arc<TestGateway>) {
    let key = application_key(&gateway).await;
    let browser = sign_in(&gateway, "admin", "the first secret").await;
    let mut token = browser.with(&["remember_token"]);
    for (line, body) in [
        ("GET /api/users", Value::Null),
        ("POST /api/users", json!({"name": "new", "password": "x", "active": true})),
        ("PUT /api/users/ann", json!({"admin": true})),
        ("DELETE /api/users/ann", Value::Null),
        (ANN, Value::Null),
        ("PUT /api/users/ann/password", json!({"password": "taken over"})),
        ("POST /api/users/ann/apikey", Value::Null),
        ("PATCH /api/users/ann/settings", json!({"a": 1})),
    ] {
        let answer = ask(&mut token, &gateway, line, body).await;
        assert_eq!(answer.status, 403, "{line}: {}", answer.text);
    }
    let all = ask(&mut token, &gateway, EVERY_KEY, Value::Null).await;
    assert!(all.status == 200 && !all.text.contains(&key), "{}", all.text);
    let revoke = json!({"command": "revoke", "key": key});
    let revoked = ask(&mut token, &gateway, "POST /api/plugin/appkeys", revoke).await;
    assert_eq!(revoked.status, 500, "{}", revoked.text);
    let passive = ask(&mut token, &gateway, "POST /api/login", json!({"passive": true})).await;
    assert_eq!((passive.status, &passive.json["admin"]), (200, &json!(true)));
    let listed = ask(&mut token.with(&["session"]), &gateway, "GET /api/users", Value::Null).await;
    assert_eq!(listed.status, 200, "{}", listed.text);
    let all = ask(&mut token.with(&["session"]), &gateway, EVERY_KEY, Value::Null).await;
    assert!(all.text.contains(&key), "{}", all.text);
}

/// A key of an application of ann's.
async fn application_key(gateway: &TestGateway) -> String {
    let mut ann = sign_in(gateway, "ann", PASSWORD).await;
    let generate = json!({"command": "generate", "app": "slicer"});
    let answer = ask(&mut ann, gateway, "POST /api/plugin/appkeys", generate).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
    let own = ask(&mut ann, gateway, "GET /api/plugin/appkeys", Value::Null).await;
    own.json["keys"][0]["api_key"].as_str().unwrap().to_owned()
}

/// The page of 1.3.0 carries a key that is no secret: the session beside it says who calls.
async fn page(gateway: Arc<TestGateway>) {
    let page = gateway.send(octoprint("", "GET /", &Value::Null).by("1.3.0")).await;
    let key = page.text.split("UI_API_KEY = \"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(key.len(), 32, "{}", page.text);
    let mut browser = Browser::default();
    let login = octoprint(key, "POST /api/login", &json!({"user": "ann", "pass": PASSWORD}));
    let alone = gateway.send(octoprint(key, ANN, &Value::Null).by("1.3.0")).await;
    assert_eq!(alone.status, 401, "{}", alone.text);
    assert!(alone.text.contains("<title>401 Unauthorized</title>"), "{}", alone.text);
    assert_eq!(browser.send(&gateway, login.by("1.3.0")).await.status, 200);
    for (key, status) in [(key, 200), ("", 401), ("wrong", 401)] {
        let asked = octoprint(key, ANN, &Value::Null).by("1.3.0");
        assert_eq!(browser.send(&gateway, asked).await.status, status, "{key:?}");
    }
}
