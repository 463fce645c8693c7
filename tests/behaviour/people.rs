//! Users: create, read, list, change, activate, delete, and the attributes that the sidecar stores.

use futures_util::FutureExt;
use isogloss::registry;
use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::capability::Field;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{NewUser, User, UserId, UserPatch, UserRef};
use isogloss_canonical::verb::Verb;
use serde_json::json;
use uuid::Uuid;

use crate::fixture::first_dialect;
use crate::{Case, TestBackend};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a-person-is-found-by-every-id",
        verbs: &[Verb::CreateUser, Verb::GetUser],
        run: |tested| found_by_every_id(tested).boxed_local(),
    },
    Case {
        name: "a-name-is-taken-once",
        verbs: &[Verb::CreateUser],
        run: |tested| taken_once(tested).boxed_local(),
    },
    Case {
        name: "nobody-is-not-found",
        verbs: &[Verb::GetUser],
        run: |tested| nobody(tested).boxed_local(),
    },
    Case {
        name: "everybody-is-listed",
        verbs: &[Verb::CreateUser, Verb::ListUsers],
        run: |tested| listed(tested).boxed_local(),
    },
    Case {
        name: "what-is-written-is-read-back",
        verbs: &[Verb::CreateUser, Verb::UpdateUser, Verb::GetUser],
        run: |tested| read_back(tested).boxed_local(),
    },
    Case {
        name: "a-renamed-person-keeps-every-id",
        verbs: &[Verb::CreateUser, Verb::UpdateUser, Verb::GetUser],
        run: |tested| renamed(tested).boxed_local(),
    },
    Case {
        name: "a-role-is-given-and-taken",
        verbs: &[Verb::CreateUser, Verb::UpdateUser, Verb::GetUser],
        run: |tested| roles(tested).boxed_local(),
    },
    Case {
        name: "two-names-and-a-manager-survive",
        verbs: &[Verb::CreateUser, Verb::UpdateUser, Verb::ListUsers],
        run: |tested| survives(tested).boxed_local(),
    },
    Case {
        name: "activity-is-taken-and-given",
        verbs: &[Verb::CreateUser, Verb::DeactivateUser, Verb::ActivateUser, Verb::GetUser],
        run: |tested| activity(tested).boxed_local(),
    },
    Case {
        name: "somebody-who-starts-inactive-is-inactive",
        verbs: &[Verb::CreateUser, Verb::GetUser],
        run: |tested| starts_inactive(tested).boxed_local(),
    },
    Case {
        name: "a-deleted-person-is-gone",
        verbs: &[Verb::CreateUser, Verb::DeleteUser, Verb::GetUser],
        run: |tested| deleted(tested).boxed_local(),
    },
    Case {
        name: "ids-that-clients-hold-are-taken-over",
        verbs: &[Verb::CreateUser, Verb::AssignIds, Verb::GetUser],
        run: |tested| assigned(tested).boxed_local(),
    },
    Case {
        name: "settings-are-merged",
        verbs: &[Verb::CreateUser, Verb::MergeSettings, Verb::ReadSettings],
        run: |tested| settings(tested).boxed_local(),
    },
    Case {
        name: "a-person-without-locks-has-none",
        verbs: &[Verb::CreateUser, Verb::ListLocks, Verb::ServerFacts],
        run: |tested| locks(tested).boxed_local(),
    },
];

pub(crate) fn new(username: &str) -> NewUser {
    NewUser {
        username: username.to_owned(),
        password: Some("correct horse".into()),
        ..NewUser::default()
    }
}

pub(crate) async fn create(tested: &TestBackend, user: NewUser) -> User {
    *tested.done(Command::CreateUser(Box::new(user))).await.user().unwrap()
}

pub(crate) async fn get(tested: &TestBackend, user: impl Into<UserRef>) -> User {
    *tested.done(Command::GetUser(user.into())).await.user().unwrap()
}

pub(crate) fn named(username: &str) -> UserRef {
    UserRef::Name(username.to_owned())
}

async fn change(tested: &TestBackend, user: &User, patch: UserPatch) -> User {
    let command = Command::UpdateUser(user.into(), Box::new(patch));
    *tested.done(command).await.user().unwrap()
}

