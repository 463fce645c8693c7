//! Roles, as the configuration spells them.

use isogloss_canonical::user::Role;
use serde::{Deserialize, Serialize};

/// A role, as the configuration spells it. A word that is none is refused, never guessed.
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
