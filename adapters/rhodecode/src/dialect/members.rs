//! The methods about the members of user groups and about the permissions on them.

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, GroupRef};
use isogloss_canonical::user::{UserId, UserRef};
use serde_json::Value;

use crate::dialect::call::{Answer, Call, Raised};
use crate::dialect::groups::{self, Owner, administered};
use crate::dialect::lookup::{self, Someone};
use crate::dialect::registry::Row;
use crate::dialect::rights::{self, Right, Rows, Whose};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;
use crate::wire::{DEFAULT_USER, kept};

const CHANGE: &[Verb] = &[Verb::UpdateGroup];

pub(super) const ADD: Row =
    Row::own("add_user_to_user_group", "usergroupid userid", |call| Box::pin(add(call)))
        .about(&[Verb::AddMember], "Adds a member to a user group.");

pub(super) const REMOVE: Row =
    Row::own("remove_user_from_user_group", "usergroupid userid", |call| Box::pin(remove(call)))
        .about(&[Verb::RemoveMember], "Removes a member from a user group.");

pub(super) const GRANT: Row =
    Row::own("grant_user_permission_to_user_group", "usergroupid userid perm", |call| {
        Box::pin(grant(call))
    })
    .about(CHANGE, "Gives a person a right on a user group.");

pub(super) const REVOKE: Row =
    Row::own("revoke_user_permission_from_user_group", "usergroupid userid", |call| {
        Box::pin(revoke(call))
    })
    .about(CHANGE, "Takes a person's own right on a user group away.");

pub(super) const GRANT_GROUP: Row = Row::own(
    "grant_user_group_permission_to_user_group",
    "usergroupid sourceusergroupid perm",
    |call| Box::pin(grant_group(call)),
)
.about(CHANGE, "Gives the members of a user group a right on another.");

pub(super) const REVOKE_GROUP: Row = Row::own(
    "revoke_user_group_permission_from_user_group",
    "usergroupid sourceusergroupid",
    |call| Box::pin(revoke_group(call)),
)
.about(CHANGE, "Takes a user group's right on another away.");

#[expect(clippy::unnecessary_wraps, reason = "it is what a method ends with")]
fn outcome(success: bool, sentence: impl Into<String>) -> Answer {
    Ok(Mapping::default().with("success", success).with("msg", sentence.into()).into())
}

/// The person is looked up before the group:
/// fixtures/transcripts/rhodecode/user-group-members.json.
async fn add(call: &Call<'_>) -> Answer {
    let someone = lookup::user(call, call.required("userid")).await?;
    let group = administered(call, call.required("usergroupid")).await?;
    let added = match &someone {
        Someone::Default => set_default(call, &group, true).await,
        Someone::Person(user) => {
            let add = Command::AddMember(GroupRef::from(&group), UserRef::from(user.as_ref()));
            call.run(add).await.map(|_| true)
        }
    };
    let done = format!("added member `{}` to user group `{}`", someone.name(), group.name);
    match added {
        Ok(true) => outcome(true, done),
        Ok(false) => outcome(false, "User is already in that group"),
        Err(fault) if fault.kind == FaultKind::Conflict => {
            outcome(false, "User is already in that group")
        }
        Err(_) => {
            Err(Raised::error(format!("failed to add member to user group `{}`", group.name)))
        }
    }
}

async fn remove(call: &Call<'_>) -> Answer {
    let someone = lookup::user(call, call.required("userid")).await?;
    let group = administered(call, call.required("usergroupid")).await?;
    let removed = match &someone {
        Someone::Default => set_default(call, &group, false).await,
        Someone::Person(user) => {
            let gone = Command::RemoveMember(GroupRef::from(&group), UserRef::from(user.as_ref()));
            call.run(gone).await.map(|_| true)
        }
    };
    let done = format!("removed member `{}` from user group `{}`", someone.name(), group.name);
    match removed {
        Ok(true) => outcome(true, done),
        Ok(false) => outcome(false, "User wasn't in group"),
        Err(fault) if fault.is_absence_of(Subject::Membership) => {
            outcome(false, "User wasn't in group")
        }
        Err(_) => {
            let sentence = format!("failed to remove member from user group `{}`", group.name);
            Err(Raised::error(sentence))
        }
    }
}

