//! How an id namespace numbers its users and groups.

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::namespace::{IdNamespace, Numbering};

/// How one system names the users and groups of the store. There is one for each adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbered {
    /// The system's namespace.
    pub namespace: IdNamespace,
    /// How it names its users.
    pub users: Numbering,
    /// How it names its groups.
    pub groups: Numbering,
    /// Whether its groups are teams. If not, they are its own rights groups.
    pub teams: bool,
    /// Whether it shows a key to its owner again. Then the value must be stored, encrypted.
    pub shows_keys: bool,
    /// Whether the ids come from the remote system. It can give the id of a deleted user to a new
    /// one. Otherwise no id is ever used twice.
    pub gives_ids: bool,
}

/// A system that has rights groups from the start numbers those, and not the teams.
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
