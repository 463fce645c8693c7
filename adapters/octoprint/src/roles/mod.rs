//! How the canonical role, groups and rights map to OctoPrint's groups and permissions. Both the
//! dialect and the backend use it.

pub(crate) mod groups;
pub(crate) mod permissions;
pub(crate) mod rights;

#[cfg(test)]
pub(crate) mod tests;

use isogloss_canonical::role::Role;

use crate::roles::groups::ADMINS;
use crate::roles::permissions::ADMIN;

/// The role of a user with these groups and permissions, by their keys. Only the group `admins` and
/// the permission `ADMIN` are the administrator's role. What other groups convey belongs to the
/// group.
pub(crate) fn role_of<'a>(
    groups: impl IntoIterator<Item = &'a str>,
    permissions: impl IntoIterator<Item = &'a str>,
) -> Role {
    let by_group = groups.into_iter().any(|key| key == ADMINS);
    let by_permission = permissions.into_iter().any(|key| key == ADMIN);
    if by_group || by_permission { Role::Administrator } else { Role::User }
}

/// The role as OctoPrint can store it: it has no managers.
pub(crate) fn stored_role(role: Role) -> Role {
    match role {
        Role::Administrator => Role::Administrator,
        Role::Manager | Role::User => Role::User,
    }
}
