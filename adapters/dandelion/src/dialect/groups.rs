//! `groups/*`: sets of rights.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::group::{GroupPatch, NewGroup};
use serde_json::{Map, Value, json};

use crate::dialect::call::{Asked, Failure, Said};
use crate::dialect::users::{TINY_BYTES, count_in};
use crate::ids::Gid;
use crate::php;
use crate::rights::{self, RIGHTS, Rights};
use crate::wire::NAMESPACE;

/// `groups/getlist`.
pub(crate) async fn get_list(asked: &Asked<'_>) -> Result<Said, Failure> {
    let groups = asked.run(Command::ListGroups(Some(NAMESPACE))).await?.groups()?;
    let mut shown: Vec<_> = groups
        .iter()
        .map(|group| (group.native(&NAMESPACE).unwrap_or("0"), group.name.as_str()))
        .collect();
    shown.sort_by_key(|(id, _)| id.parse::<i64>().unwrap_or_default());
    let shown: Vec<_> = shown.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    Ok(shown.into())
}

/// `groups/getgroup`. Of an unknown group there are no rights, but their names
/// (`fixtures/transcripts/dandelion/groups-read.json`).
pub(crate) async fn get_group(asked: &Asked<'_>) -> Result<Said, Failure> {
    let id = asked.given.gid("groupid");
    let mut shown = Map::new();
    let rights = match asked.run(Command::GetGroup(Asked::group(id))).await {
        Ok(outcome) => {
            let group = outcome.group()?;
            shown.insert("id".to_owned(), json!(id.to_string()));
            shown.insert("name".to_owned(), json!(group.name));
            Rights::of(&group)
        }
        Err(fault) if fault.is_absence_of(Subject::Group) => Rights::Missing,
        Err(fault) => return Err(fault.into()),
    };
    shown.insert("permissions".to_owned(), rights.completed());
    shown.insert("permissionNames".to_owned(), rights::names());
    Ok(Value::Object(shown).into())
}

/// `groups/edit`. A group that is not there is saved as readily as any.
pub(crate) async fn edit(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("editgroup").await?;
    let id = asked.given.gid("groupid");
    let rights = Rights::sent(asked.given.text("rights").unwrap_or_default());
    let patch = GroupPatch {
        grants: Some(rights.grants()),
        attributes: [(RIGHTS.to_owned(), Some(rights.stored()))].into(),
        ..GroupPatch::default()
    };
    match asked.run(Command::UpdateGroup(Asked::group(id), Box::new(patch))).await {
        Err(fault) if !fault.is_absence_of(Subject::Group) => Err(fault.into()),
        _ => Ok("User group saved".into()),
    }
}

/// `groups/create`. Names are made lower case, and need not be unique.
pub(crate) async fn create(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("creategroup").await?;
    let name = asked.given.text("name").unwrap_or_default().to_ascii_lowercase();
    let rights = asked.given.true_text("rights").map_or_else(Rights::none, Rights::sent);
    let group = NewGroup {
        namespace: Some(NAMESPACE),
        name: php::cut(&name, TINY_BYTES).to_owned(),
        grants: rights.grants(),
        attributes: Map::from_iter([(RIGHTS.to_owned(), rights.stored())]),
        ..NewGroup::default()
    };
    asked.run(Command::CreateGroup(Box::new(group))).await?;
    Ok("User group created successfully".into())
}

/// `groups/delete`. A group that is not there is deleted as readily as any. The administrators'
/// stays even while there are none: another system may make one at any time.
pub(crate) async fn delete(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("deletegroup").await?;
    let id = asked.given.gid("groupid");
    if id == Gid::ADMINISTRATORS || count_in(asked, id).await? > 0 {
        let words = "This group is assigned to users. Cannot delete group.";
        return Err(Failure::general(words));
    }
    match asked.run(Command::DeleteGroup(Asked::group(id))).await {
        Err(fault) if !fault.is_absence_of(Subject::Group) => Err(fault.into()),
        _ => Ok("Group deleted successfully.".into()),
    }
}
