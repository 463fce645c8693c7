//! The rows that answers show.

use serde_json::{Map, Value, json};

use super::caller::LOCKS;
use super::{Group, User};

/// The end of a lock that does not end during a test.
const FAR: i64 = 4_102_444_800;
/// The columns that a user does not see of themselves.
const HIDDEN: [&str; 4] = ["password", "is_admin", "twofactor_secret", "is_project_admin"];

impl User {
    /// The row of the table.
    pub(super) fn row(&self) -> Value {
        json!({"id": self.id, "username": self.username, "password": self.hash,
            "is_admin": i64::from(self.id == 1), "is_ldap_user": 0, "name": self.name,
            "email": self.email, "google_id": null, "github_id": null, "notifications_enabled": 0,
            "timezone": null, "language": null, "disable_login_form": 0,
            "twofactor_activated": i64::from(self.second_factor.is_some()),
            "twofactor_secret": self.second_factor, "token": "", "notifications_filter": 4,
            "nb_failed_login": self.failures,
            "lock_expiration_date": if self.failures >= LOCKS { FAR } else { 0 },
            "is_project_admin": 0, "gitlab_id": null, "role": self.role,
            "is_active": i64::from(self.active), "avatar_path": null,
            "api_access_token": self.token, "filter": null, "theme": "light"})
    }

    /// The row as a user sees their own: without secrets, unless they are null.
    pub(super) fn as_themselves(&self) -> Value {
        let mut row = self.columns();
        for name in HIDDEN {
            if !row[name].is_null() {
                row.remove(name);
            }
        }
        row["is_ldap_user"] = json!(false);
        row["twofactor_activated"] = json!(self.second_factor.is_some());
        row.into()
    }

    /// The row of a member of a group.
    pub(super) fn as_member(&self, group: i64) -> Value {
        let both = json!({"group_id": group, "user_id": self.id});
        let mut row = both.as_object().cloned().unwrap();
        row.extend(self.columns());
        row.into()
    }

    fn columns(&self) -> Map<String, Value> {
        self.row().as_object().cloned().unwrap()
    }
}

impl Group {
    /// The row of the table.
    pub(super) fn row(&self) -> Value {
        json!({"id": self.id, "external_id": self.external_id, "name": self.name})
    }
}
