//! The verbs about groups, by RhodeCode's methods about user groups. They have teams only: the groups
//! of other systems are not there.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::{Listed, Outcome};
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use serde_json::{Value, json};

use crate::backend::api::{Api, Arguments, only};
use crate::backend::fault::{unexpected, unsupported};
use crate::backend::rights;
use crate::backend::row::group::GroupRow;
use crate::backend::row::parsed_id;
use crate::backend::users::id_of as user_id;
use crate::options::version::Differences;
use crate::wire::attribute;

/// The server's sentences for a member who is one already, and for somebody who is none.
const IS_MEMBER: &str = "User is already in that group";
const IS_NO_MEMBER: &str = "User wasn't in group";

/// Confirms that a group is absent, or returns another fault. The server answers a token without the
/// permission on a group that the group does not exist. Only a super administrator is told the
/// truth, and only they may call `get_ip`.
pub(super) async fn confirm_absence(api: &Api, absence: Fault) -> Fault {
    match api.call("get_ip", Arguments::new()).await {
        Ok(_) => absence,
        Err(fault) => fault,
    }
}

/// Creates a group.
pub(super) async fn create(api: &Api, group: &NewGroup) -> Result<Outcome, Fault> {
    if group.namespace.is_some() {
        return Err(unsupported(Verb::CreateGroup));
    }
    let mut args = only("group_name", group.name.as_str());
    let null = |name: &str| group.attributes.get(name) == Some(&Value::Null);
    if null(attribute::DESCRIPTION) {
        args.insert("description".to_owned(), Value::Null);
    } else if let Some(text) = group.description.as_deref().filter(|text| !text.is_empty()) {
        args.insert("description".to_owned(), text.into());
    }
    if group.inactive {
        let off = if null(attribute::ACTIVE) { Value::Null } else { false.into() };
        args.insert("active".to_owned(), off);
    }
    if let Some(owner) = rights::owner(api, &group.rights)? {
        args.insert("owner".to_owned(), owner);
    }
    let synced = group.attributes.get(attribute::SYNC).is_some_and(|sync| !sync.is_null());
    if synced && api.version.group_sync {
        args.insert("sync".to_owned(), true.into());
    }
    let created = call_about_group(api, "create_user_group", args).await?;
    if created.name != group.name || created.active == group.inactive {
        return Err(unexpected("another group than the created one"));
    }
    Ok(Outcome::Group(Box::new(created)))
}

/// Calls a method whose answer shows the group.
async fn call_about_group(api: &Api, method: &str, args: Arguments) -> Result<Group, Fault> {
    let row = api.call_about(method, args, "user_group").await?;
    GroupRow::of(&row)?.group(&api.service).map(|(group, _)| group)
}

/// Changes a group. The answer must show the change.
pub(super) async fn update(
    api: &Api,
    group: &GroupRef,
    patch: &GroupPatch,
) -> Result<Outcome, Fault> {
    let id = id_of(api, group).await?;
    let mut args = changes(api.version, patch);
    if let Some(owner) = rights::owner(api, &patch.rights)? {
        args.insert("owner".to_owned(), owner);
    }
    let rights = rights::change(api, id, &patch.rights).await?;
    let everybody = patch.attributes.get(attribute::DEFAULT_MEMBER);
    if let Some(member) = everybody {
        let on = matches!(member, Some(Value::Bool(true)));
        rights::set_default_member(api, id, on).await?;
    }
    if args.is_empty() && (rights || everybody.is_some()) {
        // The answers of these methods do not show the group.
        return get(api, &GroupRef::Native(api.service.namespace.clone(), id.to_string())).await;
    }
    args.insert("usergroupid".to_owned(), id.into());
    match call_about_group(api, "update_user_group", args).await {
        Ok(now) if id_in(api, &now) == Some(id) && is_shown(&now, patch) => {
            Ok(Outcome::Group(Box::new(now)))
        }
        Ok(_) => Err(unexpected("an answer that does not show the change")),
        Err(fault) if fault.kind == FaultKind::Invalid => {
            Err(conflict(api, id, patch.name.as_deref()).await?.unwrap_or(fault))
        }
        Err(fault) => Err(fault),
    }
}

/// Whether a group has what a change asks for, as far as it decides who may do what.
fn is_shown(now: &Group, patch: &GroupPatch) -> bool {
    let name = patch.name.as_ref().is_none_or(|name| *name == now.name);
    name && patch.active.is_none_or(|active| active == now.active)
}

/// The arguments of `update_user_group` except the group and the owner.
fn changes(version: &Differences, patch: &GroupPatch) -> Arguments {
    let mut args = Arguments::new();
    let null = |name: &str| patch.attributes.get(name) == Some(&Some(Value::Null));
    let mut give = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            args.insert(name.to_owned(), value);
        }
    };
    give("group_name", patch.name.as_deref().map(Value::from));
    let description = patch.description.clone();
    let described = |text: Option<String>| match text {
        None if null(attribute::DESCRIPTION) => Value::Null,
        text => text.unwrap_or_default().into(),
    };
    give("description", description.map(described));
    let off = |on: bool| if !on && null(attribute::ACTIVE) { Value::Null } else { on.into() };
    give("active", patch.active.map(off));
    if version.group_sync {
        let sync = patch.attributes.get(attribute::SYNC);
        give("sync", sync.map(|sync| sync.as_ref().is_some_and(|sync| !sync.is_null()).into()));
    }
    args
}

