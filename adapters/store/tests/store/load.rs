//! How long the lookup of an API key takes while other commands keep the store busy.

use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{NewUser, UserRef};
use isogloss_store::Store;
use tokio::task::JoinSet;

use crate::kit::{Fresh, OCTOPRINT, ask, create, fresh, key, named};

const EVERYBODY: u32 = 20_000;
/// So many look-ups in the meantime show that they wait for nobody.
const ENOUGH: usize = 50;

/// A store with one user, who has the key `abc`.
async fn keyed() -> Fresh {
    let store = fresh().await;
    let ada = NewUser { password: Some("secret".into()), ..named("ada") };
    let ada = create(&store, ada).await.unwrap();
    ask(&store, Command::IssueKey(Some((&ada).into()), Box::new(key(OCTOPRINT, "abc"))))
        .await
        .unwrap();
    store
}

/// Looks the key up again and again while others are at work; answers how often. A busy machine
/// delays both.
async fn look_ups_during<T: 'static>(store: &Store, others: &mut JoinSet<T>) -> usize {
    let mut count = 0;
    while !others.is_empty() {
        ask(store, Command::FindKey(OCTOPRINT, "abc".into())).await.unwrap();
        count += 1;
        tokio::time::sleep(Duration::from_millis(1)).await;
        while others.try_join_next().is_some() {}
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_of_everybody_do_not_hold_up_who_shows_a_key() {
    let store = keyed().await;
    let sql = format!(
        "INSERT INTO users (id, username, folded_name, role, active, failures, addresses, \
         attributes, created, password_changed) \
         WITH RECURSIVE numbers (n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {EVERYBODY}) \
         SELECT '018f0000-0000-7000-8000-' || (100000000000 + n), 'p' || n, 'p' || n, 'user', \
         TRUE, 0, '[]', '{{}}', 0, 0 FROM numbers"
    );
    store.direct().await.execute(&sql).await;
    let everybody = ask(&store, Command::ListUsers).await.unwrap().users().unwrap();
    assert!(everybody.len() > 20_000);
    let mut lists = JoinSet::new();
    for _ in 0..8 {
        let store = store.store.clone();
        lists.spawn(async move { ask(&store, Command::ListUsers).await.unwrap() });
    }
    // Each look-up that waited for a list would see one of the eight end.
    let look_ups = look_ups_during(&store, &mut lists).await;
    assert!(look_ups >= ENOUGH, "{look_ups} look-ups while eight lists were made");
}

#[tokio::test(flavor = "multi_thread")]
async fn hashing_does_not_hold_up_who_shows_a_key() {
    let store = keyed().await;
    let mut guesses = JoinSet::new();
    for number in 0..100 {
        let store = store.store.clone();
        let user = UserRef::Name(if number % 2 == 0 { "ada" } else { "nobody" }.to_owned());
        guesses
            .spawn(async move { ask(&store, Command::VerifyPassword(user, "wrong".into())).await });
    }
    // A look-up that waited for its turn among the hashes would wait for half of them.
    let look_ups = look_ups_during(&store, &mut guesses).await;
    assert!(look_ups >= ENOUGH, "{look_ups} look-ups while a hundred passwords were hashed");
}
