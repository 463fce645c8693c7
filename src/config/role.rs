//! The names of roles in the configuration.

use isogloss_canonical::role::Role;
use serde::{Deserialize, Serialize};

/// A role in the configuration. An unknown word is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "each is the role of that name")]
pub enum RoleWord {
    User,
    Manager,
    Administrator,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::User => Self::User,
            RoleWord::Manager => Self::Manager,
            RoleWord::Administrator => Self::Administrator,
        }
    }
}
