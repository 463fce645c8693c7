//! The rights on user groups: owners, grants and revokes, by RhodeCode's own methods.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{Group, RightChange, RightHolder};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::UserRef;
use serde_json::Value;

use crate::backend::api::{Api, Arguments, only};
use crate::backend::fault::unexpected;
use crate::backend::row::group::GroupRow;
use crate::backend::row::parsed_id;
use crate::roles::Right;
use crate::wire::DEFAULT_USER_ID;

/// The id of the new owner, if a change has one.
pub(super) fn owner(api: &Api, changes: &[RightChange]) -> Result<Option<Value>, Fault> {
    let owner = changes.iter().rev().find_map(|change| match change {
        RightChange::Owner(holder) => Some(holder),
        RightChange::Grant(..) | RightChange::Revoke(_) => None,
    });
    let Some(owner) = owner else { return Ok(None) };
    match id_of(api, owner)? {
        Holder::User(id) => Ok(Some(id.into())),
        Holder::Group(_) => Err(unexpected("a user group cannot own another")),
    }
}

/// Revokes and grants rights on a group. What is taken goes before what is given.
pub(super) async fn change(api: &Api, group: i64, changes: &[RightChange]) -> Result<bool, Fault> {
    let mut calls = Vec::new();
    for change in changes {
        match change {
            RightChange::Owner(_) => {}
            RightChange::Revoke(holder) => calls.push((id_of(api, holder)?, None)),
            RightChange::Grant(holder, right) => calls.push((id_of(api, holder)?, Some(right))),
        }
    }
    calls.sort_by_key(|(_, right)| right.is_some());
    for (holder, right) in &calls {
        set(api, group, holder, right.map(String::as_str)).await?;
    }
    Ok(!calls.is_empty())
}

/// Who holds a right, by the server's own id.
#[derive(Clone, Copy, Debug)]
enum Holder {
    User(i64),
    Group(i64),
}

fn id_of(api: &Api, holder: &RightHolder) -> Result<Holder, Fault> {
    let own = &api.service.namespace;
    match holder {
        RightHolder::Everybody => Ok(Holder::User(DEFAULT_USER_ID)),
        RightHolder::Person(UserRef::Native(namespace, id)) if namespace == own => {
            parsed_id(id).map(Holder::User).ok_or_else(|| Fault::not_found(Subject::User))
        }
        RightHolder::Group(GroupRef::Native(namespace, id)) if namespace == own => {
            parsed_id(id).map(Holder::Group).ok_or_else(|| Fault::not_found(Subject::Group))
        }
        RightHolder::Person(_) | RightHolder::Group(_) => {
            Err(unexpected("a holder of a right who is not named by the server's id"))
        }
    }
}

/// Grants a right, or (`None`) revokes that of the holder. The server must say that it did.
async fn set(api: &Api, group: i64, holder: &Holder, right: Option<&str>) -> Result<(), Fault> {
    let mut args = only("usergroupid", group);
    let method = match (holder, right) {
        (Holder::User(_), Some(_)) => "grant_user_permission_to_user_group",
        (Holder::User(_), None) => "revoke_user_permission_from_user_group",
        (Holder::Group(_), Some(_)) => "grant_user_group_permission_to_user_group",
        (Holder::Group(_), None) => "revoke_user_group_permission_from_user_group",
    };
    match holder {
        Holder::User(id) => args.insert("userid".to_owned(), (*id).into()),
        Holder::Group(id) => args.insert("sourceusergroupid".to_owned(), (*id).into()),
    };
    if let Some(right) = right {
        args.insert("perm".to_owned(), right.into());
    }
    did(api, method, args).await
}

/// Calls a method that says whether it succeeded.
async fn did(api: &Api, method: &str, args: Arguments) -> Result<(), Fault> {
    match api.call(method, args).await?.get("success") {
        Some(Value::Bool(true)) => Ok(()),
        _ => Err(unexpected("an answer that does not say that the right was changed")),
    }
}

/// Makes the built-in user a member of a group, or no longer. It is no fault if nothing changes.
pub(super) async fn set_default_member(api: &Api, group: i64, on: bool) -> Result<(), Fault> {
    let mut args = only("usergroupid", group);
    args.insert("userid".to_owned(), DEFAULT_USER_ID.into());
    let method = if on { "add_user_to_user_group" } else { "remove_user_from_user_group" };
    match api.call(method, args).await?.get("success") {
        Some(Value::Bool(_)) => Ok(()),
        _ => Err(unexpected("neither done nor refused")),
    }
}

/// The group of this row, with the members of the groups that may change it among those who may. The
/// server lists such a group by its name only.
pub(super) async fn with_changing_groups(
    api: &Api,
    row: &Value,
    mut group: Group,
) -> Result<Group, Fault> {
    for right in GroupRow::of(row)?.rights() {
        if right.is_group && right.right == Right::Admin.name() {
            let other = api.call("get_user_group", only("usergroupid", right.holder)).await;
            match other {
                Ok(other) => group.changers.extend(GroupRow::of(&other)?.active_members()),
                // It was deleted or renamed in the meantime: its right is nobody's.
                Err(fault) if fault.is_absence_of(Subject::Group) => {}
                Err(fault) => return Err(fault),
            }
        }
    }
    Ok(group)
}
