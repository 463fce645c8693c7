//! The methods about user groups. Those about members and permissions are in `members.rs`.

use std::collections::HashMap;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::{Group, GroupPatch, GroupRef, NewGroup};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grant;
use isogloss_canonical::user::{Attributes, Role, User, UserId, UserRef};
use serde_json::Value;

use crate::dialect::call::{Answer, Call, Raised};
use crate::dialect::coerce::{self, Refused};
use crate::dialect::lookup::{self, Someone};
use crate::dialect::members;
use crate::dialect::registry::Row;
use crate::dialect::rights::{self, Right, Rows, Whose};
use crate::dialect::users;
use crate::dialect::validation::{self, Schema};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;
use crate::wire::{self, DEFAULT_EMAIL, DEFAULT_USER, FIRST_ADMINISTRATOR, Tokens, kept};

/// The methods about user groups.
pub(crate) const ROWS: &[Row] = &[
    members::ADD,
    Row::own(
        "create_user_group",
        "group_name description='' owner=@ active=True +sync=None",
        |call| Box::pin(create_user_group(call)),
    )
    .about(&[Verb::CreateGroup], "Creates a user group."),
    Row::own("delete_user_group", "usergroupid", |call| Box::pin(delete_user_group(call)))
        .about(&[Verb::DeleteGroup], "Deletes a user group with its memberships."),
    Row::own("get_user_group", "usergroupid", |call| Box::pin(get_user_group(call)))
        .about(&[Verb::GetGroup, Verb::ListMembers], "Shows a user group with its permissions."),
    Row::own("get_user_groups", "", |call| Box::pin(get_user_groups(call)))
        .about(&[Verb::ListGroups, Verb::ListMembers], "Lists the user groups one may read."),
    members::GRANT_GROUP,
    members::GRANT,
    members::REMOVE,
    members::REVOKE_GROUP,
    members::REVOKE,
    Row::own(
        "update_user_group",
        "usergroupid group_name='' description='' owner=None active=True +sync=None",
        |call| Box::pin(update_user_group(call)),
    )
    .about(&[Verb::UpdateGroup], "Changes what is given of a user group, unchecked."),
];

async fn get_user_group(call: &Call<'_>) -> Answer {
    let value = call.required("usergroupid");
    let group = lookup::group(call, value).await?;
    if rights::of_caller(call, &group) < Right::Read {
        return Err(lookup::no_such_group(value));
    }
    let rows = members::permissions(call, &group).await?;
    let mut shape = shape(call, &group, Secrets::Masked).await?;
    if call.version() == Version::Early {
        return Ok(shape.with("members", Py::List(rows)).into());
    }
    shape.set("permissions", Py::List(rows));
    let summary = Mapping::default().with("repositories", Mapping::default());
    let summary = summary.with("repositories_groups", Mapping::default());
    Ok(shape.with("permissions_summary", summary).into())
}

async fn get_user_groups(call: &Call<'_>) -> Answer {
    let teams = call.run(Command::ListGroups(None)).await?.groups()?;
    let keys = if call.is_admin() { Some(users::all_keys(call).await?) } else { None };
    let secrets = keys.as_ref().map_or(Secrets::Masked, Secrets::Shown);
    let mut shapes = Vec::new();
    for team in teams.iter().filter(|team| rights::of_caller(call, team) >= Right::Read) {
        shapes.push(Py::from(shape(call, team, secrets).await?));
    }
    Ok(Py::List(shapes))
}

/// Whether the members' tokens are shown.
#[derive(Clone, Copy)]
enum Secrets<'a> {
    Masked,
    Shown(&'a HashMap<UserId, Vec<Key>>),
}

async fn shape(call: &Call<'_>, group: &Group, secrets: Secrets<'_>) -> Result<Mapping, Fault> {
    let (owner, owner_email) = match owner(call, group).await? {
        Owner::Default => (Py::from(DEFAULT_USER), Py::from(DEFAULT_EMAIL)),
        Owner::Person(user) => (wire::shown_name(&user), wire::email_of(&user)),
        Owner::Nobody => (Py::None, Py::None),
    };
    let number = group.native(call.view.namespace).unwrap_or("0").to_owned();
    let unset = group.attributes.get(kept::ACTIVE) == Some(&Value::Null) && !group.active;
    let mut shape = Mapping::default()
        .with("users_group_id", Py::Int(number))
        .with("group_name", group.name.as_str())
        .with("group_description", description(group))
        .with("active", if unset { Py::None } else { Py::Bool(group.active) })
        .with("owner", owner);
    if call.version() == Version::Current {
        shape.set("sync", group.attributes.get(kept::SYNC).map_or(Py::None, Py::from));
        shape.set("owner_email", owner_email);
    }
    let people = call.run(Command::ListMembers(GroupRef::from(group))).await?.users()?;
    let mut shown: Vec<_> =
        people.iter().map(|user| Py::from(member(call, user, secrets))).collect();
    if group.attributes.get(kept::DEFAULT_MEMBER) == Some(&Value::Bool(true)) {
        let masked = matches!(secrets, Secrets::Masked);
        shown.push(Py::from(wire::default_user(call.version(), masked)));
    }
    Ok(shape.with("users", Py::List(shown)))
}

