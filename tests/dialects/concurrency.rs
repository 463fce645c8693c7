//! Concurrent requests: a name is given once, each failure is counted, and no user is partly
//! deleted.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{BoxFuture, join_all};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{UserRef, folded};
use isogloss_store::Store;
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

use crate::block_on;
use crate::calls::{
    Answer, Asked, Class, dandelion, kanboard, kanboard_body, octoprint, rhodecode,
};
use crate::gateway::{PreparedStore, TestGateway};

const KEY: &str = "0123456789abcdef0123456789abcdef";
const LOGIN: &str = "jsonrpc:0123456789abcdef0123456789abcdef";
/// The number of concurrent requests.
const MANY: usize = 8;
/// The number of failures in a row that locks an account at Kanboard.
const LOCKS: u32 = 7;

type Case = (&'static str, fn(Arc<TestGateway>) -> BoxFuture<'static, ()>);

const CASES: [Case; 10] = [
    ("kanboard-gives-a-name-once", |gateway| Box::pin(once(gateway, "kanboard"))),
    ("octoprint-gives-a-name-once", |gateway| Box::pin(once(gateway, "octoprint"))),
    ("rhodecode-gives-a-name-once", |gateway| Box::pin(once(gateway, "rhodecode"))),
    ("dandelion-gives-a-name-once-whatever-its-case", |gateway| {
        Box::pin(once(gateway, "dandelion"))
    }),
    ("all-four-give-a-name-once", |gateway| Box::pin(once_among_all(gateway))),
    ("wrong-passwords-lock", |gateway| Box::pin(wrong_passwords(gateway))),
    ("a-right-password-among-wrong-ones", |gateway| Box::pin(right_among_wrong(gateway))),
    ("a-guess-that-outlasts-the-lock", |gateway| Box::pin(outlasting(gateway))),
    ("a-batch-that-demotes-its-caller", |gateway| Box::pin(demotions(gateway))),
    ("updates-beside-a-deletion", |gateway| Box::pin(updates_beside_a_deletion(gateway))),
];

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let trial = |(name, run): Case| {
        trial(format!("concurrency::{name}"), move || {
            block_on(async {
                let gateway = PreparedStore::of(&accounts()).await.open().await;
                run(Arc::new(gateway)).await;
                Ok::<_, Failed>(())
            })
        })
    };
    CASES.into_iter().map(trial).collect()
}

fn accounts() -> Value {
    let key = |dialect: &str| json!({"dialect": dialect, "value": KEY});
    json!({
        "users": [
            {"username": "admin", "password": "the first secret", "admin": true,
             "keys": [key("octoprint"), key("rhodecode"), key("dandelion")]},
            {"username": "ann", "password": "ann's secret"},
            {"username": "boss", "password": "boss's secret", "admin": true},
        ],
        "application_keys": [key("kanboard")],
    })
}

async fn at_once(gateway: &Arc<TestGateway>, requests: Vec<Asked>) -> Vec<Answer> {
    let send = |asked| {
        let gateway = Arc::clone(gateway);
        tokio::spawn(async move { gateway.send(asked).await })
    };
    let answers = join_all(requests.into_iter().map(send)).await;
    answers.into_iter().map(Result::unwrap).collect()
}

/// A creation in the format of a dialect. The e-mail addresses differ, because RhodeCode requires
/// it.
fn creation(dialect: &str, name: &str, number: usize) -> Asked {
    match dialect {
        "kanboard" => {
            kanboard(LOGIN, "createUser", &json!({"username": name, "password": "secret"}))
        }
        "octoprint" => {
            let body = json!({"name": name, "password": "secret", "active": true});
            octoprint(KEY, "POST /api/access/users", &body)
        }
        "rhodecode" => {
            let email = format!("twin{number}@example.org");
            rhodecode(KEY, "create_user", &json!({"username": name, "email": email}))
        }
        _ => {
            let form =
                json!({"username": name, "password": "secret", "fullname": "Twin", "role": "1"});
            dandelion(KEY, "POST /api/users/create", &form)
        }
    }
}

