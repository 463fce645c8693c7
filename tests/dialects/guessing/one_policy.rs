//! A wrong password counts in every dialect, and whether or not the account exists.

use std::sync::Arc;

use isogloss::auth::guessing::Policy;
use isogloss::proxies::Sender;
use isogloss::sessions::Sessions;
use isogloss_canonical::credentials::{Credentials, Lockout};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Refusal;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use isogloss_testkit::scripted::recorded_store::RecordedStore;

use crate::guessing::fixture::{Fixture, LOCK, OWNER, STRANGER, namespaces};

const PLAIN: Option<Lockout> = None;
const LOCKING: Option<Lockout> = Some(LOCK);

/// Some wrong passwords are sent in the first dialect, and as many as are left in the second. After
/// that no dialect verifies another one.
pub(crate) async fn one_count(policy: &Policy) {
    let free = usize::try_from(policy.guesses).unwrap();
    let orders = [(PLAIN, free, LOCKING), (LOCKING, 7, PLAIN), (PLAIN, 5, LOCKING)];
    for (name, from) in [("ann", STRANGER), ("ann", OWNER), ("nobody", STRANGER)] {
        for (first, times, second) in orders {
            let fixture = Fixture::new().await;
            fixture.sign_in(OWNER, "ann", "right").await.unwrap();
            fixture.verified();
            let rest = vec![second; free - times];
            for dialect in vec![first; times].into_iter().chain(rest) {
                let answer = fixture.with(from, name, "wrong", (None, dialect)).await;
                assert_eq!(answer, Err(Refusal::Unknown), "{name} from {from}: {dialect:?}");
            }
            assert_eq!(fixture.verified(), free);
            for dialect in [second, first] {
                let answer = fixture.with(from, name, "right", (None, dialect)).await;
                assert_eq!(answer, Err(Refusal::Locked), "{name} from {from}: {dialect:?}");
            }
            assert_eq!(fixture.verified(), 0, "{name} from {from}: {first:?}, {second:?}");
        }
    }
}

/// Each guess comes from another address.
pub(crate) async fn strangers_at_a_name(policy: &Policy) {
    for (lockout, free) in [(PLAIN, policy.account_guesses), (LOCKING, 7)] {
        for name in ["ann", "nobody"] {
            let fixture = Fixture::new().await;
            for number in 0..free {
                let from = format!("203.0.113.{number}");
                let answer = fixture.with(&from, name, "wrong", (None, lockout)).await;
                assert_eq!(answer, Err(Refusal::Unknown), "{name}: {number}, {lockout:?}");
            }
            assert_eq!(fixture.verified(), usize::try_from(free).unwrap());
            let answer = fixture.with(STRANGER, name, "wrong", (None, lockout)).await;
            assert_eq!((answer, fixture.verified()), (Err(Refusal::Locked), 0), "{name}");
        }
    }
}

/// The calls to the session store and the commands are the same for an account and for an unknown
/// name.
pub(crate) async fn same_cost() {
    for lockout in [PLAIN, LOCKING] {
        let mut costs = Vec::new();
        for name in ["ann", "nobody"] {
            let fixture = Fixture::new().await;
            let store = RecordedStore::over(Arc::new(fixture.gateway.store.clone()));
            let mut cost = Vec::new();
            for _ in 0..12 {
                let user = UserRef::Name(name.to_owned());
                let keys = lockout.map(|_| namespaces()[0].clone());
                let login = Credentials::Login { user, secret: "wrong".into(), keys, lockout };
                let sessions = Sessions::of_store(store.clone());
                let sender = Sender { client: STRANGER.parse().ok(), by_proxy: false };
                let pipeline = fixture.gateway.pipeline_with(sessions).seen_from(sender);
                pipeline.identify(login).await.unwrap_err();
                let mut commands = fixture.executed();
                // An unknown name is looked up again in another case.
                commands.dedup_by(|a, b| a == b && *a == Verb::GetUser);
                let calls: Vec<_> = store.take().into_iter().map(|call| call.about).collect();
                cost.push((calls, commands));
            }
            costs.push(cost);
        }
        assert_eq!(costs[0], costs[1], "{lockout:?}");
        let limits: usize = if lockout.is_some() { 4 } else { 3 };
        assert!(costs[0][0].0.contains(&format!("attempt {limits}")), "{:?}", costs[0][0]);
    }
}
