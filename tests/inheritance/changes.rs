//! Users who are renamed, swapped, renamed in a chain, demoted, disabled or given a new password
//! directly in the system.

use futures_util::FutureExt;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserRef;
use isogloss_store::State;

use crate::bench::{Bench, Case, is_absence};

pub(crate) const CASES: &[Case] = &[
    ("a-renaming-is-accepted-on-proof-only", |bench| renamed(bench).boxed_local()),
    ("two-who-swap-names", |bench| swapped(bench).boxed_local()),
    ("a-chain-of-renamings", |bench| chained(bench).boxed_local()),
    ("one-is-removed-and-two-move-up", |bench| moved_up(bench).boxed_local()),
    ("a-chain-is-reconciled-by-a-single-read", |bench| by_one_read(bench).boxed_local()),
    ("a-changed-password-ends-sessions-only", |bench| password(bench).boxed_local()),
    ("demoted-and-disabled-at-once", |bench| demoted(bench).boxed_local()),
    ("an-unclear-renaming-affects-nobody-else", |bench| name_shown_twice(bench).boxed_local()),
];

async fn renamed(bench: &Bench) {
    if !bench.kind.numbered {
        return;
    }
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.rename_all(&[("ada", "lovelace")]);
    let now = bench.named("lovelace").await;
    if bench.proves() {
        assert_eq!(now.id, ada.user.id);
        bench.opens_all(&ada, "renamed").await;
        assert!(is_absence(&bench.get(UserRef::Name("ada".to_owned())).await));
    } else {
        bench.inherits_nothing(&now, &ada);
        bench.opens_nothing(&ada, "nothing proves the renaming").await;
        assert_eq!(bench.state(ada.user.id).await, State::Tombstone);
    }
}

/// After the renames all users are listed, and each has one record. It is the user's own if the
/// identity can be proved.
async fn after(bench: &Bench, names: &[(&str, &str)], gone: Option<&str>) {
    for name in ["a", "b", "c", "d"] {
        bench.system.add(name, Role::User);
    }
    let mut before = Vec::new();
    for name in ["a", "b", "c", "d"] {
        before.push(bench.with_data(name).await);
    }
    if let Some(gone) = gone {
        bench.system.remove(gone);
    }
    bench.system.rename_all(names);
    for _ in 0..2 {
        let listed = bench.list().await;
        let mut shown: Vec<_> = listed.iter().map(|one| one.username.clone()).collect();
        let mut there = bench.system.names();
        shown.sort();
        there.sort();
        assert_eq!(shown, there);
    }
    for data in &before {
        let old = data.user.username.as_str();
        if gone == Some(old) {
            bench.opens_nothing(data, "gone").await;
            continue;
        }
        let new = names.iter().find(|(from, _)| *from == old).map_or(old, |(_, to)| *to);
        let now = bench.named(new).await;
        if bench.proves() || new == old {
            assert_eq!(now.id, data.user.id, "{old} is {new}");
            bench.opens_all(data, old).await;
        } else {
            bench.inherits_nothing(&now, data);
            bench.opens_nothing(data, old).await;
        }
    }
    // The creation of another user still succeeds.
    assert_eq!(bench.create("somebody-else").await.username, "somebody-else");
}

async fn swapped(bench: &Bench) {
    if bench.kind.numbered {
        after(bench, &[("a", "b"), ("b", "a")], None).await;
    }
}

async fn chained(bench: &Bench) {
    if bench.kind.numbered {
        after(bench, &[("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")], None).await;
    }
}

async fn moved_up(bench: &Bench) {
    if bench.kind.numbered {
        after(bench, &[("b", "c"), ("a", "b")], Some("c")).await;
    }
}

async fn by_one_read(bench: &Bench) {
    if !bench.kind.numbered {
        return;
    }
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        bench.system.add(name, Role::User);
    }
    let a = bench.with_data("a").await;
    let e = bench.with_data("e").await;
    bench.system.remove("e");
    bench.system.rename_all(&[("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")]);
    bench.system.asked();
    let now = bench.named("b").await;
    assert_eq!(now.id == a.user.id, bench.proves());
    assert_eq!(bench.system.asked().len(), 5, "one read a link");
    bench.opens_nothing(&e, "somebody else has the name").await;
    assert_eq!(bench.state(e.user.id).await, State::Tombstone);
    assert_eq!(bench.list().await.len(), 5);
}

async fn password(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    let again = bench.named("ada").await;
    assert_eq!(again.password_changed, ada.user.password_changed, "nothing was changed");
    bench.system.edit("ada", |row| "$another-hash".clone_into(&mut row.secret));
    let now = bench.named("ada").await;
    assert_eq!(now.id, ada.user.id);
    bench.opens_all(&ada, "with another password").await;
    let shows = bench.kind.proof == crate::system::Proof::Secret;
    assert_eq!(now.password_changed > ada.user.password_changed, shows);
    let later = bench.named("ada").await;
    assert_eq!(later.password_changed, now.password_changed, "once");
}

async fn demoted(bench: &Bench) {
    bench.system.add("ada", Role::Administrator);
    let ada = bench.with_data("ada").await;
    assert_eq!(ada.user.role, Role::Administrator);
    bench.system.edit("ada", |row| row.role = Role::User);
    assert_eq!(bench.get(UserRef::Id(ada.user.id)).await.unwrap().role, Role::User);
    bench.system.edit("ada", |row| row.active = false);
    assert!(!bench.get(UserRef::Id(ada.user.id)).await.unwrap().active);
    bench.system.edit("ada", |row| row.active = true);
    let back = bench.named("ada").await;
    assert!(back.active && back.sessions_since > ada.user.sessions_since, "sessions are over");
    bench.opens_all(&ada, "active again").await;
}

/// A system that shows one name twice. One of the two users has no record, and the list continues.
async fn name_shown_twice(bench: &Bench) {
    bench.system.add("ada", Role::User);
    bench.system.add("bob", Role::User);
    bench.system.add("carol", Role::User);
    let known = bench.list().await.len();
    bench.system.rename_all(&[("carol", "bob")]);
    let listed = bench.list().await;
    assert_eq!(listed.len(), known - 1);
    assert!(listed.iter().any(|one| one.username == "ada"));
    assert_eq!(bench.create("dora").await.username, "dora");
}