fn member(call: &Call<'_>, user: &User, secrets: Secrets<'_>) -> Mapping {
    let tokens = match secrets {
        Secrets::Masked => Tokens::Masked,
        Secrets::Shown(keys) => Tokens::Shown(keys.get(&user.id).cloned().unwrap_or_default()),
    };
    wire::user(call.view, user, &tokens)
}

/// A description that was never given is empty; one that was set to null is null.
fn description(group: &Group) -> Py {
    match (&group.description, group.attributes.get(kept::DESCRIPTION)) {
        (Some(text), _) => Py::from(text.as_str()),
        (None, Some(Value::Null)) => Py::None,
        (None, _) => Py::from(""),
    }
}

/// Who owns a group.
pub(super) enum Owner {
    Default,
    Person(Box<User>),
    Nobody,
}

/// A group that has no owner is the first administrator's, as RhodeCode does with groups that come
/// from elsewhere.
pub(super) async fn owner(call: &Call<'_>, group: &Group) -> Result<Owner, Fault> {
    if group.attributes.get(kept::DEFAULT_OWNER) == Some(&Value::Bool(true)) {
        return Ok(Owner::Default);
    }
    let first = || UserRef::Native(call.view.namespace.clone(), FIRST_ADMINISTRATOR.to_owned());
    let owner = group.owner.map_or_else(first, UserRef::Id);
    let owner = lookup::peek_user(call, owner).await?;
    Ok(owner.map_or(Owner::Nobody, |user| Owner::Person(Box::new(user))))
}

/// A new group, before it has an owner.
struct Draft {
    name: String,
    description: Option<String>,
    active: Option<bool>,
}

async fn create_user_group(call: &Call<'_>) -> Answer {
    if !call.caller.holds(Grant::CreateGroups) {
        return Err(Raised::Forbidden);
    }
    let name = call.required("group_name");
    let taken = || Raised::error(format!("user group `{}` already exist", name.text()));
    let failed = || Raised::error(format!("failed to create group `{}`", name.text()));
    let key = match lookup::key(name)? {
        lookup::Key::Id(number) => Some(number.to_string()),
        lookup::Key::Name(name) => Some(name),
        lookup::Key::Nothing => None,
    };
    if let Some(name) = key
        && lookup::team(call, GroupRef::Name(None, name)).await?.is_some()
    {
        return Err(taken());
    }
    let early = call.version() == Version::Early;
    // The earlier version hides an unknown owner behind its failure.
    let owner = new_owner(call).await.map_err(|raised| if early { failed() } else { raised })?;
    let draft = if early { unchecked(call).map_err(|_| failed())? } else { checked(call)? };
    let made = Command::CreateGroup(Box::new(new_group(call, draft, &owner)));
    let made = call.run(made).await.and_then(Outcome::group);
    let group = made.map_err(|fault| match fault.kind {
        FaultKind::Conflict => taken(),
        _ => failed(),
    })?;
    let sentence = format!("created new user group `{}`", name.text());
    let shape = shape(call, &group, Secrets::Masked).await?;
    Ok(Mapping::default().with("msg", sentence).with("user_group", shape).into())
}

async fn new_owner(call: &Call<'_>) -> Result<Someone, Raised> {
    match (call.arg("owner"), call.caller.user()) {
        (Some(owner), _) => lookup::user(call, owner).await,
        (None, Some(user)) => Ok(Someone::Person(Box::new(user.clone()))),
        (None, None) => Err(Raised::Forbidden),
    }
}

fn checked(call: &Call<'_>) -> Result<Draft, Raised> {
    let given = |name: &str, default: Py| call.arg(name).cloned().unwrap_or(default);
    let mut schema = Schema::default();
    let name = call.required("group_name");
    let draft = Draft {
        name: schema.required("user_group_name", name, validation::group_name),
        description: Some(
            schema.text("user_group_description", &given("description", Py::from(""))),
        ),
        active: Some(schema.flag("user_group_active", &given("active", Py::Bool(true)))),
    };
    schema.done()?;
    Ok(draft)
}

fn unchecked(call: &Call<'_>) -> Result<Draft, Refused> {
    let given = |name: &str, default: Py| call.arg(name).cloned().unwrap_or(default);
    Ok(Draft {
        name: coerce::text(call.required("group_name"))?.ok_or(Refused)?,
        description: coerce::text(&given("description", Py::from("")))?,
        active: coerce::flag(call.version(), &given("active", Py::Bool(true)))?,
    })
}

