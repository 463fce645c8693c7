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
use crate::{Bench, Case};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "a-password-is-verified",
        verbs: &[Verb::CreateUser, Verb::VerifyPassword],
        run: |bench| verified(bench).boxed_local(),
    },
    Case {
        name: "a-wrong-password-lets-nobody-in",
        verbs: &[Verb::CreateUser],
        run: |bench| signs_in(bench).boxed_local(),
    },
    Case {
        name: "a-changed-password-takes-the-old-ones-place",
        verbs: &[Verb::CreateUser, Verb::ChangePassword, Verb::VerifyPassword],
        run: |bench| changed(bench).boxed_local(),
    },
    Case {
        name: "a-changed-password-ends-what-was-opened-with-the-old-one",
        verbs: &[Verb::CreateUser, Verb::ChangePassword, Verb::GetUser],
        run: |bench| ended(bench).boxed_local(),
    },
    Case {
        name: "failures-lock-and-are-forgotten",
        verbs: &[Verb::CreateUser, Verb::CountFailure, Verb::ClearFailures, Verb::GetUser],
        run: |bench| locked(bench).boxed_local(),
    },
];

async fn verify(bench: &Bench, user: impl Into<UserRef>, password: &str) -> bool {
    let command = Command::VerifyPassword(user.into(), password.into());
    bench.done(command).await.verified().unwrap()
}

async fn verified(bench: &Bench) {
    let made = create(bench, new("ada")).await;
    assert!(verify(bench, &made, "correct horse").await);
    assert!(verify(bench, named("ada"), "correct horse").await);
    assert!(!verify(bench, &made, "battery staple").await);
    assert!(!verify(bench, &made, "").await);
    assert!(!verify(bench, named("nobody"), "correct horse").await);
}

/// If the backend cannot verify passwords, it refuses the correct one too.
async fn signs_in(bench: &Bench) {
    create(bench, new("ada")).await;
    let authority = Arc::new(Authority::new(Duration::ZERO).unwrap());
    let sessions = Sessions::of_store(Arc::new(bench.fixture.store().clone()));
    let pipeline = Pipeline::new(Arc::clone(&bench.backend), sessions, authority);
    let sign_in = async |name: &str, password: &str| {
        let secret = Secret::new(password);
        let login = Credentials::Login { user: named(name), secret, keys: None, lockout: None };
        match pipeline.identify(login).await {
            Ok(caller) => caller.user().is_some_and(|user| user.username == name),
            Err(fault) => {
                assert_eq!(fault.refusal, Some(Refusal::Unknown), "{fault:?}");
                false
            }
        }
    };
    let verifies = bench.backend.capability().has(Verb::VerifyPassword);
    assert_eq!(sign_in("ada", "correct horse").await, verifies);
    for (name, password) in [("ada", "battery staple"), ("ada", ""), ("nobody", "correct horse")] {
        assert!(!sign_in(name, password).await, "{name} is let in by {password:?}");
    }
}

async fn changed(bench: &Bench) {
    let made = create(bench, new("ada")).await;
    let change = Command::ChangePassword((&made).into(), Some("battery staple".into()));
    bench.done(change).await;
    assert!(verify(bench, &made, "battery staple").await);
    assert!(!verify(bench, &made, "correct horse").await);
}

async fn ended(bench: &Bench) {
    let made = create(bench, new("ada")).await;
    let mut last = made.password_changed;
    for password in [Some("battery staple".into()), None] {
        bench.done(Command::ChangePassword((&made).into(), password)).await;
        let now = get(bench, &made).await;
        assert!(now.password_changed > last, "sessions would go on");
        last = now.password_changed;
    }
    let nobody = Command::ChangePassword(named("nobody"), Some("battery staple".into()));
    bench.fails(nobody, FaultKind::NotFound, Some(Subject::User)).await;
}

async fn locked(bench: &Bench) {
    let made = create(bench, new("ada")).await;
    let lockout = Lockout { after: 3, lasting: Duration::from_mins(15) };
    let fail = |user: &User| Command::CountFailure(user.into(), lockout);
    for _ in 0..2 {
        bench.done(fail(&made)).await;
    }
    let before = get(bench, &made).await;
    assert_eq!((before.failures, before.locked_until), (2, None));
    bench.done(fail(&made)).await;
    assert!(get(bench, &made).await.locked_until.is_some());
    bench.done(Command::ClearFailures((&made).into())).await;
    let after = get(bench, &made).await;
    assert_eq!((after.failures, after.locked_until), (0, None));
}
