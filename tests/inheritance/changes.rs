//! Users who are renamed, swapped, renamed in a chain, demoted, disabled or given a new password
//! directly in the system.

use futures_util::FutureExt;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserRef;
use isogloss_store::State;

use crate::test_sidecar::{Case, TestSidecar, is_absence};

pub(crate) const CASES: &[Case] = &[
    ("a-renaming-is-accepted-on-proof-only", |tested| renamed(tested).boxed_local()),
    ("two-who-swap-names", |tested| swapped(tested).boxed_local()),
    ("a-chain-of-renamings", |tested| chained(tested).boxed_local()),
    ("one-is-removed-and-two-move-up", |tested| moved_up(tested).boxed_local()),
    ("a-chain-is-reconciled-by-a-single-read", |tested| by_one_read(tested).boxed_local()),
    ("a-changed-password-ends-sessions-only", |tested| password(tested).boxed_local()),
    ("demoted-and-disabled-at-once", |tested| demoted(tested).boxed_local()),
    ("an-unclear-renaming-affects-nobody-else", |tested| name_shown_twice(tested).boxed_local()),
    ("a-name-that-is-too-long-affects-nobody-else", |tested| too_long(tested).boxed_local()),
];

async fn renamed(tested: &TestSidecar) {
    if !tested.kind.numbered {
        return;
    }
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.rename_all(&[("ada", "lovelace")]);
    let now = tested.named("lovelace").await;
    if tested.proves() {
        assert_eq!(now.id, ada.user.id);
        tested.opens_all(&ada, "renamed").await;
        assert!(is_absence(&tested.get(UserRef::Name("ada".to_owned())).await));
    } else {
        TestSidecar::inherits_nothing(&now, &ada);
        tested.opens_nothing(&ada, "nothing proves the renaming").await;
        assert_eq!(tested.state(ada.user.id).await, State::Tombstone);
    }
}

/// After the renames all users are listed, and each has one record. It is the user's own if the
/// identity can be proved.
async fn after(tested: &TestSidecar, names: &[(&str, &str)], gone: Option<&str>) {
    for name in ["a", "b", "c", "d"] {
        tested.system.add(name, Role::User);
    }
    let mut before = Vec::new();
    for name in ["a", "b", "c", "d"] {
        before.push(tested.with_data(name).await);
    }
    if let Some(gone) = gone {
        tested.system.remove(gone);
    }
    tested.system.rename_all(names);
    for _ in 0..2 {
        let listed = tested.list().await;
        let mut shown: Vec<_> = listed.iter().map(|one| one.username.clone()).collect();
        let mut there = tested.system.names();
        shown.sort();
        there.sort();
        assert_eq!(shown, there);
    }
    for data in &before {
        let old = data.user.username.as_str();
        if gone == Some(old) {
            tested.opens_nothing(data, "gone").await;
            continue;
        }
        let new = names.iter().find(|(from, _)| *from == old).map_or(old, |(_, to)| *to);
        let now = tested.named(new).await;
        if tested.proves() || new == old {
            assert_eq!(now.id, data.user.id, "{old} is {new}");
            tested.opens_all(data, old).await;
        } else {
            TestSidecar::inherits_nothing(&now, data);
            tested.opens_nothing(data, old).await;
        }
    }
    // The creation of another user still succeeds.
    assert_eq!(tested.create("somebody-else").await.username, "somebody-else");
}

async fn swapped(tested: &TestSidecar) {
    if tested.kind.numbered {
        after(tested, &[("a", "b"), ("b", "a")], None).await;
    }
}

async fn chained(tested: &TestSidecar) {
    if tested.kind.numbered {
        after(tested, &[("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")], None).await;
    }
}

async fn moved_up(tested: &TestSidecar) {
    if tested.kind.numbered {
        after(tested, &[("b", "c"), ("a", "b")], Some("c")).await;
    }
}

async fn by_one_read(tested: &TestSidecar) {
    if !tested.kind.numbered {
        return;
    }
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        tested.system.add(name, Role::User);
    }
    let a = tested.with_data("a").await;
    let e = tested.with_data("e").await;
    tested.system.remove("e");
    tested.system.rename_all(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")]);
    tested.system.asked();
    let now = tested.named("b").await;
    assert_eq!(now.id == a.user.id, tested.proves());
    assert_eq!(tested.system.asked().len(), 5, "one read a link");
    tested.opens_nothing(&e, "somebody else has the name").await;
    assert_eq!(tested.state(e.user.id).await, State::Tombstone);
    assert_eq!(tested.list().await.len(), 5);
}

async fn password(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    let again = tested.named("ada").await;
    assert_eq!(again.password_changed, ada.user.password_changed, "nothing was changed");
    tested.system.edit("ada", |row| "$another-hash".clone_into(&mut row.secret));
    let now = tested.named("ada").await;
    assert_eq!(now.id, ada.user.id);
    tested.opens_all(&ada, "with another password").await;
    let shows = tested.kind.proof == crate::system::Proof::Secret;
    assert_eq!(now.password_changed > ada.user.password_changed, shows);
    let later = tested.named("ada").await;
    assert_eq!(later.password_changed, now.password_changed, "once");
}

async fn demoted(tested: &TestSidecar) {
    tested.system.add("ada", Role::Administrator);
    let ada = tested.with_data("ada").await;
    assert_eq!(ada.user.role, Role::Administrator);
    tested.system.edit("ada", |row| row.role = Role::User);
    assert_eq!(tested.get(UserRef::Id(ada.user.id)).await.unwrap().role, Role::User);
    tested.system.edit("ada", |row| row.active = false);
    assert!(!tested.get(UserRef::Id(ada.user.id)).await.unwrap().active);
    tested.system.edit("ada", |row| row.active = true);
    let back = tested.named("ada").await;
    assert!(back.active && back.sessions_since > ada.user.sessions_since, "sessions are over");
    tested.opens_all(&ada, "active again").await;
}

/// A system that shows one name twice. One of the two users has no record, and the list continues.
async fn name_shown_twice(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    tested.system.add("bob", Role::User);
    tested.system.add("carol", Role::User);
    let known = tested.list().await.len();
    tested.system.rename_all(&[("carol", "bob")]);
    let listed = tested.list().await;
    assert_eq!(listed.len(), known - 1);
    assert!(listed.iter().any(|one| one.username == "ada"));
    assert_eq!(tested.create("dora").await.username, "dora");
}

/// A system that shows a name that no index can hold, of somebody new and of somebody known. They are
/// not shown, and the list continues.
async fn too_long(tested: &TestSidecar) {
    let long = "n".repeat(1025);
    tested.system.add("ada", Role::User);
    tested.system.add("bob", Role::User);
    let known = tested.list().await.len();
    tested.system.add(&long, Role::User);
    tested.system.rename_all(&[("bob", &format!("{long}b"))]);
    let listed = tested.list().await;
    assert_eq!(listed.len(), known - 1);
    assert!(listed.iter().any(|one| one.username == "ada"));
    let alone = tested.get(UserRef::Name(long)).await;
    assert!(alone.is_err() && !is_absence(&alone), "it is not reported as absent");
    assert_eq!(tested.create("dora").await.username, "dora");
}