fn new_group(call: &Call<'_>, draft: Draft, owner: &Someone) -> NewGroup {
    let mut attributes = Attributes::new();
    let (whose, owner) = match owner {
        Someone::Default => (Whose::Everybody, None),
        Someone::Person(user) => (Whose::Person(user.id), Some(user.id)),
    };
    attributes.insert(kept::USER_ROWS.to_owned(), Rows::new(whose).kept_people());
    if owner.is_none() {
        attributes.insert(kept::DEFAULT_OWNER.to_owned(), Value::Bool(true));
    }
    if draft.description.is_none() {
        attributes.insert(kept::DESCRIPTION.to_owned(), Value::Null);
    }
    if draft.active.is_none() {
        attributes.insert(kept::ACTIVE.to_owned(), Value::Null);
    }
    let sync = call.version() == Version::Current && call.arg("sync").is_some_and(Py::truthy);
    if sync {
        attributes.insert(kept::SYNC.to_owned(), Value::from("manual_api"));
    }
    NewGroup {
        name: draft.name,
        unique_name: true,
        description: draft.description,
        owner,
        inactive: draft.active != Some(true),
        attributes,
        ..NewGroup::default()
    }
}

/// Finds a group for a change, which takes the right to administer it.
pub(super) async fn administered(call: &Call<'_>, value: &Py) -> Result<Group, Raised> {
    let group = lookup::group(call, value).await?;
    if rights::of_caller(call, &group) < Right::Admin {
        return Err(lookup::no_such_group(value));
    }
    Ok(group)
}

async fn update_user_group(call: &Call<'_>) -> Answer {
    let value = call.required("usergroupid");
    let failed = || Raised::error(format!("failed to update user group `{}`", value.text()));
    let group = administered(call, value).await?;
    let owner = match call.arg("owner") {
        Some(owner) => Some(lookup::user(call, owner).await?),
        None => None,
    };
    let patch = patch(call, &group, owner.as_ref()).map_err(|_| failed())?;
    let changed = Command::UpdateGroup(GroupRef::from(&group), Box::new(patch));
    let changed = call.run(changed).await.and_then(Outcome::group);
    let group = changed.map_err(|_| failed())?;
    let keys = if call.is_admin() { Some(users::all_keys(call).await?) } else { None };
    let secrets = keys.as_ref().map_or(Secrets::Masked, Secrets::Shown);
    let number = group.native(call.view.namespace).unwrap_or("0");
    let sentence = format!("updated user group ID:{number} {}", group.name);
    let shape = shape(call, &group, secrets).await?;
    Ok(Mapping::default().with("msg", sentence).with("user_group", shape).into())
}

fn patch(call: &Call<'_>, group: &Group, owner: Option<&Someone>) -> Result<GroupPatch, Refused> {
    // Whoever owned it keeps a row of their own.
    let mut patch = match owner {
        Some(_) => Rows::of(group).patch(),
        None => GroupPatch::default(),
    };
    let mut keep = |name: &str, value: Option<Value>| {
        if value.is_some() || group.attributes.contains_key(name) {
            patch.attributes.insert(name.to_owned(), value);
        }
    };
    if let Some(owner) = owner {
        let default = matches!(owner, Someone::Default);
        keep(kept::DEFAULT_OWNER, default.then_some(Value::Bool(true)));
    }
    let description = call.arg("description").map(coerce::text).transpose()?;
    if let Some(description) = &description {
        keep(kept::DESCRIPTION, description.is_none().then_some(Value::Null));
    }
    let active = call.arg("active").map(|on| coerce::flag(call.version(), on)).transpose()?;
    if let Some(active) = active {
        keep(kept::ACTIVE, active.is_none().then_some(Value::Null));
    }
    match call.arg("sync").filter(|_| call.version() == Version::Current) {
        Some(Py::Bool(true)) => keep(kept::SYNC, Some(Value::from("manual_api"))),
        Some(Py::Bool(false)) => keep(kept::SYNC, None),
        _ => {}
    }
    patch.owner = owner.map(|owner| match owner {
        Someone::Default => None,
        Someone::Person(user) => Some(user.id),
    });
    patch.description = description;
    patch.active = active.map(|active| active == Some(true));
    if let Some(name) = call.arg("group_name") {
        patch.name = Some(coerce::text(name)?.ok_or(Refused)?);
    }
    Ok(patch)
}

async fn delete_user_group(call: &Call<'_>) -> Answer {
    let value = call.required("usergroupid");
    let group = administered(call, value).await?;
    let number = group.native(call.view.namespace).unwrap_or("0");
    let which = format!("user group ID:{number} {}", group.name);
    match call.run(Command::DeleteGroup(GroupRef::from(&group))).await {
        Ok(_) => {
            let shape = Mapping::default().with("msg", format!("deleted {which}"));
            Ok(shape.with("user_group", Py::None).into())
        }
        Err(_) => Err(Raised::error(format!("failed to delete {which}"))),
    }
}

/// Whether a person is a super administrator.
pub(super) fn is_super(user: &User) -> bool {
    user.role == Role::Administrator
}
