//! A system that counts failed sign-ins and locks accounts itself.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isogloss::auth::Authority;
use isogloss::auth::guessing::Policy;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Refusal};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::User;
use isogloss_store::Store;
use jiff::Timestamp;

use crate::guessing::fixture::{Fixture, LOCK, STRANGER, TOKEN};

/// The system: the store, with a count and a lock of its own.
#[derive(Debug)]
struct Locking {
    store: Store,
    capability: Capability,
    failures: AtomicU32,
    until: Mutex<Option<Timestamp>>,
    verified: AtomicUsize,
}

impl Locking {
    fn lock(&self, until: Option<Timestamp>) {
        *self.until.lock().unwrap() = until;
    }

    fn is_locked(&self) -> bool {
        self.until.lock().unwrap().is_some_and(|until| until > Timestamp::now())
    }

    fn shown(&self, user: User) -> User {
        let failures = self.failures.load(Ordering::Relaxed);
        User { failures, locked_until: *self.until.lock().unwrap(), ..user }
    }

    fn count(&self, right: bool) -> bool {
        if self.is_locked() {
            return false;
        }
        if right {
            self.failures.store(0, Ordering::Relaxed);
        } else if self.failures.fetch_add(1, Ordering::Relaxed) + 1 == LOCK.after {
            self.lock(Some(Timestamp::now() + LOCK.lasting));
        }
        right
    }
}

#[async_trait]
impl Backend for Locking {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let verifies = matches!(command, Command::VerifyPassword(..));
        let outcome = self.store.execute(command).await?;
        if verifies {
            self.verified.fetch_add(1, Ordering::Relaxed);
            return Ok(Outcome::Verified(self.count(outcome.verified()?)));
        }
        if let Outcome::User(user) = outcome {
            return Ok(Outcome::User(Box::new(self.shown(*user))));
        }
        Ok(outcome)
    }
}

/// A gateway before the system, which accepts this many wrong passwords in a row.
async fn before_system(guesses: u64) -> (Fixture, Arc<Locking>) {
    let mut fixture = Fixture::new().await;
    let store = fixture.gateway.store.clone();
    let capability = store.capability().clone().counting_failures();
    let system = Arc::new(Locking {
        store,
        capability,
        failures: AtomicU32::new(0),
        until: Mutex::default(),
        verified: AtomicUsize::new(0),
    });
    fixture.gateway.backend = Arc::clone(&system) as Arc<dyn Backend>;
    let authority = Authority::new(Duration::ZERO).unwrap();
    let policy = Policy { guesses, ..Policy::default() };
    fixture.gateway.authority = Arc::new(authority.guessing(policy));
    (fixture, system)
}

/// While the system has locked an account, no password is sent there. The refusal is that of a locked
/// account, also for the token of a dialect whose server locks tokens too.
pub(super) async fn told() {
    let (fixture, system) = before_system(10).await;
    system.lock(Some(Timestamp::now() + LOCK.lasting));
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    assert_eq!(fixture.locking(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    assert_eq!(fixture.locking(STRANGER, "ann", TOKEN).await, Err(Refusal::Locked));
    assert_eq!(system.verified.load(Ordering::Relaxed), 0);
    // A lock that is over refuses nobody.
    system.lock(Some(Timestamp::now() - Duration::from_secs(1)));
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Ok(()));
}

/// The system counts the wrong passwords, and the gateway does not count them a second time for the
/// dialect's lock.
pub(super) async fn counted() {
    let (fixture, system) = before_system(100).await;
    for _ in 0..LOCK.after {
        assert_eq!(fixture.locking(STRANGER, "ann", "wrong").await, Err(Refusal::Unknown));
    }
    assert_eq!(fixture.locking(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    assert_eq!(system.verified.load(Ordering::Relaxed), 7);
    system.lock(None);
    system.failures.store(0, Ordering::Relaxed);
    assert_eq!(fixture.locking(STRANGER, "ann", "right").await, Ok(()));
}

/// After somebody has removed the lock in the system, the gateway's own count refuses no longer. While
/// there was no lock, it does.
pub(super) async fn unlocked() {
    let (fixture, system) = before_system(3).await;
    for _ in 0..3 {
        assert_eq!(fixture.sign_in(STRANGER, "ann", "wrong").await, Err(Refusal::Unknown));
    }
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    system.lock(Some(Timestamp::now() + LOCK.lasting));
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Err(Refusal::Locked));
    system.lock(None);
    assert_eq!(fixture.sign_in(STRANGER, "ann", "right").await, Ok(()));
}