async fn found_by_every_id(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    assert_eq!(made.username, "ada");
    assert!(!made.ids.is_empty(), "no ids");
    let mut ways = vec![named("ada"), UserRef::Id(made.id), UserRef::FoldedName("ADA ".to_owned())];
    ways.extend(
        made.ids.iter().map(|(namespace, id)| UserRef::Native(namespace.clone(), id.clone())),
    );
    for way in ways {
        let found = get(tested, way.clone()).await;
        assert_eq!((found.id, &found.ids), (made.id, &made.ids), "{way:?}");
    }
}

async fn taken_once(tested: &TestBackend) {
    create(tested, new("ada")).await;
    let again = Command::CreateUser(Box::new(new("ada")));
    tested.fails(again, FaultKind::Conflict, Some(Subject::Username)).await;
}

async fn nobody(tested: &TestBackend) {
    let mut ways = vec![named("nobody"), UserRef::Id(UserId(Uuid::nil()))];
    let seen = get(tested, named_or_first(tested).await).await;
    ways.extend(
        seen.ids.keys().map(|namespace| UserRef::Native(namespace.clone(), "999999".to_owned())),
    );
    for way in ways {
        let absent = Command::GetUser(way);
        tested.fails(absent, FaultKind::NotFound, Some(Subject::User)).await;
    }
}

/// An existing user: the first of the list, or a new one.
async fn named_or_first(tested: &TestBackend) -> UserRef {
    let all = tested.done(Command::ListUsers).await.users().unwrap();
    match all.first() {
        Some(user) => user.into(),
        None => UserRef::Id(create(tested, new("first")).await.id),
    }
}

async fn listed(tested: &TestBackend) {
    let (ada, bob) = (create(tested, new("ada")).await, create(tested, new("bob")).await);
    let all = tested.done(Command::ListUsers).await.users().unwrap();
    for made in [ada, bob] {
        let found = all.iter().find(|user| user.id == made.id).expect("listed");
        assert_eq!((&found.username, &found.ids), (&made.username, &made.ids));
    }
}

async fn read_back(tested: &TestBackend) {
    let made = create(tested, NewUser { email: Some("ada@example.org".to_owned()), ..new("ada") });
    let made = made.await;
    assert_eq!(made.email.as_deref(), Some("ada@example.org"));
    let theme = ("other.theme".to_owned(), Some(json!("modern")));
    let patch = UserPatch {
        display_name: Some(Some("Ada Lovelace".to_owned())),
        email: Some(Some("lovelace@example.org".to_owned())),
        attributes: [theme].into(),
        ..UserPatch::default()
    };
    let changed = change(tested, &made, patch).await;
    for user in [changed, get(tested, &made).await, get(tested, named("ada")).await] {
        assert_eq!(user.full_name().as_deref(), Some("Ada Lovelace"));
        assert_eq!(user.names(), ("Ada".to_owned(), "Lovelace".to_owned()));
        assert_eq!(user.email.as_deref(), Some("lovelace@example.org"));
        assert_eq!(user.attribute("other.theme"), Some(&json!("modern")));
    }
    let spaced = Some(Some("Ada  King Lovelace".to_owned()));
    change(tested, &made, UserPatch { display_name: spaced.clone(), ..UserPatch::default() }).await;
    assert_eq!(get(tested, &made).await.full_name(), spaced.flatten());
}

async fn renamed(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    let patch = UserPatch { username: Some("lovelace".to_owned()), ..UserPatch::default() };
    if !tested.backend.capability().holds(Field::Rename) {
        let rename = Command::UpdateUser((&made).into(), Box::new(patch));
        return tested.fails(rename, FaultKind::Unsupported, Some(Subject::Username)).await;
    }
    let changed = change(tested, &made, patch).await;
    assert_eq!((changed.id, &changed.ids), (made.id, &made.ids));
    assert_eq!(get(tested, named("lovelace")).await.id, made.id);
    let old = Command::GetUser(named("ada"));
    tested.fails(old, FaultKind::NotFound, Some(Subject::User)).await;
}

async fn roles(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    assert_eq!(made.role, Role::User);
    for role in [Role::Administrator, Role::User] {
        let patch = UserPatch { role: Some(role), ..UserPatch::default() };
        assert_eq!(change(tested, &made, patch).await.role, role);
        assert_eq!(get(tested, &made).await.role, role);
    }
    let chief = create(tested, NewUser { role: Role::Administrator, ..new("chief") }).await;
    assert_eq!(get(tested, &chief).await.role, Role::Administrator);
}