/// Why a change failed, which the server does not say: another group may have the name.
async fn conflict(api: &Api, id: i64, name: Option<&str>) -> Result<Option<Fault>, Fault> {
    let Some(name) = name else { return Ok(None) };
    let all = all(api).await?;
    let taken = all.iter().any(|(group, _)| group.name == name && id_in(api, group) != Some(id));
    Ok(taken.then(|| Fault::conflict(Subject::Group)))
}

/// Deletes a group.
pub(super) async fn delete(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    let args = only("usergroupid", id_of(api, group).await?);
    if api.call_about("delete_user_group", args, "user_group").await?.is_null() {
        return Ok(Outcome::Done);
    }
    Err(unexpected("an answer that shows the deleted group"))
}

/// Adds a member.
pub(super) async fn add_member(
    api: &Api,
    group: &GroupRef,
    user: &UserRef,
) -> Result<Outcome, Fault> {
    let refusal = (IS_MEMBER, Fault::conflict(Subject::Membership));
    change_membership(api, "add_user_to_user_group", (group, user), refusal).await
}

/// Removes a member.
pub(super) async fn remove_member(
    api: &Api,
    group: &GroupRef,
    user: &UserRef,
) -> Result<Outcome, Fault> {
    let refusal = (IS_NO_MEMBER, Fault::not_found(Subject::Membership));
    change_membership(api, "remove_user_from_user_group", (group, user), refusal).await
}

/// Calls a method whose answer says whether it changed anything, and if not, why.
async fn change_membership(
    api: &Api,
    method: &str,
    (group, user): (&GroupRef, &UserRef),
    (sentence, refusal): (&str, Fault),
) -> Result<Outcome, Fault> {
    let mut args = only("usergroupid", id_of(api, group).await?);
    args.insert("userid".to_owned(), user_id(api, user).await?.into());
    let result = api.call(method, args).await?;
    match (result.get("success"), result.get("msg").and_then(Value::as_str)) {
        (Some(Value::Bool(true)), Some(_)) => Ok(Outcome::Done),
        (Some(Value::Bool(false)), Some(why)) if why == sentence => Err(refusal),
        _ => Err(unexpected("neither done nor refused")),
    }
}

/// Reads a group.
pub(super) async fn get(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    read(api, group).await.map(|(group, _)| Outcome::Group(Box::new(group)))
}

/// Lists the members of a group.
pub(super) async fn members(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    let (_, members) = read(api, group).await?;
    Ok(Outcome::people(members.users, members.unread))
}

/// A group with its members.
async fn read(api: &Api, group: &GroupRef) -> Result<(Group, Listed), Fault> {
    let absent = || Fault::not_found(Subject::Group);
    let id = match group {
        GroupRef::Native(namespace, id) if *namespace == api.service.namespace => {
            json!(parsed_id(id).ok_or_else(absent)?)
        }
        GroupRef::Name(None, name) => json!(name),
        GroupRef::Id(_) | GroupRef::Native(..) | GroupRef::Name(Some(_), _) => {
            return Err(unsupported(Verb::GetGroup));
        }
    };
    let row = api.call("get_user_group", only("usergroupid", id)).await?;
    let (found, members) = GroupRow::of(&row)?.group(&api.service)?;
    let found = rights::with_changing_groups(api, &row, found).await?;
    match group {
        // A MySQL database finds a name in any case.
        GroupRef::Name(_, name) if *name != found.name => Err(absent()),
        GroupRef::Native(namespace, id) if found.native(namespace) != Some(id) => {
            Err(unexpected("another group than the one that was asked for"))
        }
        GroupRef::Id(_) | GroupRef::Native(..) | GroupRef::Name(..) => Ok((found, members)),
    }
}

/// Lists the groups.
pub(super) async fn list(api: &Api) -> Result<Outcome, Fault> {
    let all = all(api).await?;
    Ok(Outcome::Groups(all.into_iter().map(|(group, _)| group).collect()))
}

/// Every group with its members, in the order of creation.
async fn all(api: &Api) -> Result<Vec<(Group, Listed)>, Fault> {
    let Value::Array(rows) = api.call("get_user_groups", Arguments::new()).await? else {
        return Err(unexpected("no list of groups"));
    };
    let all = rows.iter().map(|row| GroupRow::of(row)?.group(&api.service));
    let mut all: Vec<_> = all.collect::<Result<_, _>>()?;
    all.sort_by_key(|(group, _)| id_in(api, group));
    Ok(all)
}

/// Lists the groups of a person.
pub(super) async fn of_user(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    let namespace = &api.service.namespace;
    let id = user_id(api, user).await?.to_string();
    let mut all = all(api).await?;
    all.retain(|(_, members)| members.users.iter().any(|one| one.native(namespace) == Some(&id)));
    Ok(Outcome::Groups(all.into_iter().map(|(group, _)| group).collect()))
}

fn id_in(api: &Api, group: &Group) -> Option<i64> {
    group.native(&api.service.namespace).and_then(parsed_id)
}

/// The id by which the server is asked about a group.
async fn id_of(api: &Api, group: &GroupRef) -> Result<i64, Fault> {
    let id = match group {
        GroupRef::Native(namespace, id) if *namespace == api.service.namespace => parsed_id(id),
        GroupRef::Id(_) | GroupRef::Native(..) | GroupRef::Name(..) => {
            id_in(api, &read(api, group).await?.0)
        }
    };
    id.ok_or_else(|| Fault::not_found(Subject::Group))
}
