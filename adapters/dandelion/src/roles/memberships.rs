//! The group of a user. In Dandelion each user is in exactly one.

use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{GroupChange, User};

use crate::ids::{Gid, NAMESPACE};

/// A reference to a group by its id.
pub(crate) fn group(id: Gid) -> GroupRef {
    GroupRef::Native(NAMESPACE, id.to_string())
}

/// A change that puts a user into one group.
pub(crate) fn membership(id: Gid) -> GroupChange {
    GroupChange { namespace: NAMESPACE, groups: vec![group(id)] }
}

/// The role that a group gives. The rights of any other group are those of an ordinary user.
pub(crate) fn role_of(group: Gid) -> Role {
    if group == Gid::ADMINISTRATORS { Role::Administrator } else { Role::User }
}

/// The group that the dialect shows. For administrators the role decides. The ids of groups are
/// in Dandelion's own namespace, whichever namespace the route has for users.
pub(crate) fn group_of(user: &User) -> Gid {
    if user.role == Role::Administrator {
        return Gid::ADMINISTRATORS;
    }
    let own = user
        .groups
        .iter()
        .find(|group| group.namespace.as_ref() == Some(&NAMESPACE) && group.confers.is_none());
    own.and_then(|group| group.ids.get(&NAMESPACE)).map_or(Gid::ORDINARY, |id| Gid::read(id))
}

/// The group that the backend gives to a role with these memberships. Only the membership in the
/// group of guests counts: other groups exist in the gateway only.
pub(crate) fn group_for(role: Role, groups: Option<&GroupChange>) -> Gid {
    let is_guest = groups.is_some_and(|change| *change == membership(Gid::GUESTS));
    match role {
        Role::Administrator => Gid::ADMINISTRATORS,
        Role::Manager | Role::User if is_guest => Gid::GUESTS,
        Role::Manager | Role::User => Gid::ORDINARY,
    }
}
