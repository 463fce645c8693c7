//! Gives users groups and permissions, with the canonical role that belongs to them.

use std::sync::Arc;

use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, GroupChange, NewUser, UserPatch};
use isogloss_interop::python::value::{Py, TypeError};
use serde_json::Value;

use crate::dialect::failure::{CRASH, Failure};
use crate::roles::groups::{PERMISSION_KEYS, traits};
use crate::roles::permissions::Permission;
use crate::roles::rights::{GIVEN, Rights};
use crate::roles::role_of;

/// The groups of a new user for whom a caller names none.
pub(crate) fn default_groups(rights: &Rights) -> Vec<String> {
    let default = rights.groups.iter().filter(|group| traits(group).default.truthy());
    default.map(|group| group.name.clone()).collect()
}

/// The groups that a caller names, by key or as objects with a `key`. Unknown ones are left out.
pub(crate) fn groups(rights: &Rights, named: &Py) -> Result<Vec<String>, Failure> {
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

/// The permissions that a caller names. Unknown ones are left out.
pub(crate) fn permissions(rights: &Rights, named: &Py) -> Result<Vec<Arc<Permission>>, TypeError> {
    let named = named.unpack()?;
    let named = named.iter().map(|item| item.get("key").unwrap_or(item));
    Ok(named.filter_map(|key| rights.permission(key.as_str()?)).collect())
}

/// The groups after a change. A group that cannot be toggled (`guests`) is neither added nor
/// removed.
pub(crate) fn toggled(rights: &Rights, before: &[String], wished: &[String]) -> Vec<String> {
    let fixed = |key: &String| rights.find(key).is_some_and(|group| !traits(group).toggleable);
    let remaining = before.iter().filter(|key| fixed(key) || wished.contains(key));
    let added = wished.iter().filter(|key| !fixed(key) && !before.contains(key));
    remaining.chain(added).cloned().collect()
}

/// The change that gives a user these groups and permissions.
pub(crate) fn change(
    rights: &Rights,
    namespace: &IdNamespace,
    before: Role,
    groups: &[String],
    permissions: &[Arc<Permission>],
) -> UserPatch {
    let attributes = attributes(permissions).into_iter();
    let role = role(groups, permissions);
    // OctoPrint has no managers: a manager stays one unless they become an administrator.
    let changes = role == Role::Administrator || before == Role::Administrator;
    UserPatch {
        role: changes.then_some(role),
        groups: Some(group_change(rights, namespace, groups)),
        attributes: attributes.map(|(name, value)| (name, Some(value))).collect(),
        ..UserPatch::default()
    }
}

/// Gives a user who is to be created these groups and permissions.
pub(crate) fn give_new(
    new: &mut NewUser,
    rights: &Rights,
    namespace: &IdNamespace,
    groups: &[String],
    permissions: &[Arc<Permission>],
) {
    new.role = role(groups, permissions);
    new.groups = Some(group_change(rights, namespace, groups));
    new.attributes = attributes(permissions);
}

fn role(groups: &[String], permissions: &[Arc<Permission>]) -> Role {
    let permissions = permissions.iter().map(|permission| permission.key.as_str());
    role_of(groups.iter().map(String::as_str), permissions)
}

fn group_change(rights: &Rights, namespace: &IdNamespace, groups: &[String]) -> GroupChange {
    let named = groups.iter().filter(|key| rights.find(key).is_some());
    let named = named.map(|key| GroupRef::Name(Some(namespace.clone()), key.clone()));
    GroupChange { namespace: namespace.clone(), groups: named.collect() }
}

fn attributes(permissions: &[Arc<Permission>]) -> Attributes {
    let mut keys: Vec<&str> = Vec::new();
    for permission in permissions {
        if !keys.contains(&permission.key.as_str()) {
            keys.push(&permission.key);
        }
    }
    let entries = [(PERMISSION_KEYS, Value::from(keys)), (GIVEN, Value::Bool(true))];
    entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The key of a group in a list. OctoPrint answers 500 to one that Python cannot hash.
fn key_of(item: &Py) -> Result<Option<&str>, Failure> {
    match item {
        Py::Str(key) => Ok(Some(key)),
        Py::Dict(_) => match item.get("key") {
            Some(key) if !key.hashable() => Err(CRASH),
            key => Ok(key.and_then(Py::as_str)),
        },
        Py::None | Py::Bool(_) | Py::Int(_) | Py::Float(_) | Py::Halves(_) | Py::List(_) => {
            Ok(None)
        }
    }
}
