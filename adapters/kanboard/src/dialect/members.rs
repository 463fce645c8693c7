//! The procedures about who is in which group.

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::group::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};

use crate::database::Database;
use crate::dialect::procedure::{Call, Procedure, required, reserved};
use crate::dialect::refusal::{Failure, unless, unless_absent};
use crate::dialect::users::{find as find_user, token, token_holders};
use crate::dialect::{groups, procedure};
use crate::php::Php;

const PAIR: &[procedure::Parameter] = &[required("group_id"), required("user_id")];

/// The rows.
pub(crate) static PROCEDURES: [Procedure; 5] = [
    reserved(
        "getMemberGroups",
        &[Verb::GroupsOf],
        "Gives the groups of a user, sorted by name.",
        &[required("user_id")],
        |call| Box::pin(groups_of(call)),
    ),
    reserved(
        "getGroupMembers",
        &[Verb::GetGroup, Verb::ListMembers, Verb::ListKeys],
        "Gives the rows of a group's members.",
        &[required("group_id")],
        |call| Box::pin(members_of(call)),
    ),
    reserved(
        "addGroupMember",
        &[Verb::GetGroup, Verb::AddMember],
        "Puts a user into a group; false if already there, or if one of them is not.",
        PAIR,
        |call| Box::pin(add(call)),
    ),
    reserved(
        "removeGroupMember",
        &[Verb::GetGroup, Verb::RemoveMember],
        "Takes a user out of a group; false if not in it.",
        PAIR,
        |call| Box::pin(remove(call)),
    ),
    reserved(
        "isGroupMember",
        &[Verb::GetGroup, Verb::GetUser],
        "Says whether a user is in a group.",
        PAIR,
        |call| Box::pin(is_member(call)),
    ),
];

async fn groups_of(call: &Call<'_>) -> Result<Php, Failure> {
    let nothing = || Vec::new().into_iter().collect();
    let Some(person) = call.person(0, 1)? else { return Ok(nothing()) };
    let answered = unless_absent(call.ask(Command::GroupsOf(person)).await)?;
    let Some(outcome) = answered else { return Ok(nothing()) };
    let groups = groups::sorted(call, outcome.groups()?);
    Ok(groups.iter().map(|group| call.dialect.shape.group(group)).collect())
}

async fn members_of(call: &Call<'_>) -> Result<Php, Failure> {
    let shape = &call.dialect.shape;
    let Some(group) = groups::find(call, call.group(0, 1)?).await? else {
        return Ok(Vec::new().into_iter().collect());
    };
    let answered = unless_absent(call.ask(Command::ListMembers(GroupRef::Id(group.id))).await)?;
    let mut users = answered.map(Outcome::users).transpose()?.unwrap_or_default();
    // Two of the databases find the members by an index that begins with the group.
    if shape.database != Database::Postgres {
        users.sort_by_key(|user| shape.user_id(user));
    }
    let holders = token_holders(call, None).await?;
    let id = shape.group_id(&group);
    let row = |user: &User| shape.member(id, user, token(&holders, user));
    Ok(users.iter().map(row).collect())
}

async fn add(call: &Call<'_>) -> Result<Php, Failure> {
    let shape = &call.dialect.shape;
    let id = |place, column, parameter| {
        let id = shape.database.stored_id(call.argument(place), column, parameter);
        id.map_err(Failure::exception)
    };
    let ids = [id(0, "group_id", 1)?, id(1, "user_id", 2)?];
    let [Some(group), Some(user)] = ids.map(|id| id.map(|id| id.to_string())) else {
        shape.database.missing_member(ids).map_err(Failure::exception)?;
        return Ok(Php::Bool(false));
    };
    let group = GroupRef::Native(shape.namespace.clone(), group);
    let Some(group) = groups::find(call, Some(group)).await? else { return Ok(Php::Bool(false)) };
    let user = UserRef::Native(shape.namespace.clone(), user);
    let answered = call.ask(Command::AddMember(GroupRef::Id(group.id), user)).await;
    let refusals = [FaultKind::NotFound, FaultKind::Conflict, FaultKind::Invalid];
    Ok(Php::Bool(unless(answered, &refusals)?.is_some()))
}

async fn remove(call: &Call<'_>) -> Result<Php, Failure> {
    let (group, person) = (call.group(0, 1)?, call.person(1, 2)?);
    let (Some(group), Some(person)) = (groups::find(call, group).await?, person) else {
        return Ok(Php::Bool(false));
    };
    let answered = call.ask(Command::RemoveMember(GroupRef::Id(group.id), person)).await;
    Ok(Php::Bool(unless_absent(answered)?.is_some()))
}

async fn is_member(call: &Call<'_>) -> Result<Php, Failure> {
    let (group, person) = (call.group(0, 1)?, call.person(1, 2)?);
    let (Some(group), Some(user)) =
        (groups::find(call, group).await?, find_user(call, person).await?)
    else {
        return Ok(Php::Bool(false));
    };
    Ok(Php::Bool(user.groups.iter().any(|membership| membership.group == group.id)))
}
