//! The session store of one backend. No backend sees a session, a pending decision or a counter of
//! another one.
//!
//! Two backends can have people with the same native id or name. So the values of a dialect are
//! stored under the name of the route's backend. The pipeline accepts only [`Sessions`], so that no
//! dialect can get the whole store.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::{Limit, SessionKind, SessionStore, Wait};
use serde_json::Value;

/// The part of a session store that belongs to one backend.
#[derive(Clone, Debug)]
pub struct Sessions {
    all: Arc<dyn SessionStore>,
    scope: Option<String>,
}

impl Sessions {
    /// The session store of the embedded store's users.
    #[must_use]
    pub fn of_store(all: Arc<dyn SessionStore>) -> Self {
        Self { all, scope: None }
    }

    /// The session store of a remote backend with this name.
    #[must_use]
    pub fn of_system(name: &str, all: Arc<dyn SessionStore>) -> Self {
        Self { all, scope: Some(name.to_owned()) }
    }

    fn limits(&self, limits: &[Limit]) -> Vec<Limit> {
        limits.iter().map(|limit| self.limit(limit)).collect()
    }

    fn limit(&self, limit: &Limit) -> Limit {
        let group = limit.group.as_ref().map(|group| self.scoped(group));
        Limit { key: self.scoped(&limit.key), group, ..limit.clone() }
    }

    /// The stored form of a key. Two different pairs of backend and key never have the same form,
    /// although a client can choose any cookie.
    fn scoped(&self, key: &str) -> String {
        match &self.scope {
            Some(name) => format!("\0{}:{name}:{key}", name.len()),
            None if key.starts_with('\0') => format!("\0store:{key}"),
            None => key.to_owned(),
        }
    }
}

#[async_trait]
impl SessionStore for Sessions {
    async fn recall(&self, kind: SessionKind, key: &str) -> Result<Option<Value>, Fault> {
        self.all.recall(kind, &self.scoped(key)).await
    }

    async fn recall_all(
        &self,
        kind: SessionKind,
        keys: &[String],
    ) -> Result<Vec<Option<Value>>, Fault> {
        let keys: Vec<_> = keys.iter().map(|key| self.scoped(key)).collect();
        self.all.recall_all(kind, &keys).await
    }

    async fn remember(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<(), Fault> {
        self.all.remember(kind, &self.scoped(key), value, lasting).await
    }

    async fn renew(
        &self,
        kind: SessionKind,
        key: &str,
        value: Value,
        lasting: Duration,
    ) -> Result<bool, Fault> {
        self.all.renew(kind, &self.scoped(key), value, lasting).await
    }

    async fn forget(&self, kind: SessionKind, key: &str) -> Result<bool, Fault> {
        self.all.forget(kind, &self.scoped(key)).await
    }

    async fn count(&self, kind: SessionKind, key: &str, window: Duration) -> Result<u64, Fault> {
        self.all.count(kind, &self.scoped(key), window).await
    }

    async fn attempt(&self, limits: &[Limit]) -> Result<Option<Wait>, Fault> {
        self.all.attempt(&self.limits(limits)).await
    }

    async fn waiting(&self, limits: &[Limit]) -> Result<Vec<u64>, Fault> {
        self.all.waiting(&self.limits(limits)).await
    }

    async fn clear_attempts(&self, forget: &[Limit], back: &[Limit]) -> Result<(), Fault> {
        self.all.clear_attempts(&self.limits(forget), &self.limits(back)).await
    }

    fn sign(&self, kind: SessionKind, text: &str) -> Result<String, Fault> {
        self.all.sign(kind, &self.scoped(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use isogloss_store::Store;

    async fn store(folder: &tempfile::TempDir) -> Arc<dyn SessionStore> {
        Arc::new(Store::open(folder.path(), Vec::new()).await.unwrap())
    }

    const KIND: SessionKind = "test.session";
    const LONG: Duration = Duration::from_hours(1);

    #[tokio::test]
    async fn a_key_of_one_backend_opens_nothing_at_another() {
        let folder = tempfile::tempdir().unwrap();
        let all = store(&folder).await;
        let old = Sessions::of_system("old", Arc::clone(&all));
        old.remember(KIND, "cookie", 1.into(), LONG).await.unwrap();
        let others = [
            Sessions::of_system("new", Arc::clone(&all)),
            Sessions::of_system("", Arc::clone(&all)),
            Sessions::of_system("3:old", Arc::clone(&all)),
            Sessions::of_store(all),
        ];
        // The stored form is not secret.
        for key in ["cookie", "\x003:old:cookie", "\0store:cookie", ":cookie"] {
            for other in &others {
                assert_eq!(other.recall(KIND, key).await.unwrap(), None, "{other:?} {key:?}");
                assert!(!other.forget(KIND, key).await.unwrap(), "{other:?} {key:?}");
            }
        }
        assert_eq!(old.recall(KIND, "cookie").await.unwrap(), Some(1.into()));
        let kept: Vec<_> = others.iter().map(|one| one.scoped("\x003:old:cookie")).collect();
        assert!(!kept.contains(&old.scoped("cookie")), "{kept:?}");
    }

    #[tokio::test]
    async fn what_was_forgotten_is_not_renewed() {
        let folder = tempfile::tempdir().unwrap();
        let own = Sessions::of_system("old", store(&folder).await);
        assert!(!own.renew(KIND, "cookie", 1.into(), LONG).await.unwrap());
        own.remember(KIND, "cookie", 1.into(), LONG).await.unwrap();
        assert!(own.renew(KIND, "cookie", 2.into(), LONG).await.unwrap());
        assert_eq!(own.recall(KIND, "cookie").await.unwrap(), Some(2.into()));
        own.forget(KIND, "cookie").await.unwrap();
        assert!(!own.renew(KIND, "cookie", 3.into(), LONG).await.unwrap());
        own.remember(KIND, "short", 1.into(), Duration::ZERO).await.unwrap();
        assert!(!own.renew(KIND, "short", 3.into(), LONG).await.unwrap());
        for key in ["cookie", "short"] {
            assert_eq!(own.recall(KIND, key).await.unwrap(), None, "{key}");
        }
    }

    #[tokio::test]
    async fn each_backend_counts_and_signs_for_itself() {
        let folder = tempfile::tempdir().unwrap();
        let all = store(&folder).await;
        let (old, new) = (
            Sessions::of_system("old", Arc::clone(&all)),
            Sessions::of_system("new", Arc::clone(&all)),
        );
        for expected in 1..4 {
            assert_eq!(old.count(KIND, "guesses", LONG).await.unwrap(), expected);
        }
        assert_eq!(new.count(KIND, "guesses", LONG).await.unwrap(), 1);
        let signed = old.sign(KIND, "token").unwrap();
        assert!(old.is_signed(KIND, "token", &signed).unwrap());
        assert!(!new.is_signed(KIND, "token", &signed).unwrap());
        assert!(!old.is_signed("test.other", "token", &signed).unwrap());
        assert!(!old.is_signed(KIND, "token2", &signed).unwrap());
    }
}
