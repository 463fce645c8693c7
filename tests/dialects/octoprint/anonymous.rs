//! What a caller without credentials can cause the gateway to store: a fixed number of application key
//! requests of limited size, and nothing else.

use std::sync::Arc;

use isogloss::sessions::Sessions;
use isogloss_testkit::scripted::recorded_store::RecordedStore;
use serde_json::{Value, json};

use super::{octoprint, octoprint_form};
use crate::browser::Browser;
use crate::calls::Asked;
use crate::gateway::TestGateway;
use crate::sessions::anonymous::{Rows, nothing_written, writes};
use crate::sessions::{Case, KEY};

pub(super) const CASES: [Case; 4] = [
    ("octoprint-nobody-writes-a-row", |gateway| Box::pin(nobody(gateway))),
    ("octoprint-stores-no-session-for-a-key", |gateway| Box::pin(with_key(gateway))),
    ("octoprint-keeps-few-and-small-key-requests", |gateway| Box::pin(few(gateway))),
    ("octoprint-takes-any-name-of-an-application", |gateway| Box::pin(any_name(gateway))),
];

/// Requests without valid credentials, beside those of every dialect.
fn anonymous() -> Vec<Asked> {
    let none = Value::Null;
    let mut all: Vec<_> = [
        "GET /",
        "GET /login/",
        "GET /api/currentuser",
        "GET /api/access/users",
        "GET /api/version",
        "GET /plugin/appkeys/probe",
        "GET /plugin/appkeys/request/nosuch",
        "GET /plugin/appkeys/auth/nosuch",
        "GET /api/plugin/appkeys",
    ]
    .map(|line| octoprint("", line, &none))
    .into();
    for body in [json!({"passive": true}), json!({"user": "ann", "pass": "x"}), json!({})] {
        all.push(octoprint("", "POST /api/login", &body));
    }
    all.push(octoprint("", "POST /api/logout", &json!({})));
    let login = [("user", "ann"), ("password", "x"), ("redirect", "/")];
    all.push(octoprint_form("/login/", &login));
    all.push(octoprint_form("/plugin/appkeys/auth/nosuch", &[("decision", "allow")]));
    all.push(octoprint("wrong", "GET /login/", &none));
    all
}

async fn nobody(gateway: Arc<TestGateway>) {
    nothing_written(&gateway, anonymous()).await;
}

/// A request with a key stores no session, also if it has a password too.
async fn with_key(gateway: Arc<TestGateway>) {
    let (store, mut rows) = (RecordedStore::over(Arc::new(gateway.store.clone())), Rows::new());
    let pipeline = gateway.pipeline_with(Sessions::of_store(store.clone()));
    let login = json!({"user": "admin", "pass": "the first secret"});
    let asked = octoprint(KEY, "POST /api/login", &login);
    assert_eq!(Browser::default().through(&pipeline, asked).await.status, 200);
    writes(&store, &mut rows);
    assert!(rows.keys().all(|row| !row.starts_with("octoprint.")), "{rows:?}");
}

async fn few(gateway: Arc<TestGateway>) {
    let (store, mut rows) = (RecordedStore::over(Arc::new(gateway.store.clone())), Rows::new());
    let pipeline = gateway.pipeline_with(Sessions::of_store(store.clone()));
    let ask = async |address: [u8; 4], app: &str| {
        let mut asked = octoprint("", "POST /plugin/appkeys/request", &json!({"app": app}));
        asked.request.client = Some(address.into());
        Browser::default().through(&pipeline, asked).await
    };
    for n in 0..300_u16 {
        let [high, low] = n.to_be_bytes();
        let answer = ask([10, 0, high, low], &"x".repeat(200)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(writes(&store, &mut rows), 1, "a request writes one row");
    }
    let long = ask([10, 0, 0, 1], &"x".repeat(90_000)).await;
    assert_eq!((long.status, writes(&store, &mut rows)), (400, 0), "{}", long.text);
    assert!(rows.len() <= 64, "{} rows", rows.len());
    assert!(rows.values().all(|size| *size < 1024), "{rows:?}");
}

/// All steps: the request, the user's list, the decision, and the only retrieval of the key.
async fn any_name(gateway: Arc<TestGateway>) {
    for app in [json!("Slicer"), json!(5), json!(null), json!([1]), json!({"a": true})] {
        let asked = octoprint("", "POST /plugin/appkeys/request", &json!({"app": app}));
        let asked = gateway.send(asked).await;
        assert_eq!(asked.status, 201, "{app} {}", asked.text);
        let token = asked.json["app_token"].as_str().unwrap().to_owned();
        let poll = async || {
            let line = format!("GET /plugin/appkeys/request/{token}");
            gateway.send(octoprint("", &line, &Value::Null)).await
        };
        assert_eq!(poll().await.status, 202);
        let listed = gateway.send(octoprint(KEY, "GET /api/plugin/appkeys", &Value::Null)).await;
        let pending = listed.json["pending"].as_object().unwrap();
        let (user_token, shown) = pending.iter().next().unwrap();
        assert_eq!((pending.len(), &shown["app_id"]), (1, &app));
        let decide = format!("POST /plugin/appkeys/decision/{user_token}");
        let granted = gateway.send(octoprint(KEY, &decide, &json!({"decision": true}))).await;
        assert_eq!(granted.status, 204, "{}", granted.text);
        let again = gateway.send(octoprint(KEY, &decide, &json!({"decision": true}))).await;
        assert_eq!(again.status, 404, "{}", again.text);
        let fetched = poll().await;
        let key = fetched.json["api_key"].as_str().unwrap_or_else(|| panic!("{}", fetched.text));
        let who = gateway.send(octoprint(key, "GET /api/currentuser", &Value::Null)).await;
        assert_eq!(who.json["name"], "admin");
        assert_eq!(poll().await.status, 404);
    }
}
