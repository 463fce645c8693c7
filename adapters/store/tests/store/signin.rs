//! Passwords and failed sign-ins.

use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::{FaultKind, Subject};
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use isogloss_store::Store;

use crate::kit::{ask, assert_fault, create, fresh, get, named, person};

async fn verify(store: &Store, name: &str, password: &str) -> bool {
    let user = UserRef::Name(name.to_owned());
    let outcome = ask(store, Command::VerifyPassword(user, password.into())).await;
    outcome.unwrap().verified().unwrap()
}

async fn fail(store: &Store, user: &User, after: u32, lasting: Duration) -> User {
    let lockout = Lockout { after, lasting };
    *ask(store, Command::CountFailure(user.into(), lockout)).await.unwrap().user().unwrap()
}

#[tokio::test]
async fn a_password_is_checked_changed_and_taken_away() {
    let store = fresh().await;
    let ada =
        create(&store, NewUser { password: Some("secret".into()), ..named("ada") }).await.unwrap();
    assert!(verify(&store, "ada", "secret").await);
    assert!(!verify(&store, "ada", "Secret").await);
    assert!(!verify(&store, "eve", "secret").await);
    let change = |password| ask(&store, Command::ChangePassword((&ada).into(), password));
    change(Some("other".into())).await.unwrap();
    assert!(verify(&store, "ada", "other").await);
    assert!(get(&store, &ada).await.unwrap().password_changed > ada.password_changed);
    change(None).await.unwrap();
    assert!(!verify(&store, "ada", "other").await && !verify(&store, "ada", "").await);
    let stranger = Command::ChangePassword(UserRef::Name("eve".to_owned()), None);
    assert_fault(ask(&store, stranger).await, FaultKind::NotFound, Subject::User);
}

#[tokio::test]
async fn a_deactivation_ends_sessions_for_good() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let era = async || get(&store, &ada).await.unwrap().sessions_since;
    let first = era().await;
    ask(&store, Command::ActivateUser((&ada).into())).await.unwrap();
    assert_eq!(era().await, first, "nothing was deactivated");
    ask(&store, Command::DeactivateUser((&ada).into())).await.unwrap();
    let second = era().await;
    assert!(second > first);
    ask(&store, Command::ActivateUser((&ada).into())).await.unwrap();
    assert_eq!(era().await, second, "an activation is no excuse");
    let patch = UserPatch { active: Some(false), ..UserPatch::default() };
    ask(&store, Command::UpdateUser((&ada).into(), Box::new(patch))).await.unwrap();
    assert!(era().await > second);
}

#[tokio::test]
async fn failures_lock_for_a_while_and_are_not_counted_meanwhile() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    let lasting = Duration::from_hours(1);
    let first = fail(&store, &ada, 2, lasting).await;
    assert_eq!((first.failures, first.locked_until), (1, None));
    let second = fail(&store, &ada, 2, lasting).await;
    assert!(second.failures == 2 && second.locked_until.is_some());
    assert_eq!(fail(&store, &ada, 2, lasting).await, second);
    // The lock ends, as if its time had passed.
    store.direct().await.execute("UPDATE users SET locked_until = 1").await;
    let third = fail(&store, &ada, 2, lasting).await;
    assert!(third.failures == 3 && third.locked_until > second.locked_until);
    ask(&store, Command::ClearFailures((&ada).into())).await.unwrap();
    assert_eq!(get(&store, &ada).await.unwrap(), ada);
}

#[tokio::test]
async fn a_hash_that_was_brought_along_is_replaced_when_it_is_proved() {
    let store = fresh().await;
    let ada = person(&store, "ada").await;
    // A bcrypt hash as PHP writes it.
    let brought = bcrypt::hash_with_result("secret1", 4).unwrap();
    let brought = brought.format_for_version(bcrypt::Version::TwoY);
    let mut direct = store.direct().await;
    direct.execute(&format!("UPDATE users SET password = '{brought}'")).await;
    let kept = async || store.direct().await.text("SELECT password FROM users").await;
    assert!(!verify(&store, "ada", "secret2").await);
    assert_eq!(kept().await, brought);
    for _ in 0..2 {
        assert!(verify(&store, "ada", "secret1").await);
        assert!(kept().await.starts_with("$argon2id$"));
    }
    let now = get(&store, &ada).await.unwrap();
    assert_eq!(now.password_changed, ada.password_changed);
}
