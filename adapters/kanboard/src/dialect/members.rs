//! The methods about the members of groups.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::php::value::Php;

use crate::database::Database;
use crate::dialect::call::Call;
use crate::dialect::failure::{Failure, none_if, none_if_absent};
use crate::dialect::groups::sorted_teams;
use crate::dialect::keys::{token_holders_among, token_shown};
use crate::wire::group::group_row;
use crate::wire::user::UserRow;

/// `getMemberGroups`.
pub(crate) async fn groups_of(call: &Call<'_>) -> Result<Php, Failure> {
    let empty = Php::Array(Vec::new());
    let Some(user) = call.user_ref(0, 1)? else { return Ok(empty) };
    let answered = none_if_absent(call.run(Command::GroupsOf(user)).await)?;
    let Some(outcome) = answered else { return Ok(empty) };
    let groups = sorted_teams(call, outcome.groups()?);
    Ok(groups.iter().map(|group| group_row(call.options, group)).collect())
}

/// `getGroupMembers`.
pub(crate) async fn members_of(call: &Call<'_>) -> Result<Php, Failure> {
    let options = call.options;
    let Some(group) = call.find_group(call.group_ref(0, 1)?).await? else {
        return Ok(Php::Array(Vec::new()));
    };
    let answered = none_if_absent(call.run(Command::ListMembers(GroupRef::Id(group.id))).await)?;
    let mut users = answered.map(Outcome::users).transpose()?.unwrap_or_default();
    // SQLite and MariaDB read the members from an index that begins with the group.
    if options.database != Database::Postgres {
        users.sort_by_key(|user| options.user_id(user));
    }
    let holders = token_holders_among(call, &users).await?;
    let id = options.group_id(&group);
    let row = |user: &User| {
        UserRow::new(options, user, token_shown(holders.contains(&user.id))).encode_member(id)
    };
    Ok(users.iter().map(row).collect())
}

/// `addGroupMember`.
pub(crate) async fn add(call: &Call<'_>) -> Result<Php, Failure> {
    let (database, namespace) = (call.options.database, &call.options.namespace);
    let group = database.stored_id(call.argument(0), "group_id", 1)?;
    let user = database.stored_id(call.argument(1), "user_id", 2)?;
    let (Some(group), Some(user)) = (group, user) else {
        database.not_null_member(group, user)?;
        return Ok(Php::Bool(false));
    };
    let group = GroupRef::Native(namespace.clone(), group.to_string());
    let Some(group) = call.find_group(Some(group)).await? else { return Ok(Php::Bool(false)) };
    let user = UserRef::Native(namespace.clone(), user.to_string());
    let answered = call.run(Command::AddMember(GroupRef::Id(group.id), user)).await;
    let refusals = [FaultKind::NotFound, FaultKind::Conflict, FaultKind::Invalid];
    Ok(Php::Bool(none_if(answered, &refusals)?.is_some()))
}

/// `removeGroupMember`.
pub(crate) async fn remove(call: &Call<'_>) -> Result<Php, Failure> {
    let (group, user) = (call.group_ref(0, 1)?, call.user_ref(1, 2)?);
    let (Some(group), Some(user)) = (call.find_group(group).await?, user) else {
        return Ok(Php::Bool(false));
    };
    let answered = call.run(Command::RemoveMember(GroupRef::Id(group.id), user)).await;
    Ok(Php::Bool(none_if_absent(answered)?.is_some()))
}

/// `isGroupMember`. The groups of the user are read: with a Kanboard server behind, only that server
/// knows them.
pub(crate) async fn is_member(call: &Call<'_>) -> Result<Php, Failure> {
    let (group, user) = (call.group_ref(0, 1)?, call.user_ref(1, 2)?);
    let (Some(GroupRef::Native(namespace, id)), Some(user)) = (group, user) else {
        return Ok(Php::Bool(false));
    };
    let answered = none_if_absent(call.run(Command::GroupsOf(user)).await)?;
    let groups = answered.map(Outcome::groups).transpose()?.unwrap_or_default();
    let is_it =
        |group: &Group| group.namespace.is_none() && group.native(&namespace) == Some(id.as_str());
    Ok(Php::Bool(groups.iter().any(is_it)))
}
