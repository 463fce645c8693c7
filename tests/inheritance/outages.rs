//! Answers that look like an absence and are not: outages, truncated lists, a proxy's 404, many
//! people who vanish at once.

use futures_util::FutureExt;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_store::{Absence, State};

use crate::test_sidecar::{Case, TestSidecar, is_absence, is_trouble};

pub(crate) const CASES: &[Case] = &[
    ("a-404-alone-is-no-absence", |tested| a_404(tested).boxed_local()),
    ("a-truncated-list-is-no-absence", |tested| truncated(tested).boxed_local()),
    ("a-list-in-part-is-no-absence", |tested| in_part(tested).boxed_local()),
    ("an-unconfirmed-absence-is-no-answer", |tested| unconfirmed(tested).boxed_local()),
    ("an-outage-is-trouble", |tested| outage(tested).boxed_local()),
    ("a-mass-waits-for-proof-or-an-operator", |tested| mass(tested).boxed_local()),
    ("a-few-are-no-mass", |tested| few(tested).boxed_local()),
];

/// A proxy answers 404 for one page, and the list still shows the user.
async fn a_404(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.hide(&[(Verb::GetUser, "ada")]);
    for way in [UserRef::Id(ada.user.id), tested.own(&ada.user)] {
        assert_eq!(tested.get(way).await.unwrap().id, ada.user.id);
    }
    assert_eq!(tested.state(ada.user.id).await, State::Active);
    tested.system.hide(&[]);
    tested.opens_all(&ada, "after the 404").await;
}

async fn truncated(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.hide(&[(Verb::ListUsers, "ada")]);
    let listed = tested.list().await;
    assert!(listed.iter().any(|one| one.id == ada.user.id), "she is there, as a read by id says");
    assert_eq!(tested.state(ada.user.id).await, State::Active);
    tested.system.hide(&[]);
    tested.opens_all(&ada, "after the list").await;
}

/// One user of each list cannot be read.
async fn in_part(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.list_in_part();
    tested.system.hide(&[(Verb::ListUsers, "ada")]);
    tested.system.asked();
    assert!(tested.list().await.iter().all(|one| one.id != ada.user.id));
    assert_eq!(tested.system.asked(), [Verb::ListUsers]);
    assert_eq!(tested.state(ada.user.id).await, State::Active);
    tested.system.hide(&[]);
    tested.opens_all(&ada, "after a list in part").await;
    tested.system.remove("ada");
    let read = tested.get(UserRef::Id(ada.user.id)).await;
    let state = tested.state(ada.user.id).await;
    if tested.kind.numbered {
        assert!(is_absence(&read), "id and name agree: {read:?}");
        assert_eq!(state, State::Suspended(Absence::Confirmed));
    } else {
        assert!(is_trouble(&read), "nothing agrees: {read:?}");
        assert_eq!(state, State::Suspended(Absence::Once));
    }
}

/// One read shows an absence and the second one fails. No caller gets an absence, and no access is
/// given. A user who is seen again was never deleted.
async fn unconfirmed(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.hide(&[(Verb::ListUsers, "ada")]);
    tested.system.break_down(&[Verb::GetUser]);
    let listed = tested.list().await;
    assert!(listed.iter().all(|one| one.id != ada.user.id));
    assert_eq!(tested.state(ada.user.id).await, State::Suspended(Absence::Once));
    assert!(is_trouble(&tested.get(UserRef::Id(ada.user.id)).await));
    tested.system.hide(&[]);
    tested.system.break_down(&[]);
    tested.opens_all(&ada, "seen again").await;
    assert_eq!(tested.state(ada.user.id).await, State::Active);
    tested.system.hide(&[(Verb::GetUser, "ada")]);
    tested.system.break_down(&[Verb::ListUsers]);
    assert!(is_trouble(&tested.get(UserRef::Id(ada.user.id)).await));
    assert_eq!(tested.state(ada.user.id).await, State::Suspended(Absence::Once));
    tested.system.hide(&[]);
    tested.system.break_down(&[]);
    tested.opens_all(&ada, "seen again by id").await;
}

async fn outage(tested: &TestSidecar) {
    tested.system.add("ada", Role::User);
    let ada = tested.with_data("ada").await;
    tested.system.break_down(&[Verb::GetUser, Verb::ListUsers]);
    for way in [UserRef::Id(ada.user.id), tested.own(&ada.user), UserRef::Name("ada".to_owned())] {
        assert!(is_trouble(&tested.get(way).await));
    }
    assert_eq!(tested.state(ada.user.id).await, State::Active);
    tested.system.break_down(&[]);
    tested.opens_all(&ada, "after the outage").await;
}

async fn mass(tested: &TestSidecar) {
    let names: Vec<_> = (0..20).map(|number| format!("person-{number}")).collect();
    for name in &names {
        tested.system.add(name, Role::User);
    }
    let mut all_data = Vec::new();
    for name in &names[..3] {
        all_data.push(tested.with_data(name).await);
    }
    tested.system.asked();
    let rows: Vec<_> = names[..12].iter().map(|name| tested.system.remove(name)).collect();
    tested.list().await;
    assert_eq!(tested.system.asked(), [Verb::ListUsers], "nobody is looked for one by one");
    for data in &all_data {
        assert_eq!(tested.state(data.user.id).await, State::Suspended(Absence::Held));
        tested.opens_nothing(data, "held").await;
    }
    for row in rows {
        tested.system.put_back(row);
    }
    let listed = tested.list().await;
    let (first, rest) = all_data.split_first().unwrap();
    if tested.proves() {
        assert_eq!(listed.len(), 21);
        tested.opens_all(first, "proved").await;
        return;
    }
    assert_eq!(listed.len(), 9, "nothing proves who the others are");
    let read = tested.get(UserRef::Name(first.user.username.clone())).await;
    assert!(is_trouble(&read), "it is no absence: {read:?}");
    assert_eq!(tested.key_opens_or_fails(first).await, None);
    let seen = tested.system.shown_as(&first.user.username).into();
    tested.sidecar.records().confirm(first.user.id, &seen).await.unwrap();
    tested.opens_all(first, "confirmed by an operator").await;
    tested.sidecar.records().retire(rest[0].user.id).await.unwrap();
    let newcomer = tested.named(&rest[0].user.username).await;
    TestSidecar::inherits_nothing(&newcomer, &rest[0]);
    tested.opens_nothing(&rest[0], "buried by an operator").await;
}

/// Two of a few users may vanish together.
async fn few(tested: &TestSidecar) {
    for name in ["ada", "bob", "carol"] {
        tested.system.add(name, Role::User);
    }
    let ada = tested.with_data("ada").await;
    tested.list().await;
    tested.system.remove("ada");
    tested.system.remove("bob");
    tested.list().await;
    assert_eq!(tested.state(ada.user.id).await, State::Suspended(Absence::Confirmed));
    assert!(is_absence(&tested.get(UserRef::Name("ada".to_owned())).await));
}