/// Whether an answer is the dialect's error for a name that exists:
/// `fixtures/transcripts/*/create-user-duplicate.json`, `kanboard/create-user-invalid.json`,
/// `octoprint/users-create.json`.
fn says_taken(answer: &Answer) -> bool {
    match answer.dialect {
        "kanboard" => answer.status == 200 && answer.json["result"] == json!(false),
        "octoprint" => answer.status == 409,
        "rhodecode" => answer.json["error"] == json!("user `twin` already exist"),
        _ => answer.status == 500 && answer.json["errorcode"] == json!(6),
    }
}

async fn one_and_seven(gateway: &Arc<TestGateway>, answers: &[Answer]) {
    let done = answers.iter().filter(|answer| answer.class() == Class::Done).count();
    let taken = answers.iter().filter(|answer| says_taken(answer)).count();
    assert_eq!((done, taken), (1, answers.len() - 1), "{answers:#?}");
    let users = gateway.users().await;
    let twins = users.iter().filter(|user| folded(&user.username) == "twin").count();
    assert_eq!(twins, 1, "{users:#?}");
}

async fn once(gateway: Arc<TestGateway>, dialect: &'static str) {
    const SPELLINGS: [&str; 4] = ["twin", "TWIN", "twin ", "Twin  "];
    let name = |number: usize| if dialect == "dandelion" { SPELLINGS[number % 4] } else { "twin" };
    let requests = (0..MANY).map(|number| creation(dialect, name(number), number));
    let answers = at_once(&gateway, requests.collect()).await;
    one_and_seven(&gateway, &answers).await;
}

async fn once_among_all(gateway: Arc<TestGateway>) {
    let dialects = ["kanboard", "octoprint", "rhodecode", "dandelion"];
    let requests = (0..MANY).map(|number| creation(dialects[number % 4], "twin", number));
    let answers = at_once(&gateway, requests.collect()).await;
    one_and_seven(&gateway, &answers).await;
}

fn sign_in(login: &str) -> Asked {
    kanboard(login, "getMe", &json!([]))
}

/// The count of failures that Kanboard shows, and whether the account is locked.
async fn failures(gateway: &TestGateway, name: &str) -> (Value, bool) {
    let row = gateway.send(kanboard(LOGIN, "getUserByName", &json!([name]))).await.json;
    let row = &row["result"];
    (row["nb_failed_login"].clone(), row["lock_expiration_date"] != json!(0))
}

async fn wrong_passwords(gateway: Arc<TestGateway>) {
    let wrong = || vec![sign_in("ann:wrong"); MANY];
    let before = LOCKS as usize - 1;
    at_once(&gateway, wrong().into_iter().take(before).collect()).await;
    assert_eq!(failures(&gateway, "ann").await, (json!(before), false));
    assert_eq!(gateway.send(sign_in("ann:ann's secret")).await.status, 200);
    assert_eq!(failures(&gateway, "ann").await, (json!(0), false));
    let answers = at_once(&gateway, wrong()).await;
    assert!(answers.iter().all(|answer| answer.status == 401), "{answers:#?}");
    assert_eq!(failures(&gateway, "ann").await, (json!(LOCKS), true));
    // The correct password is refused too. An attempt that the lock refuses is not counted.
    assert_eq!(gateway.send(sign_in("ann:ann's secret")).await.status, 401);
    assert_eq!(failures(&gateway, "ann").await, (json!(LOCKS), true));
}

async fn right_among_wrong(gateway: Arc<TestGateway>) {
    for round in 0..3 {
        let mut requests = vec![sign_in("ann:wrong"); 5];
        requests.insert(round * 2, sign_in("ann:ann's secret"));
        let answers = at_once(&gateway, requests).await;
        let right = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(right, 1, "{answers:#?}");
        let (count, locked) = failures(&gateway, "ann").await;
        assert!(count.as_u64().unwrap() <= 5 && !locked, "{count} {locked}");
        assert_eq!(gateway.send(sign_in("ann:ann's secret")).await.status, 200);
        assert_eq!(failures(&gateway, "ann").await, (json!(0), false));
    }
}

