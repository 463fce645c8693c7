//! The commands about groups and their members. A group of Kanboard is a team.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::verb::Verb;
use serde_json::{Value, json};

use crate::backend::api::Api;
use crate::backend::fault::{unexpected, unsupported};
use crate::backend::row::GroupRow;
use crate::backend::users;
use crate::wire::attributes::EXTERNAL_ID;

/// Creates a group.
pub(super) async fn create(api: &Api, group: &NewGroup) -> Result<Outcome, Fault> {
    if group.namespace.is_some() {
        return Err(unsupported(Verb::CreateGroup));
    }
    let external = group.attributes.get(EXTERNAL_ID).cloned().unwrap_or(json!(""));
    let id = api.new_id("createGroup", json!([group.name, external])).await?;
    let id = id.ok_or_else(|| Fault::conflict(Subject::Group))?;
    let created = find_id(api, id).await?;
    if created.name != group.name {
        return Err(unexpected("the server shows another group than it created"));
    }
    Ok(answer(api, &created))
}

/// Reads a group.
pub(super) async fn get(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    Ok(answer(api, &find(api, group).await?))
}

/// Reads all groups.
pub(super) async fn list(api: &Api) -> Result<Outcome, Fault> {
    let mut groups = all(api).await?;
    for group in &mut groups {
        if !group.counts_members() {
            *group = group.clone().with_members(count(api, group.id).await?);
        }
    }
    Ok(answer_all(api, &groups))
}

/// The number of members of a group: servers before 1.0.41 do not list it.
async fn count(api: &Api, id: i64) -> Result<usize, Fault> {
    Ok(api.list("getGroupMembers", json!([id])).await?.len())
}

/// Changes a group.
pub(super) async fn update(
    api: &Api,
    group: &GroupRef,
    patch: &GroupPatch,
) -> Result<Outcome, Fault> {
    // The group is read first: Kanboard answers true for a group that does not exist.
    let known = find(api, group).await?;
    let external = patch.attributes.get(EXTERNAL_ID);
    if patch.name.is_some() || external.is_some() {
        let name = patch.name.as_ref().unwrap_or(&known.name);
        let params = json!({"group_id": known.id, "name": name, "external_id": external});
        done_or(api, "updateGroup", params, Fault::conflict(Subject::Group)).await?;
    }
    let now = find_id(api, known.id).await?;
    if patch.name.as_ref().is_some_and(|name| *name != now.name) {
        return Err(unexpected("the server does not show a change"));
    }
    Ok(answer(api, &now))
}

/// Removes a group.
pub(super) async fn delete(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    let id = find_id_of(api, group).await?;
    done_or(api, "removeGroup", json!([id]), Fault::not_found(Subject::Group)).await
}

/// Adds a user to a group.
pub(super) async fn add_member(
    api: &Api,
    group: &GroupRef,
    user: &UserRef,
) -> Result<Outcome, Fault> {
    let params = membership(api, group, user).await?;
    done_or(api, "addGroupMember", params, Fault::conflict(Subject::Membership)).await
}

/// Removes a user from a group.
pub(super) async fn remove_member(
    api: &Api,
    group: &GroupRef,
    user: &UserRef,
) -> Result<Outcome, Fault> {
    let params = membership(api, group, user).await?;
    done_or(api, "removeGroupMember", params, Fault::not_found(Subject::Membership)).await
}

/// Reads the members of a group.
pub(super) async fn members(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    let id = find_id_of(api, group).await?;
    users::users(api, api.list("getGroupMembers", json!([id])).await?)
}

/// Reads the groups of a user.
pub(super) async fn groups_of(api: &Api, user: &UserRef) -> Result<Outcome, Fault> {
    let id = users::find_id_of(api, user).await?;
    let rows = read_all(api.list("getMemberGroups", json!([id])).await?)?;
    Ok(answer_all(api, &rows))
}

/// Calls a method that answers true; `false` has one meaning only.
async fn done_or(api: &Api, method: &str, params: Value, refused: Fault) -> Result<Outcome, Fault> {
    if api.is_done(method, params).await? { Ok(Outcome::Done) } else { Err(refused) }
}

async fn find(api: &Api, group: &GroupRef) -> Result<GroupRow, Fault> {
    match group {
        GroupRef::Native(namespace, id) if *namespace == api.namespace => {
            find_id(api, parsed_id(id)?).await
        }
        GroupRef::Name(None, name) => {
            let named = all(api).await?.into_iter().find(|group| group.name == *name);
            named.ok_or_else(|| Fault::not_found(Subject::Group))
        }
        GroupRef::Id(_) | GroupRef::Native(..) | GroupRef::Name(Some(_), _) => {
            Err(unsupported(Verb::GetGroup))
        }
    }
}

/// Kanboard's id of a group. A reference that is the id is not read.
async fn find_id_of(api: &Api, group: &GroupRef) -> Result<i64, Fault> {
    match group {
        GroupRef::Native(namespace, id) if *namespace == api.namespace => parsed_id(id),
        GroupRef::Native(..) | GroupRef::Id(_) | GroupRef::Name(..) => {
            Ok(find(api, group).await?.id)
        }
    }
}

fn parsed_id(id: &str) -> Result<i64, Fault> {
    id.parse().map_err(|_| Fault::not_found(Subject::Group))
}

async fn find_id(api: &Api, id: i64) -> Result<GroupRow, Fault> {
    let row = api.group("getGroup", json!([id])).await?;
    let row = row.ok_or_else(|| Fault::not_found(Subject::Group))?;
    if row.id == id { Ok(row) } else { Err(unexpected("getGroup answers another group")) }
}

async fn all(api: &Api) -> Result<Vec<GroupRow>, Fault> {
    read_all(api.list("getAllGroups", json!([])).await?)
}

fn read_all(rows: Vec<Value>) -> Result<Vec<GroupRow>, Fault> {
    rows.into_iter().map(GroupRow::of).collect()
}

async fn membership(api: &Api, group: &GroupRef, user: &UserRef) -> Result<Value, Fault> {
    let group = find_id_of(api, group).await?;
    Ok(json!([group, users::find_id_of(api, user).await?]))
}

fn answer(api: &Api, row: &GroupRow) -> Outcome {
    Outcome::Group(Box::new(row.group(&api.namespace)))
}

fn answer_all(api: &Api, rows: &[GroupRow]) -> Outcome {
    Outcome::Groups(rows.iter().map(|row| row.group(&api.namespace)).collect())
}
