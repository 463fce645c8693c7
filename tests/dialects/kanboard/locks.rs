//! The lock after failed sign-ins: each failure is counted, also among concurrent ones.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_store::Store;
use serde_json::{Value, json};

use super::{LOGIN, kanboard};
use crate::calls::Asked;
use crate::concurrency::{MANY, at_once};
use crate::gateway::TestGateway;
use crate::sessions::Case;

/// The number of failures in a row that locks an account.
const LOCKS: u32 = 7;

pub(super) const CASES: [Case; 3] = [
    ("wrong-passwords-lock", |gateway| Box::pin(wrong_passwords(gateway))),
    ("a-right-password-among-wrong-ones", |gateway| Box::pin(right_among_wrong(gateway))),
    ("a-guess-that-outlasts-the-lock", |gateway| Box::pin(outlasting(gateway))),
];

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
