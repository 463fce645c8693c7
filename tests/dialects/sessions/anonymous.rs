//! What a caller without credentials can cause the gateway to store: only counters, and a fixed
//! number of application key requests of limited size.

use std::collections::BTreeMap;
use std::sync::Arc;

use isogloss::sessions::Sessions;
use isogloss_testkit::scripted::recorded_store::RecordedStore;
use serde_json::{Value, json};

use super::browser::Browser;
use super::{Case, KEY};
use crate::calls::{Asked, dandelion, kanboard, octoprint, octoprint_form, rhodecode};
use crate::gateway::TestGateway;

pub(super) const CASES: [Case; 3] = [
    ("nobody-writes-a-row", |gateway| Box::pin(nothing_written(gateway))),
    ("octoprint-keeps-few-and-small-key-requests", |gateway| Box::pin(few(gateway))),
    ("octoprint-takes-any-name-of-an-application", |gateway| Box::pin(any_name(gateway))),
];

/// The rows that were stored so far: `KIND KEY`, and the length of the value in bytes.
type Rows = BTreeMap<String, usize>;

/// The number of writes since the last call. Adds the stored rows to `rows`.
fn writes(store: &RecordedStore, rows: &mut Rows) -> usize {
    let writes: Vec<_> = store.take().into_iter().filter(|call| call.writes).collect();
    rows.extend(writes.iter().filter_map(|call| call.row.clone()));
    writes.len()
}

/// Requests without valid credentials.
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
    for line in ["GET /login", "GET /logout", "GET /", "POST /login", "GET /api/i/users/getuser"] {
        all.push(dandelion("", line, &json!({"user": "nobody", "pass": "x"})));
    }
    all.push(dandelion("wrong", "GET /api/users/getuser", &json!({})));
    all.push(kanboard("jsonrpc:wrong", "createMyPrivateProject", &json!(["x"])));
    all.push(kanboard("", "getMe", &json!([])));
    all.push(rhodecode("wrong", "get_user", &json!({})));
    all
}

async fn nothing_written(gateway: Arc<TestGateway>) {
    let (store, mut rows) = (RecordedStore::over(Arc::new(gateway.store.clone())), Rows::new());
    let pipeline = gateway.pipeline_with(Sessions::of_store(store.clone()));
    for asked in anonymous() {
        let mut browser = Browser::default();
        // First without cookies, then with the cookies of the answers and with an invented session.
        for _ in 0..2 {
            browser.through(&pipeline, asked.clone()).await;
        }
        browser.jar.insert("session_P80".to_owned(), "7".repeat(64));
        browser.jar.insert("dan_session_1".to_owned(), "7".repeat(32));
        let mut with_token = asked.clone();
        if let Some(token) = browser.cookie("csrf_token") {
            with_token.request = with_token.request.with("x-csrf-token", token.to_owned());
        }
        browser.through(&pipeline, with_token).await;
        let line = format!("{} {} {}", asked.dialect, asked.request.method, asked.request.path);
        assert_eq!(writes(&store, &mut rows), 0, "{line}");
    }
    // A login attempt with an invented token, from a new browser.
    let mut browser = Browser::default();
    browser.through(&pipeline, octoprint("", "GET /login/", &Value::Null)).await;
    let token = browser.cookie("csrf_token").unwrap().to_owned();
    let mut login = octoprint("", "POST /api/login", &json!({"user": "ann", "pass": "wrong"}));
    login.request = login.request.with("x-csrf-token", token);
    assert_eq!(browser.through(&pipeline, login).await.status, 403);
    assert_eq!(writes(&store, &mut rows), 0, "a failed login");
    // A request with a key stores no session either, also if it has a password too.
    let login = json!({"user": "admin", "pass": "the first secret"});
    let again = octoprint(KEY, "POST /api/login", &login);
    assert_eq!(Browser::default().through(&pipeline, again).await.status, 200);
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
