//! Sessions of Dandelion.

use std::sync::Arc;

use isogloss::sessions::Sessions;
use isogloss_canonical::command::Command;
use isogloss_canonical::user::{NewUser, UserRef};
use serde_json::{Value, json};

use super::dandelion;
use crate::browser::Browser;
use crate::calls::{Answer, Asked};
use crate::gateway::{PreparedStore, TestGateway};
use crate::sessions::anonymous::nothing_written;
use crate::sessions::{Case, accounts};

pub(super) const CASES: [Case; 5] = [
    ("dandelion-nobody-writes-a-row", |gateway| Box::pin(nobody(gateway))),
    ("dandelion-opens-nothing-at-another-backend", |gateway| Box::pin(at_another_backend(gateway))),
    ("dandelion-ends-with-a-deactivation", |gateway| Box::pin(deactivated(gateway))),
    ("dandelion-is-no-successors", |gateway| Box::pin(inherited(gateway))),
    ("dandelion-refuses-every-shape-of-login-alike", |gateway| Box::pin(shapes(gateway))),
];

async fn nobody(gateway: Arc<TestGateway>) {
    let lines = ["GET /login", "GET /logout", "GET /", "POST /login", "GET /api/i/users/getuser"];
    let form = json!({"user": "nobody", "pass": "x"});
    let requests = lines.map(|line| dandelion("", line, &form));
    nothing_written(&gateway, requests.into()).await;
}

fn login(name: &str, password: &str) -> Asked {
    dandelion("", "POST /login", &json!({"user": name, "pass": password}))
}

fn me() -> Asked {
    dandelion("", "GET /api/i/users/getuser", &json!({}))
}

async fn sign_in(gateway: &TestGateway, name: &str, password: &str) -> Browser {
    let mut browser = Browser::default();
    let answer = browser.send(gateway, login(name, password)).await;
    assert_ne!(answer.text, "false", "{name} cannot sign in");
    assert_eq!(browser.send(gateway, me()).await.json["data"][0]["username"], name);
    browser
}

fn code(answer: &Answer) -> Option<i64> {
    answer.json["errorcode"].as_i64()
}

fn ann() -> UserRef {
    UserRef::Name("ann".to_owned())
}

/// A cookie of one backend. Another user has the same id at the other backend.
async fn at_another_backend(gateway: Arc<TestGateway>) {
    let other = PreparedStore::of(&accounts()).await.open().await;
    let shared = Arc::new(gateway.store.clone());
    let here = gateway.pipeline_with(Sessions::of_system("here", shared.clone()));
    let there = other.pipeline_with(Sessions::of_system("there", shared.clone()));
    let mut browser = Browser::default();
    browser.through(&here, login("ann", "ann's secret")).await;
    assert_eq!(code(&browser.through(&here, me()).await), Some(0));
    assert_eq!(code(&browser.clone().through(&there, me()).await), Some(3));
    // Even with one session store for both backends the cookie is not valid: a session belongs to a
    // canonical user, not to a native id.
    let mixed = other.pipeline_with(Sessions::of_system("here", shared));
    assert_eq!(code(&browser.clone().through(&mixed, me()).await), Some(3));
    let page = dandelion("", "GET /login", &json!({}));
    assert_eq!(browser.clone().through(&mixed, page.clone()).await.status, 200);
    assert_eq!(browser.through(&here, page).await.status, 302);
    // A copy of the store has the same users. Only the name of the backend differs.
    let prepared = PreparedStore::of(&accounts()).await;
    let (here, twin) = (prepared.open().await, prepared.open().await);
    let there = twin.pipeline_with(Sessions::of_system("there", Arc::new(here.store.clone())));
    let mut browser = sign_in(&here, "ann", "ann's secret").await;
    assert_eq!(code(&browser.clone().send(&here, me()).await), Some(0));
    assert_eq!(code(&browser.through(&there, me()).await), Some(3));
}

async fn deactivated(gateway: Arc<TestGateway>) {
    let mut old = sign_in(&gateway, "ann", "ann's secret").await;
    gateway.ask(Command::DeactivateUser(ann())).await;
    assert_eq!(code(&old.clone().send(&gateway, me()).await), Some(4));
    gateway.ask(Command::ActivateUser(ann())).await;
    assert_eq!(code(&old.send(&gateway, me()).await), Some(3), "the session is alive again");
    let mut unseen = sign_in(&gateway, "ann", "ann's secret").await;
    gateway.ask(Command::DeactivateUser(ann())).await;
    gateway.ask(Command::ActivateUser(ann())).await;
    assert_eq!(code(&unseen.send(&gateway, me()).await), Some(3));
}

async fn inherited(gateway: Arc<TestGateway>) {
    let mut old = sign_in(&gateway, "ann", "ann's secret").await;
    gateway.ask(Command::DeleteUser(ann())).await;
    assert_eq!(code(&old.clone().send(&gateway, me()).await), Some(3));
    let ann = NewUser { username: "ann".to_owned(), ..NewUser::default() };
    gateway.ask(Command::CreateUser(Box::new(ann))).await;
    assert_eq!(code(&old.send(&gateway, me()).await), Some(3));
}

/// A value that is no valid name or password never shows whether an account exists.
async fn shapes(gateway: Arc<TestGateway>) {
    let body = |text: &str| {
        dandelion("", "POST /login", &Value::Null)
            .carrying("application/x-www-form-urlencoded", text.to_owned())
    };
    for form in [
        "user=USER",
        "user=USER&pass=",
        "user=USER&pass=0",
        "user=USER&pass[]=1",
        "user[]=USER&pass=1",
        "user=USER&pass[a]=1",
        "user=USER&pass=%00",
        "user=USER&pass=%FF",
        "pass=1",
        "",
    ] {
        for name in ["ann", "nobody"] {
            let answer = gateway.send(body(&form.replace("USER", name))).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "false"), "{form} {name}");
        }
    }
}
