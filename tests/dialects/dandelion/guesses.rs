//! Concurrent guesses at Dandelion's page: as many are verified as one after the other.

use futures_util::future::join_all;
use isogloss::auth::guessing::Policy;
use isogloss_testkit::suite;
use libtest_mimic::{Failed, Trial};
use serde_json::json;

use super::dandelion;
use crate::block_on;
use crate::guessing::fixture::Fixture;

pub(super) fn trial() -> Trial {
    suite::trial("guessing::dandelion-answers-every-guess-alike", || {
        block_on(at_once());
        Ok::<(), Failed>(())
    })
}

async fn at_once() {
    let fixture = Fixture::new().await;
    let login =
        |secret: &str| dandelion("", "POST /login", &json!({"user": "ann", "pass": secret}));
    let answers = join_all((0..40).map(|_| fixture.gateway.send(login("wrong")))).await;
    assert!(answers.iter().all(|answer| answer.text == "false"));
    let free = usize::try_from(Policy::default().guesses).unwrap();
    assert_eq!(fixture.verified(), free);
    assert_eq!(fixture.gateway.send(login("right")).await.text, "false");
}
