//! The methods about groups. A group of Kanboard is a team: every system shares it.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::{Matching, folded};
use isogloss_interop::php::value::Php;
use serde_json::Value;

use crate::database::Database;
use crate::dialect::call::Call;
use crate::dialect::failure::{Failure, none_if_absent, none_if_refused};
use crate::dialect::validation::{NAME_LENGTH, TEXT_LENGTH};
use crate::options::version::EmptyUpdate;
use crate::wire::attributes::EXTERNAL_ID;
use crate::wire::group::{found_group_row, listed_group_row};

/// `createGroup`.
pub(crate) async fn create(call: &Call<'_>) -> Result<Php, Failure> {
    let (name, external_id) = texts(call, 0)?;
    let Some(name) = name else {
        call.options.database.not_null("groups", "name")?;
        return Ok(Php::Bool(false));
    };
    if is_taken(call, &name, None).await? {
        return Ok(Php::Bool(false));
    }
    let external_id = external_id.map_or(Value::Null, Value::String);
    let command = Command::CreateGroup(Box::new(NewGroup {
        name,
        unique_name: true,
        attributes: [(EXTERNAL_ID.to_owned(), external_id)].into_iter().collect(),
        ..NewGroup::default()
    }));
    let Some(outcome) = none_if_refused(call.run(command).await)? else {
        return Ok(Php::Bool(false));
    };
    Ok(Php::Int(call.options.group_id(&*outcome.group()?)))
}

/// `updateGroup`. The answer is `true` if there is no such group:
/// `fixtures/transcripts/kanboard/groups.json`.
pub(crate) async fn update(call: &Call<'_>) -> Result<Php, Failure> {
    let (name, external_id) = texts(call, 1)?;
    let given = u8::from(name.is_some()) + u8::from(external_id.is_some());
    // The statement of version 1.0 sets the id too, unless it is null.
    let sets_id = call.options.differences().empty_update == EmptyUpdate::Nothing
        && *call.argument(0) != Php::Null;
    if given == 0 && !sets_id {
        return Err(call.options.database.nothing_to_set("groups", call.argument(0)).into());
    }
    if given == 0 {
        return Ok(Php::Bool(true));
    }
    let Some(group) = call.group_ref(0, given + 1)? else { return Ok(Php::Bool(true)) };
    if let Some(name) = &name
        && is_taken(call, name, Some(&group)).await?
    {
        return Ok(Php::Bool(false));
    }
    let external_id = external_id.map(|id| (EXTERNAL_ID.to_owned(), Some(Value::String(id))));
    let attributes = external_id.into_iter().collect();
    let patch = GroupPatch { name, attributes, ..GroupPatch::default() };
    match call.run(Command::UpdateGroup(group, Box::new(patch))).await {
        Err(fault) if [FaultKind::Conflict, FaultKind::Invalid].contains(&fault.kind) => {
            Ok(Php::Bool(false))
        }
        answered => none_if_absent(answered).map(|_| Php::Bool(true)),
    }
}

/// `removeGroup`.
pub(crate) async fn remove(call: &Call<'_>) -> Result<Php, Failure> {
    let Some(group) = call.group_ref(0, 1)? else { return Ok(Php::Bool(false)) };
    let removed = none_if_absent(call.run(Command::DeleteGroup(group)).await)?;
    Ok(Php::Bool(removed.is_some()))
}

/// `getGroup`.
pub(crate) async fn get(call: &Call<'_>) -> Result<Php, Failure> {
    let found = call.find_group(call.group_ref(0, 1)?).await?;
    let row = |group: Box<Group>| found_group_row(call.options, &group, call.argument(0));
    Ok(found.map_or(Php::Null, row))
}

/// `getAllGroups`.
pub(crate) async fn get_all(call: &Call<'_>) -> Result<Php, Failure> {
    let groups = sorted_teams(call, call.run(Command::ListGroups(None)).await?.groups()?);
    Ok(groups.iter().map(|group| listed_group_row(call.options, group)).collect())
}

/// The teams among these groups, sorted by name.
pub(crate) fn sorted_teams(call: &Call<'_>, mut groups: Vec<Group>) -> Vec<Group> {
    groups.retain(|group| group.namespace.is_none());
    groups.sort_by_cached_key(|group| call.options.database.sort_key(&group.name));
    groups
}

/// Whether another group has a name that MariaDB takes for equal. The backend itself refuses a name
/// that is equal byte by byte.
async fn is_taken(call: &Call<'_>, name: &str, by: Option<&GroupRef>) -> Result<bool, Failure> {
    if call.options.database.matching() == Matching::Exact {
        return Ok(false);
    }
    let groups = call.run(Command::ListGroups(None)).await?.groups()?;
    let namespace = &call.options.namespace;
    let is_own = |group: &Group| {
        let id = group.native(namespace);
        id.map(|id| GroupRef::Native(namespace.clone(), id.to_owned())).as_ref() == by
    };
    // The update of a group that does not exist takes no name.
    if by.is_some() && !groups.iter().any(is_own) {
        return Ok(false);
    }
    Ok(groups.iter().any(|group| folded(&group.name) == folded(name) && !is_own(group)))
}

/// The name and the external id, which are adjacent arguments.
fn texts(call: &Call<'_>, position: usize) -> Result<(Option<String>, Option<String>), Failure> {
    let database = call.options.database;
    let name = database.bound(call.argument(position));
    let external_id = database.bound(call.argument(position + 1));
    if database == Database::Mysql {
        database.fits("name", name.as_deref(), NAME_LENGTH)?;
    }
    database.fits("external_id", external_id.as_deref(), TEXT_LENGTH)?;
    Ok((name, external_id))
}
