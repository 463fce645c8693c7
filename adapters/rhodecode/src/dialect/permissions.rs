//! The methods that grant and revoke permissions on user groups, and the list of those that exist.

use std::collections::HashSet;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::{Group, GroupPatch, RightChange, RightHolder};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::people::{Order, PeopleQuery, each};
use isogloss_canonical::user::{User, UserId};
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::groups::{Owner, owner, systems};
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{
    find_group, find_own_group, find_user, no_such_group, right_of_caller, shown_name,
};
use crate::dialect::method::Answer;
use crate::options::version::Differences;
use crate::roles::{Holder, Permissions, Right, is_admin, is_other_permission};
use crate::wire::Object;
use crate::wire::values::DEFAULT_USER;

fn success(sentence: String) -> Py {
    Object::default().with("success", true).with("msg", sentence).into()
}

/// Stores the permissions of a group after this change. A RhodeCode server gets the change alone,
/// any other backend all permissions.
async fn store(
    call: &Call<'_>,
    group: &Group,
    permissions: &Permissions,
    change: RightChange,
) -> Result<(), Fault> {
    let patch = GroupPatch { rights: vec![change], ..permissions.patch() };
    let change = Command::UpdateGroup(GroupRef::from(group), Box::new(patch));
    call.run(change).await.map(|_| ())
}

/// `grant_user_permission_to_user_group`.
pub(crate) async fn grant(call: &Call<'_>) -> Answer {
    let value = call.required("userid");
    let group = find_own_group(call, call.required("usergroupid")).await?;
    let found = find_user(call, value).await?;
    let right = right_named(call, call.required("perm"))?;
    let mut permissions = Permissions::of(&group);
    permissions.grant(found.holder(), right);
    let change = RightChange::Grant(found.holder().in_change(), right.name().to_owned());
    store(call, &group, &permissions, change).await.map_err(|_| failed_for_user(value, &group))?;
    let (right, user, group) = (right.name(), found.name(), &group.name);
    Ok(success(format!("Granted perm: `{right}` for user: `{user}` in user group: `{group}`")))
}

/// `revoke_user_permission_from_user_group`.
pub(crate) async fn revoke(call: &Call<'_>) -> Answer {
    let value = call.required("userid");
    let group = find_own_group(call, call.required("usergroupid")).await?;
    let found = find_user(call, value).await?;
    let mut permissions = Permissions::of(&group);
    permissions.revoke(found.holder());
    let change = RightChange::Revoke(found.holder().in_change());
    store(call, &group, &permissions, change).await.map_err(|_| failed_for_user(value, &group))?;
    let (user, group) = (found.name(), &group.name);
    Ok(success(format!("Revoked perm for user: `{user}` in user group: `{group}`")))
}

fn failed_for_user(value: &Py, group: &Group) -> Failure {
    let (user, group) = (value.to_text(), &group.name);
    Failure::error(format!("failed to edit permission for user: `{user}` in user group: `{group}`"))
}

/// The two groups of a call. The source is read first; permissions are checked later.
async fn two_groups(call: &Call<'_>) -> Result<(Group, Group), Failure> {
    let source = find_group(call, call.required("sourceusergroupid")).await?;
    let target = find_group(call, call.required("usergroupid")).await?;
    Ok((source, target))
}

async fn check_rights(call: &Call<'_>, source: &Group, target: &Group) -> Result<(), Failure> {
    if right_of_caller(call, target).await? < Right::Admin {
        let value = call.required("usergroupid").to_text();
        return Err(Failure::error(format!("to user group `{value}` does not exist")));
    }
    if right_of_caller(call, source).await? < Right::Read {
        return Err(no_such_group(call.required("sourceusergroupid")));
    }
    Ok(())
}

/// `grant_user_group_permission_to_user_group`.
pub(crate) async fn grant_group(call: &Call<'_>) -> Answer {
    let (source, target) = two_groups(call).await?;
    let right = right_named(call, call.required("perm"))?;
    check_rights(call, &source, &target).await?;
    if source.id == target.id {
        return Err(failed_for_group(call, &target));
    }
    let mut permissions = Permissions::of(&target);
    permissions.grant_group(source.id, right);
    let holder = RightHolder::Group(GroupRef::from(&source));
    let change = RightChange::Grant(holder, right.name().to_owned());
    store(call, &target, &permissions, change)
        .await
        .map_err(|_| failed_for_group(call, &target))?;
    let (right, from, to) = (right.name(), &source.name, &target.name);
    Ok(success(format!("Granted perm: `{right}` for user group: `{from}` in user group: `{to}`")))
}

/// `revoke_user_group_permission_from_user_group`.
pub(crate) async fn revoke_group(call: &Call<'_>) -> Answer {
    let (source, target) = two_groups(call).await?;
    check_rights(call, &source, &target).await?;
    let mut permissions = Permissions::of(&target);
    permissions.revoke_group(source.id);
    let change = RightChange::Revoke(RightHolder::Group(GroupRef::from(&source)));
    store(call, &target, &permissions, change)
        .await
        .map_err(|_| failed_for_group(call, &target))?;
    let (from, to) = (&source.name, &target.name);
    Ok(success(format!("Revoked perm for user group: `{from}` in user group: `{to}`")))
}

fn failed_for_group(call: &Call<'_>, target: &Group) -> Failure {
    let (from, to) = (call.required("sourceusergroupid").to_text(), &target.name);
    Failure::error(format!(
        "failed to edit permission for user group: `{from}` in user group: `{to}`"
    ))
}

