//! The procedures about groups. A group of Kanboard is a team, which all systems share.

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::group::{Group, GroupPatch, GroupRef, NewGroup};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{Matching, folded};
use serde_json::Value;

use crate::dialect::procedure::{Call, Otherwise, Procedure, optional, required, reserved};
use crate::dialect::refusal::{Failure, unless_absent, unless_refused};
use crate::dialect::validation::{NAME_LENGTH, TEXT_LENGTH};
use crate::php::Php;
use crate::wire::{EXTERNAL_ID, Shape};

/// The rows.
pub(crate) static PROCEDURES: [Procedure; 5] = [
    reserved(
        "createGroup",
        &[Verb::CreateGroup, Verb::ListGroups],
        "Creates a group and gives its id, or false.",
        &[required("name"), optional("external_id", Otherwise::Text(""))],
        |call| Box::pin(create(call)),
    ),
    reserved(
        "updateGroup",
        &[Verb::UpdateGroup, Verb::ListGroups],
        "Changes a group; true even if there is none of that id.",
        &[
            required("group_id"),
            optional("name", Otherwise::Null),
            optional("external_id", Otherwise::Null),
        ],
        |call| Box::pin(update(call)),
    ),
    reserved(
        "removeGroup",
        &[Verb::DeleteGroup],
        "Removes a group; false if there is none of that id.",
        &[required("group_id")],
        |call| Box::pin(remove(call)),
    ),
    reserved(
        "getGroup",
        &[Verb::GetGroup],
        "Gives a group by id, or null.",
        &[required("group_id")],
        |call| Box::pin(get(call)),
    ),
    reserved(
        "getAllGroups",
        &[Verb::ListGroups],
        "Gives every group with the number of its members, sorted by name.",
        &[],
        |call| Box::pin(get_all(call)),
    ),
];

async fn create(call: &Call<'_>) -> Result<Php, Failure> {
    let (name, external_id) = texts(call, 0)?;
    let Some(name) = name else {
        call.dialect.shape.database.missing("groups", "name").map_err(Failure::exception)?;
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
    let Some(outcome) = unless_refused(call.ask(command).await)? else {
        return Ok(Php::Bool(false));
    };
    Ok(Php::Int(call.dialect.shape.group_id(&*outcome.group()?)))
}

async fn update(call: &Call<'_>) -> Result<Php, Failure> {
    let database = call.dialect.shape.database;
    let (name, external_id) = texts(call, 1)?;
    let given = u8::from(name.is_some()) + u8::from(external_id.is_some());
    if given == 0 {
        let sentence = database.nothing_to_set("groups", call.argument(0));
        return Err(Failure::exception(sentence));
    }
    let Some(group) = call.group(0, given + 1)? else { return Ok(Php::Bool(true)) };
    if let Some(name) = &name
        && is_taken(call, name, Some(&group)).await?
    {
        return Ok(Php::Bool(false));
    }
    let external_id = external_id.map(|id| (EXTERNAL_ID.to_owned(), Some(Value::String(id))));
    let attributes = external_id.into_iter().collect();
    let patch = GroupPatch { name, attributes, ..GroupPatch::default() };
    let answered = call.ask(Command::UpdateGroup(group, Box::new(patch))).await;
    // Nobody is told that there is no such group: fixtures/transcripts/kanboard/groups.json.
    let refusals = [FaultKind::Conflict, FaultKind::Invalid];
    match answered {
        Err(fault) if refusals.contains(&fault.kind) => Ok(Php::Bool(false)),
        answered => unless_absent(answered).map(|_| Php::Bool(true)),
    }
}

async fn remove(call: &Call<'_>) -> Result<Php, Failure> {
    let Some(group) = call.group(0, 1)? else { return Ok(Php::Bool(false)) };
    let removed = unless_absent(call.ask(Command::DeleteGroup(group)).await)?;
    Ok(Php::Bool(removed.is_some()))
}

async fn get(call: &Call<'_>) -> Result<Php, Failure> {
    let found = find(call, call.group(0, 1)?).await?;
    Ok(found.map_or(Php::Null, |group| call.dialect.shape.group(&group)))
}

async fn get_all(call: &Call<'_>) -> Result<Php, Failure> {
    let groups = sorted(call, call.ask(Command::ListGroups(None)).await?.groups()?);
    Ok(groups.iter().map(|group| call.dialect.shape.listed_group(group)).collect())
}

/// The group, if there is one. Another system's set of rights is none of Kanboard's.
pub(crate) async fn find(
    call: &Call<'_>,
    group: Option<GroupRef>,
) -> Result<Option<Box<Group>>, Failure> {
    let Some(group) = group else { return Ok(None) };
    let found = unless_absent(call.ask(Command::GetGroup(group)).await)?;
    Ok(found.map(Outcome::group).transpose()?.filter(|group| group.namespace.is_none()))
}

/// Whether another group has a name that MariaDB takes for the same. Names that are the same to the
/// byte are refused by the store.
async fn is_taken(call: &Call<'_>, name: &str, by: Option<&GroupRef>) -> Result<bool, Failure> {
    let Shape { database, namespace, .. } = &call.dialect.shape;
    if database.matching() == Matching::Exact {
        return Ok(false);
    }
    let groups = call.ask(Command::ListGroups(None)).await?.groups()?;
    let itself = |group: &Group| {
        let id =
            group.native(namespace).map(|id| GroupRef::Native(namespace.clone(), id.to_owned()));
        id.as_ref() == by
    };
    // A group that is not there takes no name.
    if by.is_some() && !groups.iter().any(itself) {
        return Ok(false);
    }
    Ok(groups.iter().any(|group| folded(&group.name) == folded(name) && !itself(group)))
}

/// Teams only, by name.
pub(crate) fn sorted(call: &Call<'_>, mut groups: Vec<Group>) -> Vec<Group> {
    groups.retain(|group| group.namespace.is_none());
    groups.sort_by_cached_key(|group| call.dialect.shape.database.sort_key(&group.name));
    groups
}

/// The name and the external id, which are arguments beside each other.
fn texts(call: &Call<'_>, place: usize) -> Result<(Option<String>, Option<String>), Failure> {
    let database = call.dialect.shape.database;
    let name = database.bound(call.argument(place));
    let external_id = database.bound(call.argument(place + 1));
    if database == crate::database::Database::Mysql {
        database.fits("name", name.as_deref(), NAME_LENGTH).map_err(Failure::exception)?;
    }
    let fits = database.fits("external_id", external_id.as_deref(), TEXT_LENGTH);
    fits.map_err(Failure::exception)?;
    Ok((name, external_id))
}
