//! Keys: issued, found, verified, listed, revoked.

use futures_util::FutureExt;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::key::{Issuer, Key, KeyChoice, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::User;
use isogloss_canonical::verb::Verb;

use crate::fixture::first_dialect;
use crate::people::{create, get, new};
use crate::{Case, TestBackend};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a-key-opens-until-it-is-revoked",
        verbs: &[
            Verb::CreateUser,
            Verb::IssueKey,
            Verb::FindKey,
            Verb::VerifyKey,
            Verb::ListKeys,
            Verb::RevokeKeys,
        ],
        run: |tested| opens(tested).boxed_local(),
    },
    Case {
        name: "a-key-of-the-systems-own-is-forwarded",
        verbs: &[Verb::FindKey],
        run: |tested| forwarded(tested).boxed_local(),
    },
    Case {
        name: "a-key-dies-with-its-owner",
        verbs: &[Verb::CreateUser, Verb::IssueKey, Verb::FindKey, Verb::DeleteUser],
        run: |tested| dies(tested).boxed_local(),
    },
];

const VALUE: &str = "kAbcdefghijklmnopqrstuvwxyz0123456789-_ABCD";

fn namespace() -> IdNamespace {
    IdNamespace::named(first_dialect())
}

/// A key for an operator, of the gateway only.
pub(crate) async fn issue(tested: &TestBackend, owner: &User) {
    issue_by(tested, owner, Issuer::Gateway).await;
}

/// Issues a key, and answers its value.
async fn issue_by(tested: &TestBackend, owner: &User, issuer: Issuer) -> Secret {
    let key = NewKey {
        namespace: namespace(),
        value: VALUE.into(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        issuer,
        replaces: true,
    };
    let issued = tested.done(Command::IssueKey(Some(owner.into()), Box::new(key))).await;
    issued.keys().unwrap().into_iter().find_map(|key| key.shown).unwrap()
}

async fn list(tested: &TestBackend, owner: &User) -> Vec<Key> {
    tested
        .done(Command::ListKeys(Some(owner.into()), namespace(), KeyChoice::All))
        .await
        .keys()
        .unwrap()
}

pub(crate) fn find() -> Command {
    Command::FindKey(namespace(), VALUE.into())
}

async fn opens(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    tested.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
    issue(tested, &made).await;
    tested.done(find()).await;
    let verify = |value: &str| Command::VerifyKey((&made).into(), namespace(), value.into());
    assert_eq!(tested.done(verify(VALUE)).await.keys().unwrap().len(), 1);
    assert!(tested.done(verify("another")).await.keys().unwrap().is_empty());
    let value = issue_by(tested, &made, Issuer::System(None)).await;
    let found = Command::FindKey(namespace(), value.clone());
    let Outcome::KeyFound(key, Some(owner)) = tested.done(found.clone()).await else {
        panic!("the key is nobody's");
    };
    assert_eq!((key.owner, owner.id), (Some(made.id), made.id));
    let listed = list(tested, &made).await;
    assert_eq!(listed.iter().map(|key| key.shown.as_ref()).collect::<Vec<_>>(), [Some(&value)]);
    tested.done(Command::RevokeKeys(Some((&made).into()), namespace(), KeyChoice::All)).await;
    assert!(list(tested, &made).await.is_empty());
    for gone in [found, find()] {
        tested.fails(gone, FaultKind::NotFound, Some(Subject::Key)).await;
    }
    let after = tested.done(get_of(&made)).await.user().unwrap();
    assert_eq!(after.password_changed, made.password_changed, "a new key ends no session");
}

fn get_of(user: &User) -> Command {
    Command::GetUser(user.into())
}

async fn dies(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    issue(tested, &made).await;
    tested.done(Command::DeleteUser((&made).into())).await;
    tested.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
}

/// A key that only the system has: the gateway's own credential.
async fn forwarded(tested: &TestBackend) {
    let Some((namespace, value)) = tested.fixture.credential() else { return };
    let namespace = IdNamespace::new(namespace);
    let found = tested.done(Command::FindKey(namespace.clone(), value.into())).await;
    let Outcome::KeyFound(key, owner) = found else { panic!("no key was found") };
    assert_eq!(key.owner, owner.as_ref().map(|owner| owner.id));
    if let Some(owner) = owner {
        assert_eq!(get(tested, owner.as_ref()).await.id, owner.id);
    }
    let wrong = Command::FindKey(namespace, "0123456789abcdef0123456789abcdef01234567".into());
    tested.fails(wrong, FaultKind::NotFound, Some(Subject::Key)).await;
}
