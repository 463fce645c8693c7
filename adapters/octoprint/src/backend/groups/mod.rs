//! The groups of a server. Their ids are derived from their keys, because the server has no other
//! identity of a group.

mod row;

use std::time::Duration;

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::AttributeChanges;
use serde_json::{Map, Value, json};

use crate::backend::api::{Api, Reply, path_of};
use crate::backend::fault::{impossible, invalid, unexpected};
use crate::backend::groups::row::{GroupRow, id, rows_of, same_set};
use crate::options::version::RightsModel;
use crate::roles::groups::{DEFAULT, DESCRIPTION, PERMISSION_KEYS, SUBGROUPS, TITLE};

/// How long a list of the groups is used again.
const LASTING: Duration = Duration::from_secs(2);

pub(super) use crate::backend::groups::row::memberships;

/// Lists the groups of a namespace, in the server's order.
pub(super) async fn list(api: &Api, namespace: Option<&IdNamespace>) -> Result<Outcome, Fault> {
    check(api, namespace == Some(api.namespace()))?;
    let rows = read_lately(api).await?;
    Ok(Outcome::Groups(rows.iter().map(|row| row.group(api.namespace())).collect()))
}

/// Reads a group.
pub(super) async fn get(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    check(api, is_own(api, group))?;
    let row = find(read_lately(api).await?, group, api.namespace())?;
    Ok(outcome(&row, api))
}

/// Creates a group.
pub(super) async fn create(api: &Api, new: NewGroup) -> Result<Outcome, Fault> {
    check(api, new.namespace.as_ref() == Some(api.namespace()))?;
    let rows = read(api).await?;
    path_of(&new.name).ok_or_else(|| invalid(Subject::Group, "no path can have this key"))?;
    let changes = new.attributes.into_iter().map(|(name, value)| (name, Some(value))).collect();
    let mut body = fields(&rows, &changes, api.namespace())?;
    for (field, missing) in [("permissions", json!([])), ("subgroups", json!([]))] {
        body.entry(field).or_insert(missing);
    }
    body.entry("name").or_insert(json!(new.name));
    body.insert("key".to_owned(), json!(new.name));
    describe(new.description.as_deref(), &changes, &mut body);
    confirmed(api, api.change_groups("POST", "", Some(&body)).await?, &new.name, &body)
}

/// Changes a group. Its key and its title cannot be changed.
pub(super) async fn update(
    api: &Api,
    group: &GroupRef,
    patch: GroupPatch,
) -> Result<Outcome, Fault> {
    check(api, is_own(api, group))?;
    let rows = read(api).await?;
    let row = find(rows.clone(), group, api.namespace())?;
    let grants = patch.grants.as_ref().is_some_and(|grants| *grants != row.grants());
    let more = patch.owner.is_some() || patch.co_owners.is_some() || patch.active == Some(false);
    let title = patch.attributes.contains_key(TITLE);
    if patch.name.is_some() || title || grants || more {
        let detail =
            "the server changes the permissions, subgroups and description of a group only";
        return Err(impossible(Subject::Group, detail));
    }
    let mut body = fields(&rows, &patch.attributes, api.namespace())?;
    if let Some(description) = &patch.description {
        describe(description.as_deref(), &patch.attributes, &mut body);
    }
    if body.is_empty() {
        return Ok(outcome(&row, api));
    }
    if !row.is("changeable") {
        return Err(impossible(Subject::Group, "the server does not change this group"));
    }
    refuse_circle(&rows, &row.key, &body)?;
    let reply = api.change_groups("PUT", &path(&row.key)?, Some(&body)).await?;
    confirmed(api, reply, &row.key, &body)
}

/// Deletes a group. The server takes it from its members.
pub(super) async fn delete(api: &Api, group: &GroupRef) -> Result<Outcome, Fault> {
    check(api, is_own(api, group))?;
    let row = find(read(api).await?, group, api.namespace())?;
    if !row.is("removable") {
        return Err(impossible(Subject::Group, "the server does not delete this group"));
    }
    let left = rows_of(api.change_groups("DELETE", &path(&row.key)?, None).await?)?;
    if left.iter().any(|other| other.key == row.key) {
        return Err(unexpected("the server still shows a deleted group"));
    }
    Ok(Outcome::Done)
}

/// Refuses teams, and every group before 1.4.
fn check(api: &Api, is_own: bool) -> Result<(), Fault> {
    if is_own && api.version().rights == RightsModel::Groups {
        return Ok(());
    }
    let detail = "OctoPrint has no teams, and no groups before 1.4";
    Err(impossible(Subject::Group, detail))
}

/// Whether a reference can name a group of the server.
fn is_own(api: &Api, group: &GroupRef) -> bool {
    match group {
        GroupRef::Id(id) => id.is_derived(),
        GroupRef::Native(namespace, _) | GroupRef::Name(Some(namespace), _) => {
            namespace == api.namespace()
        }
        GroupRef::Name(None, _) => false,
    }
}

