//! `create_user_group`.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::group::{NewGroup, RightChange};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{Attributes, UserId};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::{self, groups};
use crate::dialect::arguments::{self, Refused, compared_text};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{FoundUser, find_user, read_group};
use crate::dialect::method::Answer;
use crate::dialect::validation::{self, Schema};
use crate::roles::Permissions;
use crate::wire::attribute;

/// The arguments, in the types of the columns; without the owner.
struct Draft {
    name: String,
    description: Option<String>,
    active: Option<bool>,
}

/// `create_user_group`.
pub(crate) async fn create_user_group(call: &Call<'_>) -> Answer {
    let name = call.required("group_name");
    let taken = || Failure::error(format!("user group `{}` already exist", name.to_text()));
    let failed = || Failure::error(format!("failed to create group `{}`", name.to_text()));
    if let Some(name) = compared_text(name)?
        && read_group(call, GroupRef::Name(None, name)).await?.is_some()
    {
        return Err(taken());
    }
    let (owner, draft) = if call.differences().validates {
        (owner(call).await?, validated(call)?)
    } else {
        // Version 4.3 does not say that the owner is unknown.
        (owner(call).await.map_err(|_| failed())?, unvalidated(call).map_err(|_| failed())?)
    };
    let created = Command::CreateGroup(Box::new(new_group(call, draft, &owner)));
    let created = call.run(created).await.and_then(Outcome::group);
    let group = created
        .map_err(|fault| if fault.kind == FaultKind::Conflict { taken() } else { failed() })?;
    let sentence = format!("created new user group `{}`", name.to_text());
    Ok(answers::done(sentence, "user_group", groups::masked(call, &group).await?))
}

async fn owner(call: &Call<'_>) -> Result<FoundUser, Failure> {
    match (call.argument("owner"), call.caller.user()) {
        (Some(owner), _) => find_user(call, owner).await,
        (None, Some(user)) => Ok(FoundUser::Person(Box::new(user.clone()))),
        (None, None) => Err(Failure::Forbidden),
    }
}

/// Version 4.26 validates the arguments by a schema.
fn validated(call: &Call<'_>) -> Result<Draft, Failure> {
    let mut schema = Schema::default();
    let name = call.required("group_name");
    let description = call.argument_or("description", "");
    let active = call.argument_or("active", true);
    let draft = Draft {
        name: schema.required("user_group_name", name, validation::group_name),
        description: Some(schema.text("user_group_description", &description)),
        active: Some(schema.flag("user_group_active", &active)),
    };
    schema.done()?;
    Ok(draft)
}

/// Version 4.3 validates nothing.
fn unvalidated(call: &Call<'_>) -> Result<Draft, Refused> {
    Ok(Draft {
        name: arguments::text(call.required("group_name"))?.ok_or(Refused)?,
        description: arguments::text(&call.argument_or("description", ""))?,
        active: arguments::flag(call.differences(), &call.argument_or("active", true))?,
    })
}

fn new_group(call: &Call<'_>, draft: Draft, owner: &FoundUser) -> NewGroup {
    let owner_id = match owner {
        FoundUser::Default => None,
        FoundUser::Person(user) => Some(user.id),
    };
    NewGroup {
        attributes: attributes(call, &draft, owner, owner_id),
        name: draft.name,
        unique_name: true,
        description: draft.description,
        owner: owner_id,
        inactive: draft.active != Some(true),
        rights: vec![RightChange::Owner(owner.holder().in_change())],
        ..NewGroup::default()
    }
}

fn attributes(
    call: &Call<'_>,
    draft: &Draft,
    owner: &FoundUser,
    owner_id: Option<UserId>,
) -> Attributes {
    let mut attributes = Attributes::new();
    let mut store = |name: &str, value: Value| {
        attributes.insert(name.to_owned(), value);
    };
    let permissions = Permissions::new(owner.holder()).stored_people();
    store(attribute::USER_PERMISSIONS, permissions);
    if owner_id.is_none() {
        store(attribute::DEFAULT_OWNER, Value::Bool(true));
    }
    if draft.description.is_none() {
        store(attribute::DESCRIPTION, Value::Null);
    }
    if draft.active.is_none() {
        store(attribute::ACTIVE, Value::Null);
    }
    if call.differences().group_sync && call.argument("sync").is_some_and(Py::truthy) {
        store(attribute::SYNC, Value::from("manual_api"));
    }
    attributes
}
