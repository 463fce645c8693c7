//! Passwords: verified by the backend, changed, and locked after failures.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use isogloss::auth::Authority;
use isogloss::pipeline::Pipeline;
use isogloss::sessions::Sessions;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Credentials, Lockout};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{FaultKind, Refusal, Subject};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::verb::Verb;

use crate::people::{create, get, named, new};
use crate::{Case, TestBackend};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a-password-is-verified",
        verbs: &[Verb::CreateUser, Verb::VerifyPassword],
        run: |tested| verified(tested).boxed_local(),
    },
    Case {
        name: "a-wrong-password-lets-nobody-in",
        verbs: &[Verb::CreateUser],
        run: |tested| signs_in(tested).boxed_local(),
    },
    Case {
        name: "a-changed-password-takes-the-old-ones-place",
        verbs: &[Verb::CreateUser, Verb::ChangePassword, Verb::VerifyPassword],
        run: |tested| changed(tested).boxed_local(),
    },
    Case {
        name: "a-changed-password-ends-what-was-opened-with-the-old-one",
        verbs: &[Verb::CreateUser, Verb::ChangePassword, Verb::GetUser],
        run: |tested| ended(tested).boxed_local(),
    },
    Case {
        name: "failures-lock-and-are-forgotten",
        verbs: &[Verb::CreateUser, Verb::CountFailure, Verb::ClearFailures, Verb::GetUser],
        run: |tested| locked(tested).boxed_local(),
    },
];

async fn verify(tested: &TestBackend, user: impl Into<UserRef>, password: &str) -> bool {
    let command = Command::VerifyPassword(user.into(), password.into());
    tested.done(command).await.verified().unwrap()
}

/// Whether the system verifies passwords. The system of a test may have no web pages, and then it has no
/// web login; `tests/rhodecode` has one with a login.
async fn verifies(tested: &TestBackend) -> bool {
    let able = tested.backend.capability().has(Verb::VerifyPassword);
    able && tested.backend.verifies_passwords().await.is_ok()
}

async fn verified(tested: &TestBackend) {
    if !verifies(tested).await {
        return unverified(tested).await;
    }
    let made = create(tested, new("ada")).await;
    assert!(verify(tested, &made, "correct horse").await);
    assert!(verify(tested, named("ada"), "correct horse").await);
    assert!(!verify(tested, &made, "battery staple").await);
    assert!(!verify(tested, &made, "").await);
    assert!(!verify(tested, named("nobody"), "correct horse").await);
}

/// Without a way to verify a password it is an outage, for the right password and for a wrong one.
async fn unverified(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    for password in ["correct horse", "battery staple"] {
        let verify = Command::VerifyPassword((&made).into(), password.into());
        tested.fails(verify, FaultKind::Unavailable, None).await;
    }
}

/// If the backend cannot verify passwords, it refuses the correct one too.
async fn signs_in(tested: &TestBackend) {
    create(tested, new("ada")).await;
    let authority = Arc::new(Authority::new(Duration::ZERO).unwrap());
    let sessions = Sessions::of_store(Arc::new(tested.fixture.store().clone()));
    let pipeline = Pipeline::new(Arc::clone(&tested.backend), sessions, authority);
    let verifies = verifies(tested).await;
    let sign_in = async |name: &str, password: &str| {
        let secret = Secret::new(password);
        let login = Credentials::Login { user: named(name), secret, keys: None, lockout: None };
        match pipeline.identify(login).await {
            Ok(caller) => caller.user().is_some_and(|user| user.username == name),
            Err(fault) => {
                let unknown = fault.refusal == Some(Refusal::Unknown);
                let outage = fault.kind == FaultKind::Unavailable && !verifies;
                assert!(unknown || outage, "{fault:?}");
                false
            }
        }
    };
    assert_eq!(sign_in("ada", "correct horse").await, verifies);
    for (name, password) in [("ada", "battery staple"), ("ada", ""), ("nobody", "correct horse")] {
        assert!(!sign_in(name, password).await, "{name} is let in by {password:?}");
    }
}

async fn changed(tested: &TestBackend) {
    if !verifies(tested).await {
        return unverified(tested).await;
    }
    let made = create(tested, new("ada")).await;
    let change = Command::ChangePassword((&made).into(), Some("battery staple".into()));
    tested.done(change).await;
    assert!(verify(tested, &made, "battery staple").await);
    assert!(!verify(tested, &made, "correct horse").await);
}

async fn ended(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    let mut last = made.password_changed;
    for password in [Some("battery staple".into()), None] {
        tested.done(Command::ChangePassword((&made).into(), password)).await;
        let now = get(tested, &made).await;
        assert!(now.password_changed > last, "sessions would go on");
        last = now.password_changed;
    }
    let nobody = Command::ChangePassword(named("nobody"), Some("battery staple".into()));
    tested.fails(nobody, FaultKind::NotFound, Some(Subject::User)).await;
}

/// The system counts wrong passwords itself: what the gateway is told about failures changes nothing.
async fn counted_by_system(tested: &TestBackend) {
    let made = create(tested, new("ada")).await;
    let lockout = Lockout { after: 1, lasting: Duration::from_mins(15) };
    tested.done(Command::CountFailure((&made).into(), lockout)).await;
    let after = get(tested, &made).await;
    assert_eq!((after.failures, after.locked_until), (0, None));
}

async fn locked(tested: &TestBackend) {
    if tested.backend.capability().counts_failures() {
        return counted_by_system(tested).await;
    }
    let made = create(tested, new("ada")).await;
    let lockout = Lockout { after: 3, lasting: Duration::from_mins(15) };
    let fail = |user: &User| Command::CountFailure(user.into(), lockout);
    for _ in 0..2 {
        tested.done(fail(&made)).await;
    }
    let before = get(tested, &made).await;
    assert_eq!((before.failures, before.locked_until), (2, None));
    tested.done(fail(&made)).await;
    assert!(get(tested, &made).await.locked_until.is_some());
    tested.done(Command::ClearFailures((&made).into())).await;
    let after = get(tested, &made).await;
    assert_eq!((after.failures, after.locked_until), (0, None));
}
