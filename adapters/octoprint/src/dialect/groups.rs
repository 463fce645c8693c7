//! `/api/access/groups` and `/api/access/permissions`.

use std::sync::Arc;

use isogloss_canonical::command::Command;
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::user::AttributeChanges;
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::{Answer, json};
use crate::dialect::arguments::is_yes;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::members;
use crate::roles::groups::{
    BUILT_IN, DEFAULT, DESCRIPTION, GUESTS, PERMISSION_KEYS, SUBGROUPS, TITLE, traits,
};
use crate::roles::permissions::Permission;
use crate::roles::rights::Rights;
use crate::wire;

/// `GET /api/access/permissions`
pub(crate) async fn permissions(call: &Call<'_>) -> Answer {
    let permissions = call.rights().await?.permissions().map(|own| wire::permission(own)).collect();
    json(&Py::dict([("permissions", Py::List(permissions))]))
}

/// `GET /api/access/groups`
pub(crate) async fn list(call: &Call<'_>) -> Answer {
    all(call).await
}

/// `GET /api/access/groups/KEY`
pub(crate) async fn get(call: &Call<'_>) -> Answer {
    let rights = call.rights().await?;
    json(&wire::group(find(rights, &call.parameter)?, rights)?)
}

/// The fields that a new group must have, and the sentence about each that is missing.
const REQUIRED: [(&str, &str); 4] = [
    ("key", "key is missing"),
    ("name", "name is missing"),
    ("permissions", "permissions are missing"),
    ("subgroups", "subgroups are missing"),
];

/// `POST /api/access/groups`
pub(crate) async fn add(call: &Call<'_>) -> Answer {
    let body = call.json()?;
    for (field, sentence) in REQUIRED {
        if !body.contains(field)? {
            return Err(Failure::with(400, sentence));
        }
    }
    let rights = call.rights().await?;
    let key = body.item("key")?.as_str().ok_or(CRASH)?;
    if rights.find(key).is_some() {
        return Err(Failure::of(409));
    }
    let new = new_group(call, rights, key, &body)?;
    call.run(Command::CreateGroup(Box::new(new))).await?;
    update_grants(call).await?;
    all(call).await
}

/// `PUT /api/access/groups/KEY`: a key cannot be changed, and null changes nothing.
pub(crate) async fn update(call: &Call<'_>) -> Answer {
    let body = call.json()?;
    for field in ["permissions", "subgroups", "default", "description"] {
        // OctoPrint answers 500 to a body that is a text with such a word in it.
        if body.contains(field)? {
            body.item(field)?;
        }
    }
    let default = body.get("default").map(is_yes).transpose()?;
    let rights = call.rights().await?;
    let group = find(rights, &call.parameter)?;
    if !traits(group).changeable {
        return Err(Failure::of(403));
    }
    let mut patch = GroupPatch::default();
    let read = read_changes(rights, group, &body, &mut patch);
    if let (Some(default), Ok(())) = (default, &read) {
        patch.attributes.insert(DEFAULT.to_owned(), Some(Value::Bool(default)));
    }
    if patch != GroupPatch::default() {
        call.run(Command::UpdateGroup(GroupRef::from(group), Box::new(patch))).await?;
        update_grants(call).await?;
    }
    read?;
    all(call).await
}

/// `DELETE /api/access/groups/KEY`
pub(crate) async fn remove(call: &Call<'_>) -> Answer {
    let group = find(call.rights().await?, &call.parameter)?;
    if !traits(group).removable {
        return Err(Failure::of(403));
    }
    call.run(Command::DeleteGroup(GroupRef::from(group))).await?;
    update_grants(call).await?;
    all(call).await
}

fn find<'a>(rights: &'a Rights, key: &str) -> Result<&'a Group, Failure> {
    rights.find(key).ok_or(Failure::of(404))
}

/// Every group, in the order of creation.
async fn all(call: &Call<'_>) -> Answer {
    let rights = call.fresh_rights().await?;
    let groups = rights.groups.iter().map(|group| wire::group(group, &rights));
    let groups = groups.collect::<Result<Vec<_>, _>>()?;
    json(&Py::dict([("groups", Py::List(groups))]))
}

/// Gives each group the canonical grants that its permissions and subgroups now convey: all of them
/// with `ADMIN`, else none.
async fn update_grants(call: &Call<'_>) -> Result<(), Failure> {
    let rights = call.fresh_rights().await?;
    for group in rights.groups.iter().filter(|group| group.confers.is_none()) {
        let admin = rights.needs_of_group(group).is_ok_and(|needs| needs.is_admin());
        let grants = if admin { Grants::all() } else { Grants::none() };
        if group.grants != grants {
            let patch = GroupPatch { grants: Some(grants), ..GroupPatch::default() };
            call.run(Command::UpdateGroup(GroupRef::from(group), Box::new(patch))).await?;
        }
    }
    Ok(())
}

