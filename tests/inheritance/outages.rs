//! Answers that look like an absence and are not: outages, truncated lists, a proxy's 404, many
//! people who vanish at once.

use futures_util::FutureExt;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_store::{Absence, State};

use crate::bench::{Bench, Case, is_absence, is_trouble};

pub(crate) const CASES: &[Case] = &[
    ("a-404-alone-is-no-absence", |bench| a_404(bench).boxed_local()),
    ("a-truncated-list-is-no-absence", |bench| truncated(bench).boxed_local()),
    ("a-list-in-part-is-no-absence", |bench| in_part(bench).boxed_local()),
    ("an-unconfirmed-absence-is-no-answer", |bench| unconfirmed(bench).boxed_local()),
    ("an-outage-is-trouble", |bench| outage(bench).boxed_local()),
    ("a-mass-waits-for-proof-or-an-operator", |bench| mass(bench).boxed_local()),
    ("a-few-are-no-mass", |bench| few(bench).boxed_local()),
];

/// A proxy answers 404 for one page, and the list still shows the user.
async fn a_404(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.hide(&[(Verb::GetUser, "ada")]);
    for way in [UserRef::Id(ada.user.id), bench.own(&ada.user)] {
        assert_eq!(bench.get(way).await.unwrap().id, ada.user.id);
    }
    assert_eq!(bench.state(ada.user.id).await, State::Active);
    bench.system.hide(&[]);
    bench.opens_all(&ada, "after the 404").await;
}

async fn truncated(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.hide(&[(Verb::ListUsers, "ada")]);
    let listed = bench.list().await;
    assert!(listed.iter().any(|one| one.id == ada.user.id), "she is there, as a read by id says");
    assert_eq!(bench.state(ada.user.id).await, State::Active);
    bench.system.hide(&[]);
    bench.opens_all(&ada, "after the list").await;
}

/// One user of each list cannot be read.
async fn in_part(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.list_in_part();
    bench.system.hide(&[(Verb::ListUsers, "ada")]);
    bench.system.asked();
    assert!(bench.list().await.iter().all(|one| one.id != ada.user.id));
    assert_eq!(bench.system.asked(), [Verb::ListUsers]);
    assert_eq!(bench.state(ada.user.id).await, State::Active);
    bench.system.hide(&[]);
    bench.opens_all(&ada, "after a list in part").await;
    bench.system.remove("ada");
    let read = bench.get(UserRef::Id(ada.user.id)).await;
    let state = bench.state(ada.user.id).await;
    if bench.kind.numbered {
        assert!(is_absence(&read), "id and name agree: {read:?}");
        assert_eq!(state, State::Suspended(Absence::Confirmed));
    } else {
        assert!(is_trouble(&read), "nothing agrees: {read:?}");
        assert_eq!(state, State::Suspended(Absence::Once));
    }
}

/// One read shows an absence and the second one fails. No caller gets an absence, and no access is
/// given. A user who is seen again was never deleted.
async fn unconfirmed(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.hide(&[(Verb::ListUsers, "ada")]);
    bench.system.break_down(&[Verb::GetUser]);
    let listed = bench.list().await;
    assert!(listed.iter().all(|one| one.id != ada.user.id));
    assert_eq!(bench.state(ada.user.id).await, State::Suspended(Absence::Once));
    assert!(is_trouble(&bench.get(UserRef::Id(ada.user.id)).await));
    bench.system.hide(&[]);
    bench.system.break_down(&[]);
    bench.opens_all(&ada, "seen again").await;
    assert_eq!(bench.state(ada.user.id).await, State::Active);
    bench.system.hide(&[(Verb::GetUser, "ada")]);
    bench.system.break_down(&[Verb::ListUsers]);
    assert!(is_trouble(&bench.get(UserRef::Id(ada.user.id)).await));
    assert_eq!(bench.state(ada.user.id).await, State::Suspended(Absence::Once));
    bench.system.hide(&[]);
    bench.system.break_down(&[]);
    bench.opens_all(&ada, "seen again by id").await;
}

async fn outage(bench: &Bench) {
    bench.system.add("ada", Role::User);
    let ada = bench.with_data("ada").await;
    bench.system.break_down(&[Verb::GetUser, Verb::ListUsers]);
    for way in [UserRef::Id(ada.user.id), bench.own(&ada.user), UserRef::Name("ada".to_owned())] {
        assert!(is_trouble(&bench.get(way).await));
    }
    assert_eq!(bench.state(ada.user.id).await, State::Active);
    bench.system.break_down(&[]);
    bench.opens_all(&ada, "after the outage").await;
}

async fn mass(bench: &Bench) {
    let names: Vec<_> = (0..20).map(|number| format!("person-{number}")).collect();
    for name in &names {
        bench.system.add(name, Role::User);
    }
    let mut all_data = Vec::new();
    for name in &names[..3] {
        all_data.push(bench.with_data(name).await);
    }
    bench.system.asked();
    let rows: Vec<_> = names[..12].iter().map(|name| bench.system.remove(name)).collect();
    bench.list().await;
    assert_eq!(bench.system.asked(), [Verb::ListUsers], "nobody is looked for one by one");
    for data in &all_data {
        assert_eq!(bench.state(data.user.id).await, State::Suspended(Absence::Held));
        bench.opens_nothing(data, "held").await;
    }
    for row in rows {
        bench.system.put_back(row);
    }
    let listed = bench.list().await;
    let (first, rest) = all_data.split_first().unwrap();
    if bench.proves() {
        assert_eq!(listed.len(), 21);
        bench.opens_all(first, "proved").await;
        return;
    }
    assert_eq!(listed.len(), 9, "nothing proves who the others are");
    let read = bench.get(UserRef::Name(first.user.username.clone())).await;
    assert!(is_trouble(&read), "it is no absence: {read:?}");
    assert_eq!(bench.key_opens_or_fails(first).await, None);
    let seen = bench.system.shown_as(&first.user.username).into();
    bench.sidecar.records().confirm(first.user.id, &seen).await.unwrap();
    bench.opens_all(first, "confirmed by an operator").await;
    bench.sidecar.records().retire(rest[0].user.id).await.unwrap();
    let newcomer = bench.named(&rest[0].user.username).await;
    bench.inherits_nothing(&newcomer, &rest[0]);
    bench.opens_nothing(&rest[0], "buried by an operator").await;
}

/// Two of a few users may vanish together.
async fn few(bench: &Bench) {
    for name in ["ada", "bob", "carol"] {
        bench.system.add(name, Role::User);
    }
    let ada = bench.with_data("ada").await;
    bench.list().await;
    bench.system.remove("ada");
    bench.system.remove("bob");
    bench.list().await;
    assert_eq!(bench.state(ada.user.id).await, State::Suspended(Absence::Confirmed));
    assert!(is_absence(&bench.get(UserRef::Name("ada".to_owned())).await));
}