/// The keys of the groups that references name.
pub(super) async fn keys(api: &Api, groups: &[GroupRef]) -> Result<Vec<String>, Fault> {
    let mut rows = None;
    let mut keys = Vec::with_capacity(groups.len());
    for group in groups {
        keys.push(match group {
            GroupRef::Name(_, key) | GroupRef::Native(_, key) => key.clone(),
            GroupRef::Id(_) => {
                if rows.is_none() {
                    rows = Some(read(api).await?);
                }
                find(rows.clone().unwrap_or_default(), group, api.namespace())?.key
            }
        });
    }
    Ok(keys)
}

fn outcome(row: &GroupRow, api: &Api) -> Outcome {
    Outcome::Group(Box::new(row.group(api.namespace())))
}

fn path(key: &str) -> Result<String, Fault> {
    path_of(key).ok_or_else(|| impossible(Subject::Group, "no path can have this key"))
}

/// The groups as they were at most two seconds ago. Almost every answer to a client needs them.
async fn read_lately(api: &Api) -> Result<Vec<GroupRow>, Fault> {
    if let Some(data) = api.groups.recall(api.now(), LASTING) {
        return rows_of(Ok(data));
    }
    let since = api.groups.begin(api.now());
    let reply = api.get_groups().await?;
    if let Ok(data) = &reply {
        api.groups.keep(since, data.clone());
    }
    rows_of(reply)
}

async fn read(api: &Api) -> Result<Vec<GroupRow>, Fault> {
    rows_of(api.get_groups().await?)
}

fn find(rows: Vec<GroupRow>, group: &GroupRef, namespace: &IdNamespace) -> Result<GroupRow, Fault> {
    let is_it = |row: &GroupRow| match group {
        GroupRef::Id(wanted) => id(namespace, &row.key) == *wanted,
        GroupRef::Native(own, key) | GroupRef::Name(Some(own), key) => {
            own == namespace && row.key == *key
        }
        GroupRef::Name(None, _) => false,
    };
    rows.into_iter().find(is_it).ok_or_else(|| Fault::not_found(Subject::Group))
}

/// The fields of a request that sets these attributes of a group.
fn fields(
    rows: &[GroupRow],
    changes: &AttributeChanges,
    namespace: &IdNamespace,
) -> Result<Map<String, Value>, Fault> {
    let mut body = Map::new();
    for (name, value) in changes {
        let value = value.clone().unwrap_or_default();
        let (field, value) = match name.as_str() {
            TITLE => ("name", value),
            PERMISSION_KEYS => ("permissions", value),
            DEFAULT => ("default", value),
            SUBGROUPS => ("subgroups", keys_of(rows, &value, namespace)?),
            // It is written with the description.
            DESCRIPTION => continue,
            _ => return Err(impossible(Subject::Group, "the server has no such attribute")),
        };
        body.insert(field.to_owned(), value);
    }
    Ok(body)
}

/// The keys of subgroups that are named by id.
fn keys_of(rows: &[GroupRow], ids: &Value, namespace: &IdNamespace) -> Result<Value, Fault> {
    let of_id = |wanted: &Value| {
        let is_it =
            |row: &&GroupRow| Some(&*id(namespace, &row.key).to_string()) == wanted.as_str();
        rows.iter().find(is_it).map(|row| json!(row.key))
    };
    let keys = ids.as_array().into_iter().flatten().map(of_id).collect::<Option<Vec<_>>>();
    keys.map(Value::Array).ok_or_else(|| Fault::not_found(Subject::Group))
}

fn describe(text: Option<&str>, changes: &AttributeChanges, body: &mut Map<String, Value>) {
    let other = changes.get(DESCRIPTION).cloned().flatten();
    let described = text.map(Value::from).or(other).unwrap_or_else(|| json!(""));
    body.insert("description".to_owned(), described);
}

/// Refuses subgroups that contain the group itself. The server stores them, and then answers every
/// request about groups with an error: `fixtures/transcripts/octoprint/groups-cyclic.json`.
fn refuse_circle(rows: &[GroupRow], key: &str, body: &Map<String, Value>) -> Result<(), Fault> {
    let mut open: Vec<&str> = body
        .get("subgroups")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let mut seen: Vec<&str> = Vec::new();
    while let Some(next) = open.pop() {
        if next == key {
            return Err(invalid(Subject::Group, "the group would contain itself"));
        }
        if !seen.contains(&next) {
            seen.push(next);
            let row = rows.iter().find(|row| row.key == next);
            open.extend(row.map(|row| row.texts("subgroups")).unwrap_or_default());
        }
    }
    Ok(())
}

/// The group in the list that answers a change, if the list shows the change.
fn confirmed(
    api: &Api,
    reply: Reply,
    key: &str,
    body: &Map<String, Value>,
) -> Result<Outcome, Fault> {
    let row = rows_of(reply)?.into_iter().find(|row| row.key == key);
    let row = row.ok_or_else(|| unexpected("the server does not list a group who was changed"))?;
    let shown = |(field, wanted): (&String, &Value)| {
        let has = row.shape.get(field).unwrap_or(&Value::Null);
        match field.as_str() {
            "permissions" | "subgroups" => same_set(wanted, has),
            "default" => has.as_bool() == Some(is_true(wanted)) || has == wanted,
            _ => has == wanted,
        }
    };
    if body.iter().all(shown) {
        Ok(outcome(&row, api))
    } else {
        Err(unexpected("the server does not show a change of a group"))
    }
}

fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true)
}
