//! What the parts of one backend's store share.

use std::sync::Arc;

use isogloss_canonical::fault::Fault;
use isogloss_canonical::namespace::{IdNamespace, Numbering};

use crate::database::{Database, claim_meta};
use crate::health::Health;
use crate::numbered::Numbered;
use crate::passwords::Passwords;
use crate::sealing::Seals;
use crate::sql::Connection;
use crate::write_counts::WriteCounts;

/// The rows of one backend in the state database.
pub(crate) struct Inner {
    /// The name of the backend. The embedded store has the name ''.
    pub(crate) backend: String,
    pub(crate) namespaces: Vec<Numbered>,
    pub(crate) seals: Arc<Seals>,
    pub(crate) database: Arc<Database>,
    pub(crate) passwords: Arc<Passwords>,
    pub(crate) pruning: Arc<WriteCounts>,
    pub(crate) health: Arc<Health>,
}

impl Inner {
    pub(crate) fn shows_keys(&self, namespace: &IdNamespace) -> bool {
        self.namespaces.iter().any(|known| known.namespace == *namespace && known.shows_keys)
    }

    /// Whether everybody has a number in this namespace.
    pub(crate) fn numbers_users(&self, namespace: &IdNamespace) -> bool {
        let is_it = |known: &&Numbered| known.namespace == *namespace;
        self.namespaces.iter().find(is_it).is_some_and(|known| known.users != Numbering::Names)
    }

    /// Reads a single value of this backend.
    pub(crate) async fn meta(&self, name: &str) -> Result<Option<String>, Fault> {
        self.database.meta(&self.own(name)).await
    }

    /// Sets a single value of this backend if it is not set yet. Answers whether it did.
    pub(crate) async fn claim_meta(&self, name: &str, value: &str) -> Result<bool, Fault> {
        self.database.claim_meta(&self.own(name), value).await
    }

    /// The same in a transaction.
    pub(crate) async fn claim_meta_in(
        &self,
        write: &mut Connection,
        name: &str,
        value: &str,
    ) -> Result<bool, Fault> {
        claim_meta(write, &self.own(name), value).await
    }

    /// The name of a value of this backend in the table `meta`.
    fn own(&self, name: &str) -> String {
        match self.backend.as_str() {
            "" => name.to_owned(),
            backend => of_backend(name, backend),
        }
    }
}

/// The name of a value of a remote backend in the table `meta`.
pub(crate) fn of_backend(name: &str, backend: &str) -> String {
    format!("{name} of {backend}")
}
