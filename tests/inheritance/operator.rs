//! Decisions of an operator about a record: confirm, bind.

use futures_util::FutureExt;
use isogloss_canonical::role::Role;
use isogloss_store::{Absence, State};

use crate::log;
use crate::test_sidecar::{Case, TestSidecar};

pub(crate) const CASES: &[Case] = &[
    ("an-operator-binds-a-tombstone-without-its-keys", |tested| bound(tested).boxed_local()),
    ("an-operator-binds-a-suspended-record-with-its-keys", |tested| {
        bound_suspended(tested).boxed_local()
    }),
    ("an-operator-binds-to-another-name-only-as-renamed", |tested| {
        bound_to_another_name(tested).boxed_local()
    }),
    ("an-operator-confirms-whom-the-system-shows", |tested| confirmed(tested).boxed_local()),
    ("the-log-says-why-a-record-is-a-tombstone", |tested| reasons(tested).boxed_local()),
];

async fn bound(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.remove("ada");
    tested.list().await;
    tested.system.add("ada", Role::User);
    let newcomer = tested.with_data("ada").await;
    tested.opens_nothing(&ada, "a tombstone").await;
    let seen = tested.system.shown_as("ada");
    let before = tested.record(ada.user.id).await.user;
    let bound = tested.sidecar.records().bind(ada.user.id, &seen.into(), false).await.unwrap();
    assert!(bound.was_tombstone);
    let replaced: Vec<_> = bound.replaced.iter().map(|one| (one.user.id, one.state)).collect();
    assert_eq!(replaced, [(newcomer.user.id, State::Tombstone)]);
    tested.has_all(&ada, "bound by an operator").await;
    assert_eq!(tested.key_opens(&ada).await, None, "a tombstone's key never opens again");
    let after = bound.record.user;
    assert!(after.sessions_since > before.sessions_since, "the sessions");
    assert!(after.password_changed > before.password_changed, "the remembered passwords");
    tested.opens_nothing(&newcomer, "whose place it was meanwhile").await;
}

async fn bound_suspended(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.remove("ada");
    tested.list().await;
    tested.system.add("ada", Role::User);
    let seen = tested.system.shown_as("ada");
    let bound = tested.sidecar.records().bind(ada.user.id, &seen.into(), false).await.unwrap();
    assert!(!bound.was_tombstone && bound.replaced.is_empty(), "{bound:?}");
    tested.opens_all(&ada, "suspended, and bound by an operator").await;
}

async fn bound_to_another_name(tested: &TestSidecar) {
    for name in ["ada", "bob"] {
        tested.system.add(name, Role::User);
    }
    let (ada, bob) = (tested.with_data("ada").await, tested.with_data("bob").await);
    let bind = async |renamed| {
        let seen = tested.system.shown_as("root").into();
        tested.sidecar.records().bind(ada.user.id, &seen, renamed).await
    };
    let refused = bind(false).await.unwrap_err().to_string();
    for word in ["\"root\"", "administrator", "\"ada\""] {
        assert!(refused.contains(word), "{refused}");
    }
    tested.opens_all(&ada, "nothing was changed").await;
    let bound = bind(true).await.unwrap();
    assert_eq!(bound.replaced.len(), 1, "the record of root: {bound:?}");
    assert_eq!(tested.named("root").await.id, ada.user.id);
    tested.opens_all(&bob, "who is nobody of these").await;
}

async fn confirmed(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    let row = tested.system.remove("ada");
    tested.list().await;
    let confirm = async |name: &str| {
        let seen = tested.system.shown_as(name).into();
        tested.sidecar.records().confirm(ada.user.id, &seen).await
    };
    confirm("root").await.unwrap_err();
    tested.system.put_back(row);
    if tested.kind.numbered {
        tested.system.edit("ada", |row| "anna".clone_into(&mut row.name));
        let refused = confirm("anna").await.unwrap_err().to_string();
        assert!(refused.contains("\"anna\"") && refused.contains("\"ada\""), "{refused}");
        tested.system.edit("anna", |row| "ada".clone_into(&mut row.name));
    }
    assert_eq!(tested.state(ada.user.id).await, State::Suspended(Absence::Confirmed));
    confirm("ada").await.unwrap();
    assert_eq!(tested.state(ada.user.id).await, State::Active);
    if tested.proves() {
        // The evidence is that of the confirmed row: there was no read in between.
        let row = tested.system.remove("ada");
        tested.list().await;
        tested.system.put_back(row);
    }
    tested.opens_all(&ada, "confirmed by an operator").await;
}

/// A user who took the place, an operator's `identity tombstone`, an operator's `identity bind`.
async fn reasons(tested: &TestSidecar) {
    for name in ["ada", "bob"] {
        tested.system.add(name, Role::User);
    }
    let (ada, bob) = (tested.with_data("ada").await, tested.with_data("bob").await);
    let root = tested.named("root").await;
    tested.sidecar.records().retire(bob.user.id).await.unwrap();
    let seen = tested.system.shown_as("root").into();
    tested.sidecar.records().bind(ada.user.id, &seen, true).await.unwrap();
    tested.system.remove("root");
    tested.list().await;
    tested.system.add("root", Role::Administrator);
    tested.list().await;
    let reasons = [
        (bob.user.id, "an operator made it one"),
        (root.id, "an operator bound another record to its user"),
        (ada.user.id, "another user of the system has its id or its name"),
    ];
    for (id, why) in reasons {
        let lines = log::lines(&id.to_string());
        let mut lines = lines.iter().filter(|line| line.contains("is now a tombstone"));
        assert!(lines.next().is_some_and(|line| line.contains(why)), "{why}: {lines:?}");
        assert_eq!(lines.next(), None, "{why}");
    }
}
