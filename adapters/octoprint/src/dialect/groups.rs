//! `/api/access/groups` and `/api/access/permissions`.

use isogloss_canonical::command::Command;
use isogloss_canonical::group::{Group, GroupPatch, GroupRef, NewGroup};
use isogloss_canonical::permission::Grants;
use isogloss_canonical::user::AttributeChanges;
use serde_json::Value;

use super::answers::{CRASH, Refusal, Reply, abort, abort_with, json};
use super::membership;
use super::visit::Visit;
use crate::permissions::Permission;
use crate::pyjson::{Py, to_kept};
use crate::rights::{
    BUILT_IN, DEFAULT, DESCRIPTION, GUESTS, PERMISSION_KEYS, Rights, SUBGROUPS, TITLE, traits,
};
use crate::wire;

/// `GET /api/access/permissions`: anybody may know them.
pub(crate) async fn permissions(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    let permissions = visit.rights().await?.permissions().map(wire::permission).collect();
    json(&Py::dict([("permissions", Py::List(permissions))]))
}

/// `GET /api/access/groups`
pub(crate) async fn list(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_admin()?;
    all(visit).await
}

/// `GET /api/access/groups/KEY`
pub(crate) async fn get(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    visit.require_set_up().await?;
    visit.require_admin()?;
    let rights = visit.rights().await?;
    let group = rights.find(&names[0]).ok_or(abort(404))?;
    json(&wire::group(group, rights)?)
}

/// What must be given of a new group, and what is said if it is not.
const NEEDED: [(&str, &str); 4] = [
    ("key", "key is missing"),
    ("name", "name is missing"),
    ("permissions", "permissions are missing"),
    ("subgroups", "subgroups are missing"),
];

/// `POST /api/access/groups`
pub(crate) async fn add(visit: &mut Visit<'_>, _: &[String]) -> Reply {
    allow_change(visit).await?;
    let body = visit.json()?;
    for (field, sentence) in NEEDED {
        if !body.contains(field)? {
            return Err(abort_with(400, sentence));
        }
    }
    let rights = visit.rights().await?.clone();
    let key = body.item("key")?.as_str().ok_or(CRASH)?;
    if rights.find(key).is_some() {
        return Err(abort(409));
    }
    let new = new_group(visit, &rights, key, &body)?;
    visit.call(Command::CreateGroup(Box::new(new))).await?;
    settle(visit).await?;
    all(visit).await
}

/// `PUT /api/access/groups/KEY`: a name cannot be changed, null changes nothing.
pub(crate) async fn update(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    allow_change(visit).await?;
    let body = visit.json()?;
    for field in ["permissions", "subgroups", "default", "description"] {
        // A text that merely holds the word crashes here.
        if body.contains(field)? {
            body.item(field)?;
        }
    }
    let default = body.get("default").map(Py::is_yes).transpose()?;
    let rights = visit.rights().await?.clone();
    let group = rights.find(&names[0]).ok_or(abort(404))?;
    if !traits(group).changeable {
        return Err(abort(403));
    }
    let mut patch = GroupPatch::default();
    let read = changes(&rights, group, &body, &mut patch);
    if let (Some(default), Ok(())) = (default, &read) {
        patch.attributes.insert(DEFAULT.to_owned(), Some(Value::Bool(default)));
    }
    if patch != GroupPatch::default() {
        visit.call(Command::UpdateGroup(GroupRef::from(group), Box::new(patch))).await?;
        settle(visit).await?;
    }
    read?;
    all(visit).await
}

/// `DELETE /api/access/groups/KEY`
pub(crate) async fn remove(visit: &mut Visit<'_>, names: &[String]) -> Reply {
    allow_change(visit).await?;
    let rights = visit.rights().await?.clone();
    let group = rights.find(&names[0]).ok_or(abort(404))?;
    if !traits(group).removable {
        return Err(abort(403));
    }
    visit.call(Command::DeleteGroup(GroupRef::from(group))).await?;
    settle(visit).await?;
    all(visit).await
}

async fn allow_change(visit: &Visit<'_>) -> Result<(), Refusal> {
    visit.require_set_up().await?;
    visit.require_recent()?;
    visit.require_admin()
}

/// Every group, in the order of creation.
async fn all(visit: &mut Visit<'_>) -> Reply {
    let rights = visit.fresh_rights().await?;
    let groups = rights.groups.iter().map(|group| wire::group(group, &rights));
    let groups = groups.collect::<Result<Vec<_>, _>>()?;
    json(&Py::dict([("groups", Py::List(groups))]))
}