/// The built-in user may be a member too, though it is nobody's account. Answers whether that
/// changed anything.
async fn set_default(call: &Call<'_>, group: &Group, member: bool) -> Result<bool, Fault> {
    if (group.attributes.get(kept::DEFAULT_MEMBER) == Some(&Value::Bool(true))) == member {
        return Ok(false);
    }
    let mut patch = GroupPatch::default();
    let value = member.then_some(Value::Bool(true));
    patch.attributes.insert(kept::DEFAULT_MEMBER.to_owned(), value);
    call.run(Command::UpdateGroup(GroupRef::from(group), Box::new(patch))).await?;
    Ok(true)
}

fn whose(someone: &Someone) -> Whose {
    match someone {
        Someone::Default => Whose::Everybody,
        Someone::Person(user) => Whose::Person(user.id),
    }
}

async fn keep(call: &Call<'_>, group: &Group, rows: &Rows) -> Result<(), Fault> {
    let change = Command::UpdateGroup(GroupRef::from(group), Box::new(rows.patch()));
    call.run(change).await.map(|_| ())
}

async fn grant(call: &Call<'_>) -> Answer {
    let value = call.required("userid");
    let group = administered(call, call.required("usergroupid")).await?;
    let someone = lookup::user(call, value).await?;
    let right = rights::permission(call, call.required("perm"))?;
    let mut rows = Rows::of(&group);
    rows.grant(whose(&someone), right);
    keep(call, &group, &rows).await.map_err(|_| failed_for_user(value, &group))?;
    let (name, user, team) = (right.name(), someone.name(), &group.name);
    outcome(true, format!("Granted perm: `{name}` for user: `{user}` in user group: `{team}`"))
}

async fn revoke(call: &Call<'_>) -> Answer {
    let value = call.required("userid");
    let group = administered(call, call.required("usergroupid")).await?;
    let someone = lookup::user(call, value).await?;
    let mut rows = Rows::of(&group);
    rows.revoke(whose(&someone));
    keep(call, &group, &rows).await.map_err(|_| failed_for_user(value, &group))?;
    let (user, team) = (someone.name(), &group.name);
    outcome(true, format!("Revoked perm for user: `{user}` in user group: `{team}`"))
}

fn failed_for_user(value: &Py, group: &Group) -> Raised {
    let (user, team) = (value.text(), &group.name);
    Raised::error(format!("failed to edit permission for user: `{user}` in user group: `{team}`"))
}

/// The two groups of a call; the source is looked up first, the rights are asked for last.
async fn two_groups(call: &Call<'_>) -> Result<(Group, Group), Raised> {
    let source = lookup::group(call, call.required("sourceusergroupid")).await?;
    let target = lookup::group(call, call.required("usergroupid")).await?;
    Ok((source, target))
}

fn may_share(call: &Call<'_>, source: &Group, target: &Group) -> Result<(), Raised> {
    if rights::of_caller(call, target) < Right::Admin {
        let named = call.required("usergroupid").text();
        return Err(Raised::error(format!("to user group `{named}` does not exist")));
    }
    if rights::of_caller(call, source) < Right::Read {
        return Err(lookup::no_such_group(call.required("sourceusergroupid")));
    }
    Ok(())
}

async fn grant_group(call: &Call<'_>) -> Answer {
    let (source, target) = two_groups(call).await?;
    let right = rights::permission(call, call.required("perm"))?;
    may_share(call, &source, &target)?;
    if source.id == target.id {
        return Err(failed_for_group(call, &target));
    }
    let mut rows = Rows::of(&target);
    rows.grant_group(source.id, right);
    keep(call, &target, &rows).await.map_err(|_| failed_for_group(call, &target))?;
    let (name, from, team) = (right.name(), &source.name, &target.name);
    outcome(
        true,
        format!("Granted perm: `{name}` for user group: `{from}` in user group: `{team}`"),
    )
}