/// A field that the system cannot store is not lost.
async fn survives(tested: &TestBackend) {
    let name = |text: &str| Some(text.to_owned());
    let (given_name, family_name) = (name("Mary Ann"), name("Smith"));
    let mary = NewUser { given_name, family_name, role: Role::Manager, ..new("mary") };
    let made = create(tested, mary).await;
    let patch = UserPatch { family_name: Some(name("Van Dyke")), ..UserPatch::default() };
    let changed = change(tested, &made, patch).await;
    let all = tested.done(Command::ListUsers).await.users().unwrap();
    let listed = all.into_iter().find(|user| user.id == made.id).expect("listed");
    assert_eq!((made.names().1, made.role), ("Smith".to_owned(), Role::Manager));
    for user in [changed, listed] {
        assert_eq!(user.names(), ("Mary Ann".to_owned(), "Van Dyke".to_owned()));
        assert_eq!(user.role, Role::Manager);
    }
}

async fn activity(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    assert!(made.active);
    tested.done(Command::DeactivateUser((&made).into())).await;
    assert!(!get(tested, &made).await.active);
    tested.done(Command::ActivateUser((&made).into())).await;
    assert!(get(tested, &made).await.active);
    let nobody = Command::DeactivateUser(named("nobody"));
    tested.fails(nobody, FaultKind::NotFound, Some(Subject::User)).await;
}

async fn starts_inactive(tested: &TestBackend) {
    let made = create(tested, NewUser { inactive: true, ..new("ada") }).await;
    assert!(!made.active);
    assert!(!get(tested, &made).await.active);
}

async fn deleted(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    tested.done(Command::DeleteUser((&made).into())).await;
    for way in [named("ada"), UserRef::Id(made.id)] {
        let absent = Command::GetUser(way.clone());
        tested.fails(absent, FaultKind::NotFound, Some(Subject::User)).await;
        let again = Command::DeleteUser(way);
        tested.fails(again, FaultKind::NotFound, Some(Subject::User)).await;
    }
    let next = create(tested, new("ada")).await;
    assert_ne!(next.id, made.id, "an id was used twice");
}

async fn settings(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    let prefix = format!("{}.settings.", first_dialect());
    let merge = |name: &str, value| {
        let changes = [(format!("{prefix}{name}"), Some(value))].into();
        Command::MergeSettings((&made).into(), prefix.clone(), changes)
    };
    tested.done(merge("a", json!({"deep": [1, null]}))).await;
    tested.done(merge("b", json!(2))).await;
    let read = Command::ReadSettings((&made).into(), prefix.clone());
    let settings = tested.done(read).await.settings().unwrap();
    assert_eq!(settings.get(&format!("{prefix}a")), Some(&json!({"deep": [1, null]})));
    assert_eq!(settings.get(&format!("{prefix}b")), Some(&json!(2)));
}

async fn locks(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    let locks = tested.done(Command::ListLocks((&made).into())).await.locks().unwrap();
    assert!(locks.is_empty(), "{locks:?}");
    tested.done(Command::ServerFacts).await.settings().unwrap();
}

async fn assigned(tested: &TestBackend) {
    let (ada, bob) = (create(tested, new("ada")).await, create(tested, new("bob")).await);
    // A system assigns its own ids.
    let is_far = |adapter: &&Adapter| {
        matches!(adapter.users, Numbering::From(_)) && adapter.name != tested.system
    };
    let far = IdNamespace::named(registry::dialects().find(is_far).unwrap().name);
    let swap = |one: &User, other: &User| {
        (one.into(), far.clone(), other.native(&far).unwrap_or_default().to_owned())
    };
    tested.done(Command::AssignIds(vec![swap(&ada, &bob), swap(&bob, &ada)])).await;
    assert_eq!(get(tested, &ada).await.native(&far), bob.native(&far));
    tested.done(Command::AssignIds(vec![(named("ada"), far.clone(), "700".to_owned())])).await;
    assert_eq!(get(tested, UserRef::Native(far.clone(), "700".to_owned())).await.id, ada.id);
    let taken = Command::AssignIds(vec![(named("bob"), far.clone(), "700".to_owned())]);
    tested.fails(taken, FaultKind::Conflict, Some(Subject::User)).await;
    let next = create(tested, new("carol")).await;
    assert_eq!(next.native(&far), Some("701"), "the counter did not move past a given id");
}
