//! Who is signed in, and since when.

use isogloss_canonical::user::{User, UserId, UserRef};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A user who signed in, with the time of the password they had then. A new password ends sessions
/// and remembered logins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SignedIn {
    pub(crate) user: Uuid,
    pub(crate) password_changed: Timestamp,
    /// The user's `sessions_since` at that time. A deactivation moves it, which ends the session and
    /// the remembered login.
    #[serde(rename = "era")]
    pub(crate) sessions_since: Timestamp,
}

impl SignedIn {
    /// A user who signs in now.
    pub(crate) fn now(user: &User) -> Self {
        let (password_changed, sessions_since) = (user.password_changed, user.sessions_since);
        Self { user: user.id.0, password_changed, sessions_since }
    }

    /// The user, by canonical id: no other user ever has it.
    pub(crate) fn person(&self) -> UserRef {
        UserRef::Id(UserId(self.user))
    }
}