/// Gives each group the grants that its permissions and subgroups convey by now.
async fn settle(visit: &Visit<'_>) -> Result<(), Refusal> {
    let rights = visit.fresh_rights().await?;
    for group in rights.groups.iter().filter(|group| group.confers.is_none()) {
        let admin = rights.needs_of_group(group).is_ok_and(|needs| needs.is_admin());
        let grants = if admin { Grants::all() } else { Grants::none() };
        if group.grants != grants {
            let patch = GroupPatch { grants: Some(grants), ..GroupPatch::default() };
            visit.call(Command::UpdateGroup(GroupRef::from(group), Box::new(patch))).await?;
        }
    }
    Ok(())
}

fn new_group(
    visit: &Visit<'_>,
    rights: &Rights,
    key: &str,
    body: &Py,
) -> Result<NewGroup, Refusal> {
    let named = body.item("permissions")?;
    let permissions =
        if named.truthy() { membership::permissions(rights, named)? } else { Vec::new() };
    let subgroups = membership::groups(rights, body.item("subgroups")?)?;
    let described = body.get("description").cloned().unwrap_or(Py::text(""));
    let mut attributes = AttributeChanges::new();
    let description = describe(&described, &mut attributes);
    attributes.insert(TITLE.to_owned(), Some(to_kept(body.item("name")?)));
    let default = body.get("default").unwrap_or(&Py::Bool(false));
    attributes.insert(DEFAULT.to_owned(), Some(to_kept(default)));
    attributes.insert(PERMISSION_KEYS.to_owned(), Some(keys(&permissions)));
    attributes.insert(SUBGROUPS.to_owned(), Some(ids(rights, &subgroups)));
    Ok(NewGroup {
        namespace: Some(visit.settings.namespace.clone()),
        name: key.to_owned(),
        unique_name: true,
        description,
        attributes: attributes
            .into_iter()
            .map(|(key, value)| (key, value.unwrap_or_default()))
            .collect(),
        ..NewGroup::default()
    })
}

/// Reads the changes that a body asks for, as far as it can be read.
fn changes(
    rights: &Rights,
    group: &Group,
    body: &Py,
    patch: &mut GroupPatch,
) -> Result<(), Refusal> {
    let given = |field: &str| body.get(field).filter(|value| **value != Py::None);
    let built_in = BUILT_IN.iter().any(|row| row.key == group.name);
    if let Some(described) = given("description").filter(|_| !built_in) {
        patch.attributes.insert(DESCRIPTION.to_owned(), None);
        patch.description = Some(describe(described, &mut patch.attributes));
    }
    if let Some(named) = given("permissions") {
        let mut wished = membership::permissions(rights, named)?;
        // Guests never get what is dangerous.
        wished.retain(|permission| group.name != GUESTS || !permission.dangerous);
        let own = rights.permissions_of(group);
        let stay = own.iter().filter(|permission| wished.contains(permission));
        let come = wished.iter().filter(|permission| !own.contains(permission));
        let after: Vec<_> = stay.chain(come).copied().collect();
        if after != own {
            patch.attributes.insert(PERMISSION_KEYS.to_owned(), Some(keys(&after)));
        }
    }
    if let Some(named) = given("subgroups") {
        let mut wished = membership::groups(rights, named)?;
        let tame = |key: &String| {
            let group = rights.find(key);
            group.is_some_and(|group| rights.dangerous(group) == Ok(false))
        };
        wished.retain(|key| group.name != GUESTS || tame(key));
        let own: Vec<_> =
            rights.subgroups_of(group).into_iter().map(|group| group.name.clone()).collect();
        let after = membership::toggled(rights, &own, &wished);
        if after != own {
            patch.attributes.insert(SUBGROUPS.to_owned(), Some(ids(rights, &after)));
        }
    }
    Ok(())
}

/// A description is usually a text; whatever else it is becomes an attribute.
fn describe(described: &Py, attributes: &mut AttributeChanges) -> Option<String> {
    if let Some(text) = described.as_str() {
        return Some(text.to_owned());
    }
    attributes.insert(DESCRIPTION.to_owned(), Some(to_kept(described)));
    None
}

fn keys(permissions: &[&'static Permission]) -> Value {
    permissions.iter().map(|permission| Value::from(permission.key)).collect()
}

fn ids(rights: &Rights, groups: &[String]) -> Value {
    let ids = groups.iter().filter_map(|key| rights.find(key)).map(|group| group.id.to_string());
    ids.map(Value::from).collect()
}
