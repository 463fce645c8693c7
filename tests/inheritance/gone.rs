//! Users who are removed directly in the system, and their successors.

use futures_util::FutureExt;
use isogloss_canonical::command::Command;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_store::{Absence, State};

use crate::system::OWN;
use crate::test_sidecar::{Case, TestSidecar, UserData, is_absence};

pub(crate) const CASES: &[Case] = &[
    ("whoever-is-gone-is-suspended-by-any-read", |tested| by_any_read(tested).boxed_local()),
    ("a-successor-inherits-nothing", |tested| successor(tested).boxed_local()),
    ("a-successor-inherits-nothing-after-any-read", |tested| after_any_read(tested).boxed_local()),
    ("a-namesake-inherits-nothing-after-an-absence", |tested| namesake(tested).boxed_local()),
    ("a-restored-backup-restores-on-proof", |tested| backup(tested).boxed_local()),
    ("a-tombstone-is-for-good", |tested| for_good(tested).boxed_local()),
    ("a-removed-person-s-own-key-of-the-system-is-no-key", |tested| own_key(tested).boxed_local()),
];

/// The reads that can show an absence first.
const READS: [&str; 6] = ["id", "name", "native", "list", "key", "member"];

async fn read(tested: &TestSidecar, how: &str, data: &UserData) {
    let user = &data.user;
    match how {
        "id" => assert!(is_absence(&tested.get(UserRef::Id(user.id)).await)),
        "name" => assert!(is_absence(&tested.get(UserRef::Name(user.username.clone())).await)),
        "native" => assert!(is_absence(&tested.get(tested.own(user)).await)),
        "list" => {
            let all = tested.list().await;
            assert!(all.iter().all(|one| one.id != user.id));
        }
        "key" => assert_eq!(tested.key_opens(data).await, None),
        "member" => {
            let groups = Command::ListGroups(Some(crate::test_sidecar::KEYS));
            for group in tested.done(groups).await.groups().unwrap() {
                let members = Command::ListMembers(GroupRef::Id(group.id));
                let members = tested.done(members).await.users().unwrap();
                assert!(members.iter().all(|one| one.id != user.id));
            }
        }
        other => panic!("{other}"),
    }
}

async fn by_any_read(tested: &TestSidecar) {
    for how in READS {
        let name = format!("ada-{how}");
        tested.system.add(&name, Role::User);
        let ada = tested.with_data(&name).await;
        tested.opens_all(&ada, how).await;
        tested.system.remove(&name);
        read(tested, how, &ada).await;
        assert_eq!(tested.state(ada.user.id).await, State::Suspended(Absence::Confirmed), "{how}");
        tested.opens_nothing(&ada, how).await;
        // Removed one at a time, because three of a few people count as many at once.
        tested.sidecar.records().forget(ada.user.id).await.unwrap();
    }
}

/// A case that happened: ada is removed, then bob is created as an administrator and gets her id.
async fn successor(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.remove("ada");
    tested.system.add("bob", Role::Administrator);
    assert_eq!(tested.key_opens(&ada).await, None, "her key opens for him");
    let bob = tested.named("bob").await;
    assert_eq!(bob.role, Role::Administrator);
    TestSidecar::inherits_nothing(&bob, &ada);
    tested.opens_nothing(&ada, "after bob").await;
    if tested.kind.numbered && tested.kind.reuses {
        let own = OWN;
        assert_eq!(bob.native(&own), ada.user.native(&own), "he has her id in the system");
        assert_eq!(tested.state(ada.user.id).await, State::Tombstone);
    }
    let twice = tested.named("bob").await;
    assert_eq!((twice.id, twice.ids), (bob.id, bob.ids), "his ids do not change");
}

async fn after_any_read(tested: &TestSidecar) {
    for how in READS {
        let (old, new) = (format!("old-{how}"), format!("new-{how}"));
        tested.system.add(&old, Role::User);
        let ada = tested.with_data(&old).await;
        tested.system.remove(&old);
        read(tested, how, &ada).await;
        tested.system.add(&new, Role::Administrator);
        let bob = tested.named(&new).await;
        TestSidecar::inherits_nothing(&bob, &ada);
        tested.opens_nothing(&ada, how).await;
        tested.system.remove(&new);
        tested.sidecar.records().forget(ada.user.id).await.unwrap();
        tested.sidecar.records().forget(bob.id).await.unwrap();
    }
}

/// A user is deleted, the gateway reads the absence, and a user with the same name is created. If
/// the system reuses ids, it has the same id too.
async fn namesake(tested: &TestSidecar) {
    for how in READS {
        let name = format!("ada-{how}");
        tested.system.add(&name, Role::User);
        let ada = tested.with_data(&name).await;
        tested.system.remove(&name);
        read(tested, how, &ada).await;
        tested.system.add(&name, Role::User);
        let newcomer = tested.named(&name).await;
        TestSidecar::inherits_nothing(&newcomer, &ada);
        tested.opens_nothing(&ada, how).await;
        assert_eq!(tested.state(ada.user.id).await, State::Tombstone, "{how}");
        let listed = tested.list().await;
        let listed: Vec<_> = listed.iter().filter(|one| one.username == name).collect();
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].id, newcomer.id);
    }
}

async fn backup(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    let row = tested.system.remove("ada");
    tested.list().await;
    tested.opens_nothing(&ada, "while she is gone").await;
    tested.system.put_back(row);
    if tested.proves() {
        tested.opens_all(&ada, "after the backup").await;
        assert_eq!(tested.state(ada.user.id).await, State::Active);
    } else {
        let newcomer = tested.named("ada").await;
        TestSidecar::inherits_nothing(&newcomer, &ada);
        tested.opens_nothing(&ada, "nothing proves that it is she").await;
    }
}

/// A tombstone is not restored, even if the same row returns.
async fn for_good(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    let row = tested.system.remove("ada");
    tested.list().await;
    tested.system.add("ada", Role::User);
    let second = tested.named("ada").await;
    tested.system.remove("ada");
    tested.list().await;
    tested.system.put_back(row);
    let third = tested.named("ada").await;
    assert_ne!(third.id, ada.user.id);
    assert_ne!(third.id, second.id);
    tested.opens_nothing(&ada, "as a tombstone").await;
    tested.list().await;
    tested.opens_nothing(&ada, "after a list").await;
}

async fn own_key(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let own = OWN;
    let find = || Command::FindKey(own.clone(), "ada".into());
    let isogloss_canonical::outcome::Outcome::KeyFound(_, Some(owner)) = tested.done(find()).await
    else {
        panic!("no owner")
    };
    let ada = tested.named("ada").await;
    assert_eq!(owner.id, ada.id);
    tested.system.remove("ada");
    assert!(tested.ask(find()).await.is_err());
    tested.list().await;
    tested.system.add("ada", Role::User);
    let isogloss_canonical::outcome::Outcome::KeyFound(_, Some(owner)) = tested.done(find()).await
    else {
        panic!("no owner")
    };
    assert_ne!(owner.id, ada.id, "the owner of a key is reconciled like every user");
    assert!(!tested.system.asked().contains(&Verb::DeleteUser));
}
