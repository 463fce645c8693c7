//! Users who are removed directly in the system, and their successors.

use futures_util::FutureExt;
use isogloss_canonical::command::Command;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_store::{Absence, State};

use crate::bench::{Bench, Case, UserData, is_absence};

pub(crate) const CASES: &[Case] = &[
    ("whoever-is-gone-is-suspended-by-any-read", |bench| by_any_read(bench).boxed_local()),
    ("a-successor-inherits-nothing", |bench| successor(bench).boxed_local()),
    ("a-successor-inherits-nothing-after-any-read", |bench| after_any_read(bench).boxed_local()),
    ("a-namesake-inherits-nothing-after-an-absence", |bench| namesake(bench).boxed_local()),
    ("a-restored-backup-restores-on-proof", |bench| backup(bench).boxed_local()),
    ("a-tombstone-is-for-good", |bench| for_good(bench).boxed_local()),
    ("a-removed-person-s-own-key-of-the-system-is-no-key", |bench| own_key(bench).boxed_local()),
];

/// The reads that can show an absence first.
const READS: [&str; 6] = ["id", "name", "native", "list", "key", "member"];

async fn read(bench: &Bench, how: &str, data: &UserData) {
    let user = &data.user;
    match how {
        "id" => assert!(is_absence(&bench.get(UserRef::Id(user.id)).await)),
        "name" => assert!(is_absence(&bench.get(UserRef::Name(user.username.clone())).await)),
        "native" => assert!(is_absence(&bench.get(bench.own(user)).await)),
        "list" => {
            let all = bench.list().await;
            assert!(all.iter().all(|one| one.id != user.id));
        }
        "key" => assert_eq!(bench.key_opens(data).await, None),
        "member" => {
            let groups = Command::ListGroups(Some(crate::bench::KEYS));
            for group in bench.done(groups).await.groups().unwrap() {
                let members = Command::ListMembers(GroupRef::Id(group.id));
                let members = bench.done(members).await.users().unwrap();
                assert!(members.iter().all(|one| one.id != user.id));
            }
        }
        other => panic!("{other}"),
    }
}

async fn by_any_read(bench: &Bench) {
    for how in READS {
        let name = format!("ada-{how}");
        bench.system.add(&name, Role::User);
        let ada = bench.with_data(&name).await;
        bench.opens_all(&ada, how).await;
        bench.system.remove(&name);
        read(bench, how, &ada).await;
        assert_eq!(bench.state(ada.user.id).await, State::Suspended(Absence::Confirmed), "{how}");
        bench.opens_nothing(&ada, how).await;
        // Removed one at a time, because three of a few people count as many at once.
        bench.sidecar.records().forget(ada.user.id).await.unwrap();
    }
}

/// A case that happened: ada is removed, then bob is created as an administrator and gets her id.
async fn successor(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.remove("ada");
    bench.system.add("bob", Role::Administrator);
    assert_eq!(bench.key_opens(&ada).await, None, "her key opens for him");
    let bob = bench.named("bob").await;
    assert_eq!(bob.role, Role::Administrator);
    bench.inherits_nothing(&bob, &ada);
    bench.opens_nothing(&ada, "after bob").await;
    if bench.kind.numbered && bench.kind.reuses {
        let own = IdNamespace::new(bench.kind.namespace);
        assert_eq!(bob.native(&own), ada.user.native(&own), "he has her id in the system");
        assert_eq!(bench.state(ada.user.id).await, State::Tombstone);
    }
    let twice = bench.named("bob").await;
    assert_eq!((twice.id, twice.ids), (bob.id, bob.ids), "his ids do not change");
}

async fn after_any_read(bench: &Bench) {
    for how in READS {
        let (old, new) = (format!("old-{how}"), format!("new-{how}"));
        bench.system.add(&old, Role::User);
        let ada = bench.with_data(&old).await;
        bench.system.remove(&old);
        read(bench, how, &ada).await;
        bench.system.add(&new, Role::Administrator);
        let bob = bench.named(&new).await;
        bench.inherits_nothing(&bob, &ada);
        bench.opens_nothing(&ada, how).await;
        bench.system.remove(&new);
        bench.sidecar.records().forget(ada.user.id).await.unwrap();
        bench.sidecar.records().forget(bob.id).await.unwrap();
    }
}

/// A user is deleted, the gateway reads the absence, and a user with the same name is created. If
/// the system reuses ids, it has the same id too.
async fn namesake(bench: &Bench) {
    for how in READS {
        let name = format!("ada-{how}");
        bench.system.add(&name, Role::User);
        let ada = bench.with_data(&name).await;
        bench.system.remove(&name);
        read(bench, how, &ada).await;
        bench.system.add(&name, Role::User);
        let newcomer = bench.named(&name).await;
        bench.inherits_nothing(&newcomer, &ada);
        bench.opens_nothing(&ada, how).await;
        assert_eq!(bench.state(ada.user.id).await, State::Tombstone, "{how}");
        let listed = bench.list().await;
        let listed: Vec<_> = listed.iter().filter(|one| one.username == name).collect();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].id, newcomer.id);
    }
}

async fn backup(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    let row = bench.system.remove("ada");
    bench.list().await;
    bench.opens_nothing(&ada, "while she is gone").await;
    bench.system.put_back(row);
    if bench.proves() {
        bench.opens_all(&ada, "after the backup").await;
        assert_eq!(bench.state(ada.user.id).await, State::Active);
    } else {
        let newcomer = bench.named("ada").await;
        bench.inherits_nothing(&newcomer, &ada);
        bench.opens_nothing(&ada, "nothing proves that it is she").await;
    }
}

/// A tombstone is not restored, even if the same row returns.
async fn for_good(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    let row = bench.system.remove("ada");
    bench.list().await;
    bench.system.add("ada", Role::User);
    let second = bench.named("ada").await;
    bench.system.remove("ada");
    bench.list().await;
    bench.system.put_back(row);
    let third = bench.named("ada").await;
    assert_ne!(third.id, ada.user.id);
    assert_ne!(third.id, second.id);
    bench.opens_nothing(&ada, "as a tombstone").await;
    bench.list().await;
    bench.opens_nothing(&ada, "after a list").await;
}

async fn own_key(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let own = IdNamespace::new(bench.kind.namespace);
    let find = || Command::FindKey(own.clone(), "ada".into());
    let isogloss_canonical::outcome::Outcome::KeyFound(_, Some(owner)) = bench.done(find()).await
    else {
        panic!("no owner")
    };
    let ada = bench.named("ada").await;
    assert_eq!(owner.id, ada.id);
    bench.system.remove("ada");
    assert!(bench.ask(find()).await.is_err());
    bench.list().await;
    bench.system.add("ada", Role::User);
    let isogloss_canonical::outcome::Outcome::KeyFound(_, Some(owner)) = bench.done(find()).await
    else {
        panic!("no owner")
    };
    assert_ne!(owner.id, ada.id, "the owner of a key is reconciled like every user");
    assert!(!bench.system.asked().contains(&Verb::DeleteUser));
}