async fn revoke_group(call: &Call<'_>) -> Answer {
    let (source, target) = two_groups(call).await?;
    may_share(call, &source, &target)?;
    let mut rows = Rows::of(&target);
    rows.revoke_group(source.id);
    keep(call, &target, &rows).await.map_err(|_| failed_for_group(call, &target))?;
    let (from, team) = (&source.name, &target.name);
    outcome(true, format!("Revoked perm for user group: `{from}` in user group: `{team}`"))
}

fn failed_for_group(call: &Call<'_>, target: &Group) -> Raised {
    let (source, team) = (call.required("sourceusergroupid").text(), &target.name);
    Raised::error(format!(
        "failed to edit permission for user group: `{source}` in user group: `{team}`"
    ))
}

/// The rows of `get_user_group`: super administrators, the owner, people, groups:
/// fixtures/transcripts/rhodecode/user-group-permissions.json.
pub(super) async fn permissions(call: &Call<'_>, group: &Group) -> Result<Vec<Py>, Fault> {
    let everybody = call.peek(Command::ListUsers).await?.users()?;
    let owner = groups::owner(call, group).await?;
    let owner_id = if let Owner::Person(user) = &owner { Some(user.id) } else { None };
    let mut supers: Vec<_> = everybody.iter().filter(|user| groups::is_super(user)).collect();
    supers.sort_by(|one, other| one.username.cmp(&other.username));
    let others = supers.iter().filter(|user| Some(user.id) != owner_id);
    let mut entries: Vec<_> = others
        .map(|user| rights::entry("user", "super-admin", rights::row_name(user), Right::Admin))
        .collect();
    match &owner {
        Owner::Default => {
            entries.push(rights::entry("user", "owner", DEFAULT_USER.into(), Right::Admin));
        }
        Owner::Person(user) => {
            entries.push(rights::entry("user", "owner", rights::row_name(user), Right::Admin));
        }
        Owner::Nobody => {}
    }
    let rows = Rows::of(group);
    let again = |user: UserId| Some(user) == owner_id || supers.iter().any(|own| own.id == user);
    let mut people = Vec::new();
    for (whose, right) in &rows.people {
        let (name, twice) = match whose {
            Whose::Everybody => (Py::from(DEFAULT_USER), false),
            Whose::Person(id) => match everybody.iter().find(|user| user.id == *id) {
                Some(user) => (rights::row_name(user), again(*id)),
                None => continue,
            },
        };
        people.push((sorting(call.version(), &name, *right, twice), name, *right));
    }
    people.sort_by(|one, other| one.0.cmp(&other.0));
    let people = people.into_iter();
    entries.extend(people.map(|(_, name, right)| rights::entry("user", "permission", name, right)));
    entries.extend(group_entries(call, &rows).await?);
    Ok(entries)
}

/// The built-in user comes first; then by right and name, but in version 4.26 those last who have
/// the right anyhow.
fn sorting(version: Version, name: &Py, right: Right, twice: bool) -> String {
    let mark = match (version, twice) {
        (Version::Early, _) => "",
        (Version::Current, true) => "9",
        (Version::Current, false) => "1",
    };
    match name.text().as_str() {
        DEFAULT_USER => "#####".to_owned(),
        name => format!("{}{mark}{name}", right.sorting()),
    }
}

async fn group_entries(call: &Call<'_>, rows: &Rows) -> Result<Vec<Py>, Fault> {
    if rows.groups.is_empty() {
        return Ok(Vec::new());
    }
    let teams = call.run(Command::ListGroups(None)).await?.groups()?;
    let named = rows.groups.iter().filter_map(|(id, right)| {
        teams.iter().find(|team| team.id == *id).map(|team| (&team.name, *right))
    });
    let mut named: Vec<_> = named.collect();
    if call.version() == Version::Current {
        named.sort_by_key(|(name, right)| format!("{}{name}", right.sorting()));
    }
    let entries = named.into_iter().map(|(name, right)| {
        rights::entry("user_group", "permission", Py::from(name.as_str()), right)
    });
    Ok(entries.collect())
}
