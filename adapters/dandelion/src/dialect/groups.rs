//! `groups/*`: the groups, which are sets of rights.

use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::people::{self, Order, PeopleQuery};
use isogloss_canonical::user::User;
use serde_json::{Map, Value, json};

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::ids::{Gid, NAMESPACE};
use crate::roles::memberships;
use crate::roles::rights::{self, RIGHTS, RIGHTS_OF_HOLDER, Rights};
use crate::wire::columns;

/// `groups/getlist`.
pub(crate) async fn get_list(call: &Call<'_>) -> Result<Answer, Failure> {
    let groups = call.run(Command::ListGroups(Some(NAMESPACE))).await?.groups()?;
    let mut shown: Vec<_> = groups
        .iter()
        .map(|group| (group.native(&NAMESPACE).unwrap_or("0"), group.name.as_str()))
        .collect();
    shown.sort_by_key(|(id, _)| id.parse::<i64>().unwrap_or_default());
    let shown: Vec<_> = shown.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    Ok(shown.into())
}

/// `groups/getgroup`. For an unknown group only the labels of the rights are shown
/// (`fixtures/transcripts/dandelion/groups-read.json`).
pub(crate) async fn get_group(call: &Call<'_>) -> Result<Answer, Failure> {
    let id = call.arguments.gid("groupid");
    let mut shown = Map::new();
    let rights = match call.run(Command::GetGroup(memberships::group(id))).await {
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
    shown.insert("permissionNames".to_owned(), rights::labels());
    Ok(Value::Object(shown).into())
}

/// `groups/getuserrights`: the rights of the caller. A Dandelion server shows them as they are stored to
/// the caller's own key or session only. Without one, `groups/getgroup` shows them merged over the
/// defaults.
pub(crate) async fn get_rights(call: &Call<'_>) -> Result<Answer, Failure> {
    if call.exchange.knows(RIGHTS_OF_HOLDER) {
        let fact = Fact {
            namespace: call.namespace().clone(),
            name: RIGHTS_OF_HOLDER,
            person: Some(call.me()),
            arguments: Map::new(),
            shown: call.key.cloned(),
        };
        if let Some(rights) = call.exchange.fact(call.caller, fact).await {
            return Ok(rights?.into());
        }
    }
    Ok(call.rights_of(call.user).await?.shown().into())
}

/// `groups/edit`. For an unknown group the answer is a success too.
pub(crate) async fn edit(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("editgroup").await?;
    let group = memberships::group(call.arguments.gid("groupid"));
    let rights = Rights::sent(call.arguments.text("rights").unwrap_or_default());
    let patch = GroupPatch {
        grants: Some(rights.grants()),
        attributes: [(RIGHTS.to_owned(), Some(rights.stored()))].into(),
        ..GroupPatch::default()
    };
    match call.run(Command::UpdateGroup(group, Box::new(patch))).await {
        Err(fault) if !fault.is_absence_of(Subject::Group) => Err(fault.into()),
        Ok(_) | Err(_) => Ok("User group saved".into()),
    }
}

/// `groups/create`. A name is stored in lower case and need not be unique.
pub(crate) async fn create(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("creategroup").await?;
    let name = call.arguments.text("name").unwrap_or_default().to_ascii_lowercase();
    let rights = call.arguments.true_text("rights").map_or_else(Rights::none, Rights::sent);
    let group = NewGroup {
        namespace: Some(NAMESPACE),
        name: columns::tiny_text(&name),
        grants: rights.grants(),
        attributes: Map::from_iter([(RIGHTS.to_owned(), rights.stored())]),
        ..NewGroup::default()
    };
    call.run(Command::CreateGroup(Box::new(group))).await?;
    Ok("User group created successfully".into())
}

/// `groups/delete`. For an unknown group the answer is a success too. The group of administrators
/// is never deleted, even if it has no members: another system can make an administrator.
pub(crate) async fn delete(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("deletegroup").await?;
    let id = call.arguments.gid("groupid");
    if id == Gid::ADMINISTRATORS || has_members(call, id).await? {
        let text = "This group is assigned to users. Cannot delete group.";
        return Err(Failure::general(text));
    }
    match call.run(Command::DeleteGroup(memberships::group(id))).await {
        Err(fault) if !fault.is_absence_of(Subject::Group) => Err(fault.into()),
        Ok(_) | Err(_) => Ok("Group deleted successfully.".into()),
    }
}

/// Whether a group has members. Users in no other group are in the ordinary one.
async fn has_members(call: &Call<'_>, group: Gid) -> Result<bool, Failure> {
    let everybody = call.exchange.list(None, PeopleQuery::in_order(Order::Created)).await?;
    let member = |user: &User| (memberships::group_of(user) == group).then_some(());
    Ok(people::find(everybody, member).await?.is_some())
}