/// The right that an argument names. The names of other permissions of RhodeCode have an error of
/// their own: fixtures/transcripts/rhodecode/user-group-permissions.json.
fn right_named(call: &Call<'_>, value: &Py) -> Result<Right, Failure> {
    if matches!(value, Py::List(_) | Py::Dict(_)) {
        return Err(Failure::Exception("InterfaceError"));
    }
    let name = value.to_text();
    if let Some(right) = Right::named(&name) {
        return Ok(right);
    }
    if is_other_permission(call.differences(), &name) {
        let sentence = format!("permission `{name}` is invalid, should start with usergroup.");
        return Err(Failure::error(sentence));
    }
    if !call.differences().explains_permissions {
        return Err(Failure::error(format!("permission `{name}` does not exist")));
    }
    // RhodeCode fails to format a name that is not ASCII.
    if !name.is_ascii() {
        return Err(Failure::Exception("UnicodeEncodeError"));
    }
    Err(Failure::error(format!(
        "permission `{name}` does not exist. Permission should start with prefix: `usergroup.`"
    )))
}

/// The permissions as `get_user_group` lists them: those of super administrators, of the owner, of
/// people, of groups: fixtures/transcripts/rhodecode/user-group-permissions.json.
pub(crate) async fn list(call: &Call<'_>, group: &Group) -> Result<Vec<Py>, Fault> {
    // A RhodeCode server lists them itself. Version 4.3 calls them members.
    let listed = ["permissions", "members"].into_iter().find_map(|name| systems(group, name));
    if let Some(Value::Array(rows)) = listed {
        return Ok(rows.iter().map(Py::from).collect());
    }
    let permissions = Permissions::of(group);
    let everybody = concerned(call, &permissions).await?;
    let owner = owner(call, group).await?;
    let owner_id = if let Owner::Person(user) = &owner { Some(user.id) } else { None };
    let mut supers: Vec<_> = everybody.iter().filter(|user| is_admin(user.role)).collect();
    supers.sort_by(|one, other| one.username.cmp(&other.username));
    let others = supers.iter().filter(|user| Some(user.id) != owner_id);
    let mut entries: Vec<_> =
        others.map(|user| entry("user", "super-admin", shown_name(user), Right::Admin)).collect();
    match &owner {
        Owner::Default => {
            entries.push(entry("user", "owner", Py::from(DEFAULT_USER), Right::Admin));
        }
        Owner::Person(user) => {
            entries.push(entry("user", "owner", shown_name(user), Right::Admin));
        }
        // A server that says who the owner is lists the permissions too.
        Owner::Shown(..) | Owner::None => {}
    }
    let has_anyway =
        |user: UserId| Some(user) == owner_id || supers.iter().any(|own| own.id == user);
    entries.extend(people(call.differences(), &permissions, &everybody, has_anyway));
    entries.extend(groups(call, &permissions).await?);
    Ok(entries)
}

/// The super administrators, and the people who have a permission of their own.
async fn concerned(call: &Call<'_>, permissions: &Permissions) -> Result<Vec<User>, Fault> {
    let holders = permissions.people.iter().filter_map(|(holder, _)| match holder {
        Holder::Everybody => None,
        Holder::Person(user) => Some(*user),
    });
    let holders: HashSet<_> = holders.collect();
    let mut found = Vec::new();
    let query = PeopleQuery::in_order(Order::Created);
    let everybody = call.exchange.list(None, query).await?;
    each(everybody, |user| {
        if is_admin(user.role) || holders.contains(&user.id) {
            found.push(user.clone());
        }
    })
    .await?;
    Ok(found)
}

/// The permissions of people. That of `default` comes first; then they are sorted by right and
/// name. Those who have the right anyway come last if [`Differences::sorts_permissions`] says so.
fn people(
    version: &Differences,
    permissions: &Permissions,
    everybody: &[User],
    has_anyway: impl Fn(UserId) -> bool,
) -> Vec<Py> {
    let row = |(holder, right): &(Holder, Right)| {
        let (name, twice) = match holder {
            Holder::Everybody => (Py::from(DEFAULT_USER), false),
            Holder::Person(id) => {
                (shown_name(everybody.iter().find(|user| user.id == *id)?), has_anyway(*id))
            }
        };
        Some((sort_key(version, &name, *right, twice), name, *right))
    };
    let mut rows: Vec<_> = permissions.people.iter().filter_map(row).collect();
    rows.sort_by(|one, other| one.0.cmp(&other.0));
    rows.into_iter().map(|(_, name, right)| entry("user", "permission", name, right)).collect()
}

fn sort_key(version: &Differences, name: &Py, right: Right, twice: bool) -> String {
    let mark = match (version.sorts_permissions, twice) {
        (false, _) => "",
        (true, true) => "9",
        (true, false) => "1",
    };
    match name.to_text().as_str() {
        DEFAULT_USER => "#####".to_owned(),
        name => format!("{}{mark}{name}", right.sort_prefix()),
    }
}

/// The permissions of groups.
async fn groups(call: &Call<'_>, permissions: &Permissions) -> Result<Vec<Py>, Fault> {
    if permissions.groups.is_empty() {
        return Ok(Vec::new());
    }
    let all = call.run(Command::ListGroups(None)).await?.groups()?;
    let named = permissions.groups.iter().filter_map(|(id, right)| {
        all.iter().find(|group| group.id == *id).map(|group| (&group.name, *right))
    });
    let mut named: Vec<_> = named.collect();
    if call.differences().sorts_permissions {
        named.sort_by_key(|(name, right)| format!("{}{name}", right.sort_prefix()));
    }
    let entries = named
        .into_iter()
        .map(|(name, right)| entry("user_group", "permission", Py::from(name.as_str()), right));
    Ok(entries.collect())
}

fn entry(kind: &str, origin: &str, name: Py, right: Right) -> Py {
    let row = Object::default().with("name", name).with("permission", right.name());
    Py::from(row.with("origin", origin).with("type", kind))
}
