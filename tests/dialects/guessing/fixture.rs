//! Accounts for password guessing, and a backend that counts the verified passwords.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isogloss::proxies::Sender;
use isogloss::registry;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Credentials, Lockout};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_store::Store;
use serde_json::json;

use crate::gateway::{PreparedStore, TestGateway};

/// An address that `ann` signs in from.
pub(crate) const OWNER: &str = "192.0.2.1";
/// An address from which no user has signed in.
pub(crate) const STRANGER: &str = "198.51.100.7";
/// A key of `ann` that is shown as a password.
pub(crate) const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab";
/// A key of `ann`, in every dialect.
pub(crate) const KEY: &str = "another-key-0123456789abcdef0123456789";
/// The lock of a dialect whose server locks accounts.
pub(crate) const LOCK: Lockout = Lockout { after: 7, lasting: Duration::from_mins(15) };

/// The id namespaces of the two keys.
pub(crate) fn namespaces() -> [IdNamespace; 2] {
    let mut all = registry::dialects().map(|adapter| IdNamespace::named(adapter.name));
    [all.next().unwrap(), all.next().unwrap()]
}

/// A backend that counts the verified passwords and records the commands.
#[derive(Debug)]
pub(crate) struct Counting {
    store: Store,
    verified: AtomicUsize,
    /// Whether the verification of passwords fails.
    pub(crate) down: AtomicBool,
    executed: Mutex<Vec<Verb>>,
}

#[async_trait]
impl Backend for Counting {
    fn capability(&self) -> &Capability {
        self.store.capability()
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        self.executed.lock().unwrap().push(command.verb());
        if matches!(command, Command::VerifyPassword(..)) {
            if self.down.load(Ordering::Relaxed) {
                return Err(Fault::new(FaultKind::Unavailable, "down"));
            }
            self.verified.fetch_add(1, Ordering::Relaxed);
        }
        self.store.execute(command).await
    }
}

/// A gateway with two accounts.
pub(crate) struct Fixture {
    pub(crate) gateway: TestGateway,
    pub(crate) counting: Arc<Counting>,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let key = |dialect: &str, value: &str| json!({"dialect": dialect, "value": value});
        let dialects = registry::dialects().map(|adapter| adapter.name);
        let mut keys: Vec<_> = dialects.map(|dialect| key(dialect, KEY)).collect();
        keys.push(key(namespaces()[0].as_str(), TOKEN));
        let users = json!({"users": [
            {"username": "ann", "password": "right", "keys": keys},
            {"username": "bob", "password": "right"},
        ]});
        let mut gateway = PreparedStore::of(&users).await.open().await;
        let store = gateway.store.clone();
        let counting = Arc::new(Counting {
            store,
            verified: AtomicUsize::new(0),
            down: AtomicBool::new(false),
            executed: Mutex::default(),
        });
        gateway.backend = Arc::clone(&counting) as Arc<dyn Backend>;
        Self { gateway, counting }
    }

    /// Signs in. An error is the reason of the refusal.
    pub(crate) async fn sign_in(
        &self,
        from: &str,
        name: &str,
        secret: &str,
    ) -> Result<(), Refusal> {
        self.with(from, name, secret, (None, None)).await
    }

    /// The same in a dialect that accepts keys as passwords, and whose server locks accounts.
    pub(crate) async fn locking(
        &self,
        from: &str,
        name: &str,
        secret: &str,
    ) -> Result<(), Refusal> {
        let [tokens, _] = namespaces();
        self.with(from, name, secret, (Some(tokens), Some(LOCK))).await
    }

    /// The same in a dialect that does one of the two.
    pub(crate) async fn with(
        &self,
        from: &str,
        name: &str,
        secret: &str,
        (keys, lockout): (Option<IdNamespace>, Option<Lockout>),
    ) -> Result<(), Refusal> {
        let (user, secret) = (UserRef::Name(name.to_owned()), Secret::new(secret));
        let sender = Sender { client: from.parse().ok(), by_proxy: false };
        let pipeline = self.gateway.pipeline().seen_from(sender);
        let answer = pipeline.identify(Credentials::Login { user, secret, keys, lockout }).await;
        answer.map(drop).map_err(|fault| fault.refusal.unwrap())
    }

    /// The number of passwords that were verified since the last call.
    pub(crate) fn verified(&self) -> usize {
        self.counting.verified.swap(0, Ordering::Relaxed)
    }

    /// The commands that were executed since the last call.
    pub(crate) fn executed(&self) -> Vec<Verb> {
        std::mem::take(&mut self.counting.executed.lock().unwrap())
    }
}
