//! A handle to the records of one remote system.

use std::fmt;

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::user::User;

use crate::inner::Inner;
use crate::sidecar::decision::Prints;
use crate::store::Store;

/// The facts about a remote system that its sidecar needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSystem {
    /// The backend's name in the configuration, for the log.
    pub backend: String,
    /// The system's own id namespace.
    pub namespace: IdNamespace,
    /// How it numbers its people.
    pub numbering: Numbering,
    /// Whether it stores e-mail addresses.
    pub emails: bool,
    /// Whether it stores whether an account is active.
    pub activity: bool,
    /// Whether it stores memberships in its own rights groups.
    pub groups: bool,
}

/// The records of one remote system. Clones share one database.
#[derive(Clone)]
pub struct Records {
    pub(super) store: Store,
    pub(super) system: RemoteSystem,
}

impl Store {
    /// The records of a remote system.
    #[must_use]
    pub fn records(&self, system: RemoteSystem) -> Records {
        Records { store: self.clone(), system }
    }
}

impl fmt::Debug for Records {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Records").field("system", &self.system).finish_non_exhaustive()
    }
}

impl Records {
    /// The same records, with the backend's name for the log.
    #[must_use]
    pub fn of_backend(mut self, name: &str) -> Self {
        name.clone_into(&mut self.system.backend);
        self
    }

    /// The store of the records.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    pub(super) fn inner(&self) -> &Inner {
        &self.store.0
    }

    pub(super) fn native<'u>(&self, user: &'u User) -> Result<&'u str, Fault> {
        let native = match self.system.numbering {
            Numbering::Names => Some(user.username.as_str()),
            Numbering::From(_) => user.native(&self.system.namespace),
        };
        native.ok_or_else(|| {
            Fault::new(FaultKind::Unexpected, "a person without an id of the system")
        })
    }

    pub(super) fn prints(&self, user: &User) -> Prints {
        let print = |what: &str, text: &str| self.inner().seals.digest(what, text);
        let evidence = &user.evidence;
        Prints {
            secret: evidence.secret.as_ref().map(|own| print("evidence secret", own.expose())),
            created: evidence.created.as_ref().map(|own| print("evidence created", own)),
        }
    }
}
