//! Password guessing: how many passwords are verified, and which callers a lock refuses.

pub(crate) mod fixture;
mod one_policy;
mod system_lock;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use isogloss::auth::Authority;
use isogloss::auth::guessing::{self, Policy};
use isogloss::proxies::Sender;
use isogloss::sessions::Sessions;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{FaultKind, Refusal};
use isogloss_canonical::key::Issuer;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{UserPatch, UserRef};
use isogloss_testkit::suite::trial;
use libtest_mimic::{Failed, Trial};

use crate::block_on;
use crate::guessing::fixture::{Fixture, KEY, LOCK, OWNER, STRANGER, TOKEN, namespaces};

type Work = fn(&'static Policy) -> std::pin::Pin<Box<dyn Future<Output = ()>>>;

pub(crate) fn trials() -> Vec<Trial> {
    let tests: [(&str, Work); 16] = [
        ("one-count-for-every-dialect", |policy| Box::pin(one_policy::one_count(policy))),
        ("strangers-lock-an-unknown-name-as-any-other", |policy| {
            Box::pin(one_policy::strangers_at_a_name(policy))
        }),
        ("an-unknown-name-costs-the-same", |_| Box::pin(one_policy::same_cost())),
        ("many-at-a-time-are-no-more-than-one-by-one", |policy| Box::pin(at_once(policy))),
        ("many-right-ones-at-a-time-are-no-guesses", |_| Box::pin(all_right())),
        ("strangers-lock-out-strangers-only", |policy| Box::pin(strangers(policy))),
        ("a-dialects-lock-is-for-strangers-only", |_| Box::pin(dialects_lock())),
        ("a-lock-stops-no-key", |policy| Box::pin(keys_go_on(policy))),
        ("an-unknown-name-is-as-any-other", |policy| Box::pin(unknown_names(policy))),
        ("an-address-has-so-many-names", |policy| Box::pin(one_address(policy))),
        ("an-outage-is-no-guess", |policy| Box::pin(outage(policy))),
        ("an-account-is-unlocked", |policy| Box::pin(unlocked(policy))),
        ("a-lock-of-the-system-is-told-as-one", |_| Box::pin(system_lock::told())),
        ("the-system-counts-and-locks", |_| Box::pin(system_lock::counted())),
        ("a-lock-removed-in-the-system-is-removed-here", |_| Box::pin(system_lock::unlocked())),
        ("a-key-shown-as-a-password-is-proved-as-any", |_| Box::pin(one_proof_of_keys())),
    ];
    let trial = |(name, work): (&str, Work)| {
        trial(format!("guessing::{name}"), move || {
            static POLICY: std::sync::OnceLock<Policy> = std::sync::OnceLock::new();
            block_on(work(POLICY.get_or_init(Policy::default)));
            Ok::<(), Failed>(())
        })
    };
    tests.into_iter().map(trial).collect()
}

fn free(policy: &Policy) -> usize {
    usize::try_from(policy.guesses).unwrap()
}

async fn at_once(policy: &Policy) {
    let fixture = Fixture::new().await;
    join_all((0..40).map(|_| fixture.sign_in(STRANGER, "ann", "wrong"))).await;
    assert_eq!(fixture.verified(), free(policy));
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    assert_eq!(fixture.verified(), 0);
    let fixture = Fixture::new().await;
    join_all((0..40).map(|_| fixture.locking(STRANGER, "ann", "wrong"))).await;
    assert_eq!(fixture.verified(), 7);
    assert_eq!(fixture.locking(STRANGER, "ann", "right").await, Err(Refusal::Locked));
}

async fn all_right() {
    let fixture = Fixture::new().await;
    let answers = join_all((0..40).map(|_| fixture.locking(OWNER, "ann", "right"))).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

async fn strangers(policy: &Policy) {
    let fixture = Fixture::new().await;
    fixture.sign_in(OWNER, "ann", "right").await.unwrap();
    // Each address has its own guesses, until the limit for all addresses together is reached.
    for address in 0..policy.account_guesses {
        let from = format!("203.0.113.{address}");
        assert_eq!(fixture.sign_in(&from, "ann", "wrong").await, Err(Refusal::Unknown));
    }
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    fixture.sign_in(OWNER, "ann", "right").await.unwrap();
    assert_eq!(fixture.sign_in(OWNER, "ann", "wrong").await, Err(Refusal::Unknown));
    fixture.locking(OWNER, "ann", "right").await.unwrap();
    fixture.sign_in(STRANGER, "bob", "right").await.unwrap();
}

async fn dialects_lock() {
    let fixture = Fixture::new().await;
    fixture.sign_in(OWNER, "ann", "right").await.unwrap();
    for number in 0..7 {
        let from = format!("203.0.113.{number}");
        assert_eq!(fixture.locking(&from, "ann", "wrong").await, Err(Refusal::Unknown));
    }
    assert!(fixture.gateway.user("ann").await.locked_until.is_some());
    assert_eq!(fixture.locking(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    // Other dialects have no such lock, and no dialect refuses the owner.
    fixture.sign_in(STRANGER, "ann", "right").await.unwrap();
    fixture.locking(OWNER, "ann", "right").await.unwrap();
    // An account that is locked only by its row takes the same time to refuse.
    for _ in 0..7 {
        fixture.gateway.ask(Command::CountFailure(UserRef::Name("bob".into()), LOCK)).await;
    }
    fixture.verified();
    assert_eq!(fixture.locking(STRANGER, "bob", "right").await, Err(Refusal::Locked));
    assert_eq!(fixture.verified(), 1);
}

async fn keys_go_on(policy: &Policy) {
    let fixture = Fixture::new().await;
    fixture.locking(OWNER, "ann", TOKEN).await.unwrap();
    for _ in 0..=free(policy) {
        fixture.locking(STRANGER, "ann", "wrong").await.unwrap_err();
    }
    assert_eq!(fixture.locking(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    // The server locks its personal tokens too: auth-personal-token-locked.json. An address that used
    // a token before can still use it. Keys of other dialects are valid from every address.
    assert_eq!(fixture.locking(STRANGER, "ann", TOKEN).await, Err(Refusal::Locked));
    fixture.locking(OWNER, "ann", TOKEN).await.unwrap();
    let value = Secret::new(KEY);
    let key = Credentials::Key { namespace: namespaces()[1].clone(), value, scopes: &[] };
    fixture.gateway.pipeline().identify(key).await.unwrap();
}

async fn unknown_names(policy: &Policy) {
    for lockout in [None, Some(LOCK)] {
        let mut seen = Vec::new();
        for name in ["ann", "nobody"] {
            let fixture = Fixture::new().await;
            let mut answers = Vec::new();
            for _ in 0..free(policy) + 2 {
                let answer = fixture.with(STRANGER, name, "wrong", (None, lockout)).await;
                answers.push((answer, fixture.verified()));
            }
            seen.push(answers);
        }
        assert_eq!(seen[0], seen[1], "{lockout:?}");
    }
}

async fn outage(policy: &Policy) {
    let fixture = Fixture::new().await;
    fixture.counting.down.store(true, Ordering::Relaxed);
    for number in 0..policy.address_guesses + 5 {
        for lockout in [None, Some(LOCK)] {
            let user = UserRef::Name(if number % 2 == 0 { "ann" } else { "nobody" }.to_owned());
            let login = Credentials::Login { user, secret: "right".into(), keys: None, lockout };
            let sender = Sender { client: STRANGER.parse().ok(), by_proxy: false };
            let answer = fixture.gateway.pipeline().seen_from(sender).identify(login).await;
            assert_eq!(answer.unwrap_err().kind, FaultKind::Unavailable);
        }
    }
    fixture.counting.down.store(false, Ordering::Relaxed);
    fixture.locking(STRANGER, "ann", "right").await.unwrap();
}

async fn one_address(policy: &Policy) {
    let mut fixture = Fixture::new().await;
    fixture.sign_in(STRANGER, "bob", "right").await.unwrap();
    fixture.verified();
    for number in 0..policy.address_guesses + 20 {
        fixture.sign_in(STRANGER, &format!("nobody{number}"), "wrong").await.unwrap_err();
    }
    assert_eq!(fixture.verified(), usize::try_from(policy.address_guesses).unwrap());
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    // Another gateway with the same database has verified none of them, and neither has this one
    // after a restart.
    fixture.gateway.authority = Arc::new(Authority::new(Duration::ZERO).unwrap());
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    let overlong = "x".repeat(5000);
    fixture.sign_in(STRANGER, &overlong, "wrong").await.unwrap_err();
    assert_eq!(fixture.verified(), 0, "nothing was verified");
    // A user who signed in from this address before is still accepted, and so are users from other
    // addresses.
    fixture.sign_in(STRANGER, "bob", "right").await.unwrap();
    fixture.sign_in(OWNER, "ann", "right").await.unwrap();
}

async fn unlocked(policy: &Policy) {
    let ann = || UserRef::Name("ann".to_owned());
    let active = UserPatch { active: Some(true), ..UserPatch::default() };
    for command in [
        Command::ActivateUser(ann()),
        Command::UpdateUser(ann(), Box::new(active)),
        Command::ChangePassword(ann(), Some("right".into())),
    ] {
        let fixture = Fixture::new().await;
        while fixture.locking(STRANGER, "ann", "wrong").await != Err(Refusal::Locked) {}
        for number in 0..policy.account_guesses {
            fixture.sign_in(&format!("203.0.113.{number}"), "ann", "wrong").await.unwrap_err();
        }
        assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
        let sessions = Sessions::of_store(Arc::new(fixture.gateway.store.clone()));
        let locked = fixture.gateway.user("ann").await;
        assert!(locked.locked_until.is_some());
        assert!(guessing::is_closed(&sessions, *policy, &locked).await.unwrap());
        let namespace = namespaces()[0].clone();
        let admin = Caller::application(namespace, fixture.gateway.authority.seal());
        fixture.gateway.pipeline().call(&admin, command).await.unwrap();
        let unlocked = fixture.gateway.user("ann").await;
        assert_eq!((unlocked.failures, unlocked.locked_until), (0, None));
        assert!(!guessing::is_closed(&sessions, *policy, &unlocked).await.unwrap());
        fixture.locking(STRANGER, "ann", "right").await.unwrap();
    }
}

async fn one_proof_of_keys() {
    let fixture = Fixture::new().await;
    let namespace = namespaces()[0].clone();
    let key = isogloss_canonical::key::NewKey {
        namespace: namespace.clone(),
        value: "bound".into(),
        label: None,
        scope: None,
        expires: None,
        addresses: vec![format!("{OWNER}/32")],
        issuer: Issuer::Gateway,
        replaces: false,
    };
    let past = Some(jiff::Timestamp::now() - Duration::from_secs(1));
    let old = isogloss_canonical::key::NewKey {
        value: "old".into(),
        addresses: Vec::new(),
        expires: past,
        ..key.clone()
    };
    for key in [key, old] {
        fixture
            .gateway
            .ask(Command::IssueKey(Some(UserRef::Name("bob".into())), Box::new(key)))
            .await;
    }
    fixture.locking(OWNER, "bob", "bound").await.unwrap();
    assert_eq!(fixture.locking(STRANGER, "bob", "bound").await, Err(Refusal::Address));
    assert_eq!(fixture.locking(OWNER, "bob", "old").await, Err(Refusal::Expired));
    fixture.gateway.ask(Command::DeactivateUser(UserRef::Name("bob".into()))).await;
    assert_eq!(fixture.locking(OWNER, "bob", "bound").await, Err(Refusal::Inactive));
}
