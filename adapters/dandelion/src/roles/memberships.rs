//! The group of a user. In Dandelion each user is in exactly one.

use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{GroupChange, User};

use crate::ids::{Gid, NAMESPACE};

/// A reference to a group by its id.
pub(crate) fn group(id: Gid) -> GroupRef {
    GroupRef::Native(NAMESPACE, id.to_string())
}

/// Whether this is a reference by id to a group of a Dandelion server.
pub(crate) fn refers(group: &GroupRef) -> bool {
    match group {
        GroupRef::Native(namespace, _) => *namespace == NAMESPACE,
        GroupRef::Id(id) => id.is_derived(),
        GroupRef::Name(..) => false,
    }
}

/// The id in a server of a group that is referred to by id: 0, which no group has, if it cannot be
/// one of a server.
pub(crate) fn gid_of(group: &GroupRef) -> Gid {
    match group {
        GroupRef::Native(namespace, id) if *namespace == NAMESPACE => Gid::read(id),
        GroupRef::Id(id) => Gid::of_derived(*id).unwrap_or(Gid(0)),
        GroupRef::Native(..) | GroupRef::Name(..) => Gid(0),
    }
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

/// The group that the backend gives to a role with these memberships. A user is in one group, so only
/// a membership in exactly one counts. The role of administrators goes with their group.
pub(crate) fn group_for(role: Role, groups: Option<&GroupChange>) -> Gid {
    let one = groups.filter(|change| change.namespace == NAMESPACE).and_then(|change| {
        let [group] = &*change.groups else { return None };
        Some(gid_of(group))
    });
    match (role, one) {
        (Role::Administrator, _) => Gid::ADMINISTRATORS,
        (Role::Manager | Role::User, None | Some(Gid::ADMINISTRATORS)) => Gid::ORDINARY,
        (Role::Manager | Role::User, Some(group)) => group,
    }
}
