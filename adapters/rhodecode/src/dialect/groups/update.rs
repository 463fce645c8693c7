//! `update_user_group`.

use isogloss_canonical::command::Command;
use isogloss_canonical::group::{Group, GroupPatch, RightChange};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::{self, groups};
use crate::dialect::arguments::{self, Refused};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{FoundUser, find_own_group, find_user};
use crate::dialect::method::Answer;
use crate::roles::Permissions;
use crate::wire::attribute;

/// `update_user_group`.
pub(crate) async fn update_user_group(call: &Call<'_>) -> Answer {
    let value = call.required("usergroupid");
    let failed = || Failure::error(format!("failed to update user group `{}`", value.to_text()));
    let group = find_own_group(call, value).await?;
    let owner = match call.argument("owner") {
        Some(owner) => Some(find_user(call, owner).await?),
        None => None,
    };
    let patch = patch(call, &group, owner.as_ref()).map_err(|_| failed())?;
    let changed = Command::UpdateGroup(GroupRef::from(&group), Box::new(patch));
    let changed = call.run(changed).await.and_then(Outcome::group);
    let group = changed.map_err(|_| failed())?;
    let shape = groups::with_tokens(call, &[&group]).await?.pop().unwrap_or(Py::None);
    let id = call.options.group_id(&group);
    Ok(answers::done(format!("updated user group ID:{id} {}", group.name), "user_group", shape))
}

/// The change that the arguments ask for. Nothing is validated: the database refuses what it cannot
/// store.
fn patch(call: &Call<'_>, group: &Group, owner: Option<&FoundUser>) -> Result<GroupPatch, Refused> {
    // The previous owner gets a permission of their own.
    let mut patch = match owner {
        Some(owner) => {
            let rights = vec![RightChange::Owner(owner.holder().in_change())];
            GroupPatch { rights, ..Permissions::of(group).patch() }
        }
        None => GroupPatch::default(),
    };
    let mut store = |name: &str, value: Option<Value>| {
        if value.is_some() || group.attributes.contains_key(name) {
            patch.attributes.insert(name.to_owned(), value);
        }
    };
    if let Some(owner) = owner {
        let default = matches!(owner, FoundUser::Default);
        store(attribute::DEFAULT_OWNER, default.then_some(Value::Bool(true)));
    }
    let description = call.argument("description").map(arguments::text).transpose()?;
    if let Some(description) = &description {
        store(attribute::DESCRIPTION, description.is_none().then_some(Value::Null));
    }
    let active = call.argument("active");
    let active = active.map(|on| arguments::flag(call.differences(), on)).transpose()?;
    if let Some(active) = active {
        store(attribute::ACTIVE, active.is_none().then_some(Value::Null));
    }
    if let Some(Py::Bool(sync)) = call.argument("sync")
        && call.differences().group_sync
    {
        store(attribute::SYNC, sync.then(|| Value::from("manual_api")));
    }
    patch.owner = owner.map(|owner| match owner {
        FoundUser::Default => None,
        FoundUser::Person(user) => Some(user.id),
    });
    patch.description = description;
    patch.active = active.map(|active| active == Some(true));
    if let Some(name) = call.argument("group_name") {
        patch.name = Some(arguments::text(name)?.ok_or(Refused)?);
    }
    Ok(patch)
}