/// A thousand concurrent guesses are limited in the same way as a thousand guesses one after the
/// other.
async fn outlasting(gateway: Arc<TestGateway>) {
    let slow = Arc::new(Slow { store: gateway.store.clone() });
    let mut gateway = Arc::into_inner(gateway).unwrap();
    gateway.backend = slow;
    assert_eq!(gateway.send(sign_in("ann:ann's secret")).await.status, 401);
    assert_eq!(failures(&gateway, "ann").await, (json!(LOCKS), true));
}

/// A store with a slow password check. Other wrong guesses are counted in the meantime.
#[derive(Debug)]
struct Slow {
    store: Store,
}

#[async_trait]
impl Backend for Slow {
    fn capability(&self) -> &Capability {
        self.store.capability()
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        if let Command::VerifyPassword(user, _) = &command {
            let lockout = Lockout { after: LOCKS, lasting: Duration::from_mins(15) };
            for _ in 0..LOCKS {
                self.store.execute(Command::CountFailure(user.clone(), lockout)).await?;
            }
        }
        self.store.execute(command).await
    }
}

/// The caller's record is read once in each request:
/// `fixtures/transcripts/kanboard/rpc-batch.json`.
async fn demotions(gateway: Arc<TestGateway>) {
    let boss = "boss:boss's secret";
    let boss_id = gateway.user("boss").await.ids[&IdNamespace::named("kanboard")].clone();
    let call = |id: u64, method: &str, params: Value| json!({"jsonrpc": "2.0", "method": method, "params": params, "id": id});
    let batch = json!([
        call(1, "updateUser", json!({"id": boss_id, "role": "app-user"})),
        call(2, "getUserByName", json!(["ann"])),
        call(3, "getMe", json!([])),
    ]);
    let answer = gateway.send(kanboard_body(boss, &batch)).await;
    assert_eq!(answer.json[0]["result"], json!(true), "{}", answer.text);
    assert_eq!(answer.json[1]["result"]["username"], json!("ann"), "{}", answer.text);
    assert_eq!(answer.json[2]["result"]["role"], json!("app-admin"), "{}", answer.text);
    let next = vec![kanboard(boss, "getUserByName", &json!(["ann"])); MANY];
    let answers = at_once(&gateway, next).await;
    assert!(answers.iter().all(|answer| answer.status == 403), "{answers:#?}");
}

fn change(dialect: usize, id: &str, number: usize) -> Asked {
    let name = format!("Name {number}");
    match dialect {
        0 => kanboard(LOGIN, "updateUser", &json!({"id": id, "name": name})),
        1 => rhodecode(KEY, "update_user", &json!({"userid": "gone", "lastname": name})),
        2 => dandelion(KEY, "POST /api/users/edit", &json!({"uid": id, "fullname": name})),
        _ => octoprint(KEY, "POST /api/access/users/gone/apikey", &json!({})),
    }
}

async fn updates_beside_a_deletion(gateway: Arc<TestGateway>) {
    for round in 0..4 {
        gateway.send(creation("kanboard", "gone", 0)).await;
        let user = gateway.user("gone").await;
        let id = |namespace| user.ids[&IdNamespace::named(namespace)].clone();
        let native = [id("kanboard"), id("rhodecode"), id("dandelion"), String::new()];
        let mut requests: Vec<_> =
            (0..MANY).map(|number| change(number % 4, &native[number % 4], number)).collect();
        requests.insert(round * 2, kanboard(LOGIN, "removeUser", &json!([native[0]])));
        let answers = at_once(&gateway, requests).await;
        assert_eq!(answers[round * 2].json["result"], json!(true), "{answers:#?}");
        let refused = answers.iter().filter(|answer| answer.class() == Class::Refused).count();
        assert_eq!(refused, 0, "{answers:#?}");
        assert!(gateway.users().await.iter().all(|user| user.username != "gone"));
        let keys = gateway
            .ask(Command::ListKeys(None, IdNamespace::named("octoprint"), KeyChoice::All))
            .await;
        assert!(keys.keys().unwrap().iter().all(|key| key.owner != Some(user.id)));
        for (namespace, id) in user.ids.clone() {
            let found = Command::GetUser(UserRef::Native(namespace, id));
            assert!(gateway.store_has_nobody(found).await);
        }
    }
}
