//! The methods that read, list and delete user groups.

pub(crate) mod create;
pub(crate) mod update;

use isogloss_canonical::command::Command;
use isogloss_canonical::membership::GroupRef;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::groups::systems;
use crate::dialect::answers::{self, groups};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{find_group, find_own_group, no_such_group, right_of_caller};
use crate::dialect::method::Answer;
use crate::dialect::permissions;
use crate::roles::Right;
use crate::wire::Object;

/// `get_user_group`.
pub(crate) async fn get_user_group(call: &Call<'_>) -> Answer {
    let value = call.required("usergroupid");
    let group = find_group(call, value).await?;
    if right_of_caller(call, &group).await? < Right::Read {
        return Err(no_such_group(value));
    }
    let permissions = Py::List(permissions::list(call, &group).await?);
    let shape = groups::masked(call, &group).await?;
    if !call.differences().permission_summaries {
        return Ok(shape.with("members", permissions).into());
    }
    let none = Object::default().with("repositories", Object::default());
    let none = none.with("repositories_groups", Object::default());
    let summary = systems(&group, "permissions_summary").map_or_else(|| none.into(), Py::from);
    Ok(shape.with("permissions", permissions).with("permissions_summary", summary).into())
}

/// `get_user_groups`.
pub(crate) async fn get_user_groups(call: &Call<'_>) -> Answer {
    let all = call.run(Command::ListGroups(None)).await?.groups()?;
    let mut readable = Vec::new();
    for group in &all {
        if right_of_caller(call, group).await? >= Right::Read {
            readable.push(group);
        }
    }
    Ok(Py::List(groups::with_tokens(call, &readable).await?))
}

/// `delete_user_group`.
pub(crate) async fn delete_user_group(call: &Call<'_>) -> Answer {
    let group = find_own_group(call, call.required("usergroupid")).await?;
    let which = format!("user group ID:{} {}", call.options.group_id(&group), group.name);
    let deleted = call.run(Command::DeleteGroup(GroupRef::from(&group))).await;
    deleted.map_err(|_| Failure::error(format!("failed to delete {which}")))?;
    Ok(answers::done(format!("deleted {which}"), "user_group", Py::None))
}
