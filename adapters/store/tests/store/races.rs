//! Concurrent commands.

use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::user::{Matching, NewUser, Uniqueness, UserRef};
use isogloss_store::Store;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::kit::{KANBOARD, ask, assert_fault, create, fresh, get, key, named, namespaces, person};

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_take_one_name_exactly_one_gets_it() {
    let store = fresh().await;
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let store = store.store.clone();
        let unique = Uniqueness { name: Matching::Folded, email: true };
        let username = if number % 2 == 0 { "ada" } else { "Ada" };
        let email = Some("Ada@example.org".to_owned());
        let new = NewUser { unique, email, password: Some("secret".into()), ..named(username) };
        tasks.spawn(async move { create(&store, new).await });
    }
    let answers = tasks.join_all().await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let faults = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(faults.clone().all(|fault| fault.kind == FaultKind::Conflict), "{answers:?}");
    // The failed creations used no number.
    assert_eq!(person(&store, "next").await.native(&KANBOARD), Some("2"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_counted_at_once_is_counted() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let mut tasks = JoinSet::new();
    for number in 0..20 {
        let (store, user) = (store.store.clone(), (&ada).into());
        tasks.spawn(async move {
            let lockout = Lockout { after: 100, lasting: Duration::from_mins(1) };
            ask(&store, Command::CountFailure(user, lockout)).await.unwrap();
            store.count("t.count", "k", Duration::from_mins(1)).await.unwrap();
            let name = format!("t.{number}");
            let changes = [(name, Some(json!(number)))].into();
            let user = isogloss_canonical::user::UserRef::Name("ada".to_owned());
            ask(&store, Command::MergeSettings(user, "t.".to_owned(), changes)).await.unwrap();
        });
    }
    tasks.join_all().await;
    let ada = get(&store, &ada).await.unwrap();
    assert_eq!((ada.failures, ada.attributes.len()), (20, 20));
    assert_eq!(store.count("t.count", "k", Duration::from_mins(1)).await.unwrap(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_several_open_at_once_is_made_once() {
    let directory = TempDir::new().unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..6 {
        let path = directory.path().join("new");
        tasks.spawn(async move {
            let store = Store::open(&path, namespaces()).await.unwrap();
            person(&store, &format!("p{number}")).await
        });
    }
    let mut ids: Vec<_> = tasks.join_all().await.iter().map(|user| user.ids.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 6);
}

/// Each gateway has connections of its own. Only one of them creates a name, and no id is given
/// twice.
#[tokio::test(flavor = "multi_thread")]
async fn several_gateways_share_one_database() {
    let first = fresh().await;
    let mut tasks = JoinSet::new();
    for number in 0..4 {
        let store = first.again().await;
        tasks.spawn(async move {
            let mut wins = 0;
            for round in 0..10 {
                person(&store, &format!("own-{number}-{round}")).await;
                let unique = Uniqueness { name: Matching::Folded, email: false };
                let new = NewUser { unique, ..named(&format!("Same-{round}")) };
                wins += u32::from(create(&store, new).await.is_ok());
            }
            store.close().await;
            wins
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u32>(), 10);
    let everybody = ask(&first, Command::ListUsers).await.unwrap().users().unwrap();
    assert_eq!(everybody.len(), 50);
    let mut ids: Vec<_> = everybody.iter().map(|user| user.native(&KANBOARD)).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 50);
}

/// The sidecars are in the same database. A name, an id or a key of one backend is no other's.
#[tokio::test]
async fn backends_in_one_database_see_nothing_of_each_other() {
    let store = fresh().await;
    let one = store.sidecar("one", namespaces(), Vec::new()).await.unwrap();
    let two = store.sidecar("two", namespaces(), Vec::new()).await.unwrap();
    let ada = person(&one, "ada").await;
    let other = person(&two, "ada").await;
    assert_eq!(ada.ids, other.ids);
    assert_ne!(ada.id, other.id);
    assert_fault(get(&store, &ada).await, FaultKind::NotFound, Subject::User);
    assert_fault(get(&two, UserRef::Id(ada.id)).await, FaultKind::NotFound, Subject::User);
    let found = get(&two, UserRef::Native(KANBOARD, "1".to_owned())).await.unwrap();
    assert_eq!(found.id, other.id);
    ask(&one, Command::IssueKey(Some((&ada).into()), Box::new(key(KANBOARD, "abc"))))
        .await
        .unwrap();
    for store in [&*store, &two] {
        let found = ask(store, Command::FindKey(KANBOARD, "abc".into())).await;
        assert_fault(found, FaultKind::NotFound, Subject::Key);
    }
    let again = store.sidecar("one", namespaces(), Vec::new()).await.unwrap();
    assert!(ask(&again, Command::FindKey(KANBOARD, "abc".into())).await.is_ok());
    assert!(
        store
            .sidecar("three", namespaces(), Vec::new())
            .await
            .unwrap()
            .is_initialised()
            .await
            .unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_away_half_way_leaves_nothing_half_done() {
    let store = fresh().await;
    let mut tasks = JoinSet::new();
    for number in 0..40_u64 {
        let store = store.store.clone();
        tasks.spawn(async move {
            let creating = create(&store, named(&format!("p{number}")));
            tokio::time::timeout(Duration::from_micros(number * 400), creating).await.is_ok()
        });
    }
    let told = tasks.join_all().await.into_iter().filter(|told| *told).count();
    let last = person(&store, "last").await;
    let everybody = ask(&store, Command::ListUsers).await.unwrap().users().unwrap();
    assert!(everybody.len() > told, "{} people, {told} told", everybody.len());
    assert!(everybody.iter().all(|user| user.ids.len() == last.ids.len()));
    assert_eq!(last.native(&KANBOARD), Some(everybody.len().to_string().as_str()));
}
