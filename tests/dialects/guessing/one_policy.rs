//! A wrong password counts in every dialect, and whether or not the account exists.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isogloss::auth::guessing::Policy;
use isogloss::proxies::Sender;
use isogloss::sessions::Sessions;
use isogloss_canonical::command::Verb;
use isogloss_canonical::credentials::{Credentials, Lockout};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, Refusal};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::session_store::{Limit, SessionKind, SessionStore, Wait};
use isogloss_canonical::user::UserRef;
use serde_json::Value;

use crate::guessing::scene::{KANBOARD, OWNER, STRANGER, Scene};

const PLAIN: Option<Lockout> = None;
const LOCKING: Option<Lockout> = Some(KANBOARD);

/// Some wrong passwords are sent in the first dialect, and as many as are left in the second. After
/// that no dialect verifies another one.
pub(crate) async fn one_count(policy: &Policy) {
    let free = usize::try_from(policy.guesses).unwrap();
    let orders = [(PLAIN, free, LOCKING), (LOCKING, 7, PLAIN), (PLAIN, 5, LOCKING)];
    for (name, from) in [("ann", STRANGER), ("ann", OWNER), ("nobody", STRANGER)] {
        for (first, times, second) in orders {
            let scene = Scene::new().await;
            scene.sign_in(OWNER, "ann", "right").await.unwrap();
            scene.looked_at();
            let rest = vec![second; free - times];
            for dialect in vec![first; times].into_iter().chain(rest) {
                let answer = scene.with(from, name, "wrong", (None, dialect)).await;
                assert_eq!(answer, Err(Refusal::Unknown), "{name} from {from}: {dialect:?}");
            }
            assert_eq!(scene.looked_at(), free);
            for dialect in [second, first] {
                let answer = scene.with(from, name, "right", (None, dialect)).await;
                assert_eq!(answer, Err(Refusal::Locked), "{name} from {from}: {dialect:?}");
            }
            assert_eq!(scene.looked_at(), 0, "{name} from {from}: {first:?}, {second:?}");
        }
    }
}

/// Each guess comes from another address.
pub(crate) async fn strangers_at_a_name(policy: &Policy) {
    for (lockout, free) in [(PLAIN, policy.account_guesses), (LOCKING, 7)] {
        for name in ["ann", "nobody"] {
            let scene = Scene::new().await;
            for number in 0..free {
                let from = format!("203.0.113.{number}");
                let answer = scene.with(&from, name, "wrong", (None, lockout)).await;
                assert_eq!(answer, Err(Refusal::Unknown), "{name}: {number}, {lockout:?}");
            }
            assert_eq!(scene.looked_at(), usize::try_from(free).unwrap());
            let answer = scene.with(STRANGER, name, "wrong", (None, lockout)).await;
            assert_eq!((answer, scene.looked_at()), (Err(Refusal::Locked), 0), "{name}");
        }
    }
}

/// The calls to the session store and the commands are the same for an account and for an unknown
/// name.
pub(crate) async fn same_cost() {
    for lockout in [PLAIN, LOCKING] {
        let mut costs = Vec::new();
        for name in ["ann", "nobody"] {
            let scene = Scene::new().await;
            let rows = Arc::new(Rows::of(&scene));
            let mut cost = Vec::new();
            for _ in 0..12 {
                let user = UserRef::Name(name.to_owned());
                let keys = lockout.map(|_| IdNamespace::named("kanboard"));
                let login = Credentials::Login { user, secret: "wrong".into(), keys, lockout };
                let sessions = Sessions::of_store(Arc::clone(&rows) as Arc<dyn SessionStore>);
                let sender = Sender { client: STRANGER.parse().ok(), by_proxy: false };
                let pipeline = scene.gateway.pipeline_with(sessions).seen_from(sender);
                pipeline.identify(login).await.unwrap_err();
                let mut commands = scene.executed();
                // An unknown name is looked up again in another case.
                commands.dedup_by(|a, b| a == b && *a == Verb::GetUser);
                cost.push((rows.calls(), commands));
            }
            costs.push(cost);
        }
        assert_eq!(costs[0], costs[1], "{lockout:?}");
        let limits: usize = if lockout.is_some() { 3 } else { 2 };
        assert!(costs[0][0].0.contains(&format!("attempt at {limits}")), "{:?}", costs[0][0]);
    }
}

/// A session store that lists what it is asked for.
#[derive(Debug)]
struct Rows {
    store: isogloss_store::Store,
    calls: Mutex<Vec<String>>,
}

impl Rows {
    fn of(scene: &Scene) -> Self {
        Self { store: scene.gateway.store.clone(), calls: Mutex::default() }
    }

    fn note(&self, call: String) {
        self.calls.lock().unwrap().push(call);
    }

    fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

#[async_trait]
impl SessionStore for Rows {
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault> {
        self.note(format!("recall {kind}"));
        self.store.recall(kind, key).await
    }

    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault> {
        self.note(format!("remember {kind}"));
        self.store.remember(kind, key, value, lasting).await
    }

    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault> {
        self.note(format!("renew {kind}"));
        self.store.renew(kind, key, value, lasting).await
    }

    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault> {
        self.note(format!("forget {kind}"));
        self.store.forget(kind, key).await
    }

    async fn count(&self, kind: SessionKind, key: &str, window: Duration) -> Result<u64, Fault> {
        self.note(format!("count {kind}"));
        self.store.count(kind, key, window).await
    }

    async fn attempt(&self, limits: &[Limit]) -> Result<Option<Wait>, Fault> {
        self.note(format!("attempt at {}", limits.len()));
        self.store.attempt(limits).await
    }

    async fn clear_attempts(&self, forget: &[Limit], back: &[Limit]) -> Result<(), Fault> {
        self.note(format!("settle {} and {}", forget.len(), back.len()));
        self.store.clear_attempts(forget, back).await
    }

    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault> {
        self.store.sign(kind, text)
    }
}
