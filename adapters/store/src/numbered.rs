//! How an id namespace numbers its people and groups.

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::namespace::{IdNamespace, Numbering};

/// How one system names what is kept here. One for each adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The system's namespace.
    pub namespace: IdNamespace,
    /// How it names its people.
    pub users: Numbering,
    /// How it names its groups.
    pub groups: Numbering,
    /// Whether the groups it names are the teams; else they are its own sets of rights.
    pub teams: bool,
    /// Whether it shows a key to its owner again, so that the value must be kept, sealed.
    pub shows_keys: bool,
    /// Whether the ids come from the system itself, which may give one again once its holder is
    /// gone. Else no id is ever used twice.
    pub gives_ids: bool,
}

/// A system that starts with sets of rights of its own names those, and never the teams.
impl From<&Adapter> for Numbered {
    fn from(adapter: &Adapter) -> Self {
        Self {
            namespace: IdNamespace::named(adapter.name),
            users: adapter.users,
            groups: adapter.groups,
            teams: (adapter.foundation)().iter().all(|group| group.namespace.is_none()),
            shows_keys: adapter.shows_keys,
            gives_ids: false,
        }
    }
}