fn new_group(call: &Call<'_>, rights: &Rights, key: &str, body: &Py) -> Result<NewGroup, Failure> {
    let named = body.item("permissions")?;
    let permissions =
        if named.truthy() { members::permissions(rights, named)? } else { Vec::new() };
    let subgroups = members::groups(rights, body.item("subgroups")?)?;
    let described = body.get("description").cloned().unwrap_or(Py::text(""));
    let mut attributes = AttributeChanges::new();
    let description = describe(&described, &mut attributes);
    let default = body.get("default").unwrap_or(&Py::Bool(false));
    for (name, value) in [
        (TITLE, stored::to_json(body.item("name")?)),
        (DEFAULT, stored::to_json(default)),
        (PERMISSION_KEYS, keys(&permissions)),
        (SUBGROUPS, ids(rights, &subgroups)),
    ] {
        attributes.insert(name.to_owned(), Some(value));
    }
    let given = |(name, value): (String, Option<Value>)| (name, value.unwrap_or_default());
    Ok(NewGroup {
        namespace: Some(call.options.namespace.clone()),
        name: key.to_owned(),
        unique_name: true,
        description,
        attributes: attributes.into_iter().map(given).collect(),
        ..NewGroup::default()
    })
}

/// Reads the changes of a body into a patch, up to the first that fails.
fn read_changes(
    rights: &Rights,
    group: &Group,
    body: &Py,
    patch: &mut GroupPatch,
) -> Result<(), Failure> {
    let given = |field: &str| body.get(field).filter(|value| **value != Py::None);
    let built_in = BUILT_IN.iter().any(|row| row.key == group.name);
    if let Some(described) = given("description").filter(|_| !built_in) {
        patch.attributes.insert(DESCRIPTION.to_owned(), None);
        patch.description = Some(describe(described, &mut patch.attributes));
    }
    if let Some(named) = given("permissions") {
        let own = rights.permissions_of(group);
        let after = permissions_after(group, &own, &members::permissions(rights, named)?);
        if after != own {
            patch.attributes.insert(PERMISSION_KEYS.to_owned(), Some(keys(&after)));
        }
    }
    if let Some(named) = given("subgroups") {
        let own: Vec<_> =
            rights.subgroups_of(group).into_iter().map(|group| group.name.clone()).collect();
        let after = subgroups_after(rights, group, &own, members::groups(rights, named)?);
        if after != own {
            patch.attributes.insert(SUBGROUPS.to_owned(), Some(ids(rights, &after)));
        }
    }
    Ok(())
}

/// The permissions of a group after a change. Guests cannot have dangerous ones.
fn permissions_after(
    group: &Group,
    own: &[Arc<Permission>],
    wished: &[Arc<Permission>],
) -> Vec<Arc<Permission>> {
    let allowed = |permission: &&Arc<Permission>| group.name != GUESTS || !permission.dangerous;
    let wished: Vec<_> = wished.iter().filter(allowed).cloned().collect();
    let remaining = own.iter().filter(|permission| wished.contains(permission));
    let added = wished.iter().filter(|permission| !own.contains(permission));
    remaining.chain(added).cloned().collect()
}

/// The subgroups of a group after a change. Guests cannot have dangerous ones.
fn subgroups_after(
    rights: &Rights,
    group: &Group,
    own: &[String],
    mut wished: Vec<String>,
) -> Vec<String> {
    let harmless = |key: &String| {
        let group = rights.find(key);
        group.is_some_and(|group| rights.dangerous(group) == Ok(false))
    };
    wished.retain(|key| group.name != GUESTS || harmless(key));
    members::toggled(rights, own, &wished)
}

/// A description that is a text is the group's description; any other value becomes an attribute.
fn describe(described: &Py, attributes: &mut AttributeChanges) -> Option<String> {
    if let Some(text) = described.as_str() {
        return Some(text.to_owned());
    }
    attributes.insert(DESCRIPTION.to_owned(), Some(stored::to_json(described)));
    None
}

fn keys(permissions: &[Arc<Permission>]) -> Value {
    permissions.iter().map(|permission| Value::from(permission.key.as_str())).collect()
}

fn ids(rights: &Rights, groups: &[String]) -> Value {
    let ids = groups.iter().filter_map(|key| rights.find(key)).map(|group| group.id.to_string());
    ids.map(Value::from).collect()
}
