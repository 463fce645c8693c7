//! Decisions of an operator about a record: confirm, bind.

use futures_util::FutureExt;
use isogloss_canonical::role::Role;
use isogloss_store::{Absence, State};

use crate::bench::{Bench, Case};
use crate::log;

pub(crate) const CASES: &[Case] = &[
    ("an-operator-binds-a-tombstone-without-its-keys", |bench| bound(bench).boxed_local()),
    ("an-operator-binds-a-suspended-record-with-its-keys", |bench| {
        bound_suspended(bench).boxed_local()
    }),
    ("an-operator-binds-to-another-name-only-as-renamed", |bench| {
        bound_to_another_name(bench).boxed_local()
    }),
    ("an-operator-confirms-whom-the-system-shows", |bench| confirmed(bench).boxed_local()),
    ("the-log-says-why-a-record-is-a-tombstone", |bench| reasons(bench).boxed_local()),
];

async fn bound(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.remove("ada");
    bench.list().await;
    bench.system.add("ada", Role::User);
    let newcomer = bench.with_data("ada").await;
    bench.opens_nothing(&ada, "a tombstone").await;
    let seen = bench.system.shown_as("ada");
    let before = bench.record(ada.user.id).await.user;
    let bound = bench.sidecar.records().bind(ada.user.id, &seen.into(), false).await.unwrap();
    assert!(bound.was_tombstone);
    let replaced: Vec<_> = bound.replaced.iter().map(|one| (one.user.id, one.state)).collect();
    assert_eq!(replaced, [(newcomer.user.id, State::Tombstone)]);
    bench.has_all(&ada, "bound by an operator").await;
    assert_eq!(bench.key_opens(&ada).await, None, "a tombstone's key never opens again");
    let after = bound.record.user;
    assert!(after.sessions_since > before.sessions_since, "the sessions");
    assert!(after.password_changed > before.password_changed, "the remembered passwords");
    bench.opens_nothing(&newcomer, "whose place it was meanwhile").await;
}

async fn bound_suspended(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.remove("ada");
    bench.list().await;
    bench.system.add("ada", Role::User);
    let seen = bench.system.shown_as("ada");
    let bound = bench.sidecar.records().bind(ada.user.id, &seen.into(), false).await.unwrap();
    assert!(!bound.was_tombstone && bound.replaced.is_empty(), "{bound:?}");
    bench.opens_all(&ada, "suspended, and bound by an operator").await;
}

async fn bound_to_another_name(bench: &Bench) {
    for name in ["ada", "bob"] {
        bench.system.add(name, Role::User);
    }
    let (ada, bob) = (bench.with_data("ada").await, bench.with_data("bob").await);
    let bind = async |renamed| {
        let seen = bench.system.shown_as("root").into();
        bench.sidecar.records().bind(ada.user.id, &seen, renamed).await
    };
    let refused = bind(false).await.unwrap_err().to_string();
    for word in ["\"root\"", "administrator", "\"ada\""] {
        assert!(refused.contains(word), "{refused}");
    }
    bench.opens_all(&ada, "nothing was changed").await;
    let bound = bind(true).await.unwrap();
    assert_eq!(bound.replaced.len(), 1, "the record of root: {bound:?}");
    assert_eq!(bench.named("root").await.id, ada.user.id);
    bench.opens_all(&bob, "who is nobody of these").await;
}

async fn confirmed(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    let row = bench.system.remove("ada");
    bench.list().await;
    let confirm = async |name: &str| {
        let seen = bench.system.shown_as(name).into();
        bench.sidecar.records().confirm(ada.user.id, &seen).await
    };
    confirm("root").await.unwrap_err();
    bench.system.put_back(row);
    if bench.kind.numbered {
        bench.system.edit("ada", |row| "anna".clone_into(&mut row.name));
        let refused = confirm("anna").await.unwrap_err().to_string();
        assert!(refused.contains("\"anna\"") && refused.contains("\"ada\""), "{refused}");
        bench.system.edit("anna", |row| "ada".clone_into(&mut row.name));
    }
    assert_eq!(bench.state(ada.user.id).await, State::Suspended(Absence::Confirmed));
    confirm("ada").await.unwrap();
    assert_eq!(bench.state(ada.user.id).await, State::Active);
    if bench.proves() {
        // The evidence is that of the confirmed row: there was no read in between.
        let row = bench.system.remove("ada");
        bench.list().await;
        bench.system.put_back(row);
    }
    bench.opens_all(&ada, "confirmed by an operator").await;
}

/// A user who took the place, an operator's `identity tombstone`, an operator's `identity bind`.
async fn reasons(bench: &Bench) {
    for name in ["ada", "bob"] {
        bench.system.add(name, Role::User);
    }
    let (ada, bob) = (bench.with_data("ada").await, bench.with_data("bob").await);
    let root = bench.named("root").await;
    bench.sidecar.records().retire(bob.user.id).await.unwrap();
    let seen = bench.system.shown_as("root").into();
    bench.sidecar.records().bind(ada.user.id, &seen, true).await.unwrap();
    bench.system.remove("root");
    bench.list().await;
    bench.system.add("root", Role::Administrator);
    bench.list().await;
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
