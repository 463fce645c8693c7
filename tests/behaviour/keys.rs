//! Keys: issued, found, verified, listed, revoked.

use futures_util::FutureExt;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::key::{Key, KeyChoice, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::User;
use isogloss_canonical::verb::Verb;

use crate::people::{create, get, new};
use crate::{Bench, Case};

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
        run: |bench| opens(bench).boxed_local(),
    },
    Case {
        name: "a-key-of-the-systems-own-is-forwarded",
        verbs: &[Verb::FindKey],
        run: |bench| forwarded(bench).boxed_local(),
    },
    Case {
        name: "a-key-dies-with-its-owner",
        verbs: &[Verb::CreateUser, Verb::IssueKey, Verb::FindKey, Verb::DeleteUser],
        run: |bench| dies(bench).boxed_local(),
    },
];

const VALUE: &str = "kAbcdefghijklmnopqrstuvwxyz0123456789-_ABCD";

fn namespace() -> IdNamespace {
    IdNamespace::named("octoprint")
}

pub(crate) async fn issue(bench: &Bench, owner: &User) {
    let key = NewKey {
        namespace: namespace(),
        value: VALUE.into(),
        label: None,
        scope: None,
        expires: None,
        addresses: Vec::new(),
        replaces: true,
    };
    bench.done(Command::IssueKey(Some(owner.into()), Box::new(key))).await;
}

async fn list(bench: &Bench, owner: &User) -> Vec<Key> {
    bench.done(Command::ListKeys(Some(owner.into()), namespace())).await.keys().unwrap()
}

pub(crate) fn find() -> Command {
    Command::FindKey(namespace(), VALUE.into())
}

async fn opens(bench: &Bench) {
    let made = create(bench, new("ada")).await;
    bench.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
    issue(bench, &made).await;
    let Outcome::KeyFound(key, Some(owner)) = bench.done(find()).await else {
        panic!("the key is nobody's");
    };
    assert_eq!((key.owner, owner.id), (Some(made.id), made.id));
    let verify = |value: &str| Command::VerifyKey((&made).into(), namespace(), value.into());
    assert_eq!(bench.done(verify(VALUE)).await.keys().unwrap().len(), 1);
    assert!(bench.done(verify("another")).await.keys().unwrap().is_empty());
    assert_eq!(list(bench, &made).await.len(), 1);
    bench.done(Command::RevokeKeys(Some((&made).into()), namespace(), KeyChoice::All)).await;
    assert!(list(bench, &made).await.is_empty());
    bench.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
}

async fn dies(bench: &Bench) {
    let made = create(bench, new("ada")).await;
    issue(bench, &made).await;
    bench.done(Command::DeleteUser((&made).into())).await;
    bench.fails(find(), FaultKind::NotFound, Some(Subject::Key)).await;
}

/// A key that only the system has: the gateway's own credential.
async fn forwarded(bench: &Bench) {
    let Some((namespace, value)) = bench.fixture.credential() else { return };
    let namespace = IdNamespace::new(namespace);
    let found = bench.done(Command::FindKey(namespace.clone(), value.into())).await;
    let Outcome::KeyFound(key, owner) = found else { panic!("no key was found") };
    assert_eq!(key.owner, owner.as_ref().map(|owner| owner.id));
    if let Some(owner) = owner {
        assert_eq!(get(bench, owner.as_ref()).await.id, owner.id);
    }
    let wrong = Command::FindKey(namespace, "0123456789abcdef0123456789abcdef01234567".into());
    bench.fails(wrong, FaultKind::NotFound, Some(Subject::Key)).await;
}
