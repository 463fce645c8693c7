//! Giving people groups and permissions, and the role that goes with them.

use isogloss_canonical::group::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{Attributes, GroupChange, NewUser, Role, UserPatch};
use serde_json::Value;

use super::answers::{CRASH, Refusal};
use crate::permissions::Permission;
use crate::pyjson::{Py, TypeError};
use crate::rights::{ADMINS, GIVEN, PERMISSION_KEYS, Rights, traits};

/// The groups that new people get.
pub(crate) fn default_groups(rights: &Rights) -> Vec<String> {
    let default = rights.groups.iter().filter(|group| traits(group).default.truthy());
    default.map(|group| group.name.clone()).collect()
}

/// The groups that a caller names: by key, or by objects with a `key`; unknown ones are dropped.
pub(crate) fn groups(rights: &Rights, named: &Py) -> Result<Vec<String>, Refusal> {
    let mut groups = Vec::new();
    for item in named.unpack()? {
        let key = key_of(&item)?;
        if let Some(group) = key.and_then(|key| rights.find(key))
            && !groups.contains(&group.name)
        {
            groups.push(group.name.clone());
        }
    }
    Ok(groups)
}

/// The permissions that a caller names; unknown ones are dropped.
pub(crate) fn permissions(
    rights: &Rights,
    named: &Py,
) -> Result<Vec<&'static Permission>, TypeError> {
    let named = named.unpack()?;
    let named = named.iter().map(|item| item.get("key").unwrap_or(item));
    Ok(named.filter_map(|key| rights.permission(key.as_str()?)).collect())
}

/// The groups after a change: one that cannot be toggled (`guests`) neither comes nor goes.
pub(crate) fn toggled(rights: &Rights, before: &[String], wished: &[String]) -> Vec<String> {
    let fixed = |key: &String| rights.find(key).is_some_and(|group| !traits(group).toggleable);
    let stay = before.iter().filter(|key| fixed(key) || wished.contains(key));
    let come = wished.iter().filter(|key| !fixed(key) && !before.contains(key));
    stay.chain(come).cloned().collect()
}

/// The change that gives somebody these groups and permissions.
pub(crate) fn change(
    rights: &Rights,
    namespace: &IdNamespace,
    before: Role,
    groups: &[String],
    permissions: &[&'static Permission],
) -> UserPatch {
    let attributes = attributes(permissions).into_iter();
    let role = role(groups, permissions);
    // What other systems have between the two (a manager) stays.
    let changes = role == Role::Administrator || before == Role::Administrator;
    UserPatch {
        role: changes.then_some(role),
        groups: Some(group_change(rights, namespace, groups)),
        attributes: attributes.map(|(name, value)| (name, Some(value))).collect(),
        ..UserPatch::default()
    }
}

/// Gives somebody who is about to be created these groups and permissions.
pub(crate) fn give_new(
    new: &mut NewUser,
    rights: &Rights,
    namespace: &IdNamespace,
    groups: &[String],
    permissions: &[&'static Permission],
) {
    new.role = role(groups, permissions);
    new.groups = Some(group_change(rights, namespace, groups));
    new.attributes = attributes(permissions);
}

/// The `admins` group and the permission ADMIN are the administrator's role; what other groups
/// convey goes with the group.
fn role(groups: &[String], permissions: &[&'static Permission]) -> Role {
    let group = groups.iter().any(|key| key == ADMINS);
    let permission = permissions.iter().any(|permission| permission.key == "ADMIN");
    if group || permission { Role::Administrator } else { Role::User }
}

fn group_change(rights: &Rights, namespace: &IdNamespace, groups: &[String]) -> GroupChange {
    let ids = groups.iter().filter_map(|key| rights.find(key)).map(GroupRef::from).collect();
    GroupChange { namespace: namespace.clone(), groups: ids }
}

fn attributes(permissions: &[&'static Permission]) -> Attributes {
    let mut keys: Vec<&str> = Vec::new();
    for permission in permissions {
        if !keys.contains(&permission.key) {
            keys.push(permission.key);
        }
    }
    let entries = [(PERMISSION_KEYS, Value::from(keys)), (GIVEN, Value::Bool(true))];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// A group's key in a list; an unhashable one crashes.
fn key_of(item: &Py) -> Result<Option<&str>, Refusal> {
    match item {
        Py::Str(key) => Ok(Some(key)),
        Py::Dict(_) => match item.get("key") {
            Some(key) if !key.hashable() => Err(CRASH),
            key => Ok(key.and_then(Py::as_str)),
        },
        _ => Ok(None),
    }
}
