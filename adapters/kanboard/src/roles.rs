//! Kanboard's names of the roles, and how a role that it does not know is stored.

use isogloss_canonical::role::Role;
use isogloss_canonical::user::{AttributeChanges, User};
use serde_json::Value;

use crate::wire::attributes::ODD_ROLE;

/// The roles and Kanboard's names of them.
const ROLES: [(Role, &str); 3] =
    [(Role::Administrator, "app-admin"), (Role::Manager, "app-manager"), (Role::User, "app-user")];

/// Kanboard's name of a role.
pub(crate) const fn role_name(role: Role) -> &'static str {
    match role {
        Role::Administrator => ROLES[0].1,
        Role::Manager => ROLES[1].1,
        Role::User => ROLES[2].1,
    }
}

/// The role of this name; `None` if Kanboard has no such role.
pub(crate) fn role_named(name: &str) -> Option<Role> {
    ROLES.iter().find(|(_, own)| *own == name).map(|(role, _)| *role)
}

/// How a role that a caller wrote is stored: the canonical role, and an attribute with the text
/// itself if Kanboard has no such role. Such a text gives no right: the canonical role is the least.
pub(crate) fn role_to_store(name: &str) -> (Role, AttributeChanges) {
    let role = role_named(name);
    let odd = if role.is_none() { Some(Value::from(name)) } else { None };
    (role.unwrap_or_default(), AttributeChanges::from([(ODD_ROLE.to_owned(), odd)]))
}

/// The role that a row shows. The stored text counts only while the canonical role is the least.
pub(crate) fn role_shown(user: &User) -> &str {
    match user.attribute(ODD_ROLE) {
        Some(Value::String(odd)) if user.role == Role::User => odd,
        _ => role_name(user.role),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_is_read_back() {
        for (role, name) in ROLES {
            assert_eq!((role_name(role), role_named(name)), (name, Some(role)));
        }
        assert_eq!(role_named("APP-USER"), None);
    }
}
