//! The server's own groups, which are sets of rights. A user is in exactly one.

use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, Evidence};
use isogloss_canonical::verb::Verb;
use jiff::Timestamp;
use serde_json::Value;

use crate::backend::api::groups::Shown;
use crate::backend::api::transport::With;
use crate::backend::api::{Acted, Api};
use crate::backend::fault::{unexpected, unsupported};
use crate::backend::row::Row;
use crate::backend::users::read;
use crate::ids::{Gid, NAMESPACE};
use crate::roles::memberships;
use crate::roles::rights::{RIGHTS, RIGHTS_OF_HOLDER, Rights};

/// Reads all groups. A list has no rights.
pub(super) async fn list(api: &Api, namespace: &IdNamespace) -> Result<Outcome, Fault> {
    if *namespace != NAMESPACE {
        return Err(unsupported(Verb::ListGroups));
    }
    let groups = api.groups().await?.into_iter();
    let named = |(id, name): (Gid, String)| group(id, name, &Rights::Missing);
    Ok(Outcome::Groups(groups.map(named).collect()))
}

/// Reads a group with its rights.
pub(super) async fn get(api: &Api, wanted: &GroupRef) -> Result<Outcome, Fault> {
    let id = id_of(api, wanted).await?;
    let Shown { name, rights } = shown(api, id).await?;
    Ok(Outcome::Group(Box::new(group(id, name, &rights))))
}

/// Creates a group. The server does not answer the id, and names are not unique: the new group is
/// the one with the highest id, if it was not there before.
pub(super) async fn create(api: &Api, new: &NewGroup) -> Result<Outcome, Fault> {
    if new.namespace != Some(NAMESPACE) {
        return Err(unsupported(Verb::CreateGroup));
    }
    let before = api.groups().await?.into_iter().map(|(id, _)| id).max();
    let rights = new.attributes.get(RIGHTS).cloned().unwrap_or_default();
    done(api.create_group(&new.name, &rights.to_string()).await?)?;
    let made = api.groups().await?.into_iter().max_by_key(|(id, _)| *id);
    match made.filter(|(id, name)| Some(*id) > before && *name == new.name) {
        Some((id, _)) => get(api, &GroupRef::Native(NAMESPACE, id.to_string())).await,
        None => Err(unexpected("the list does not show the created group")),
    }
}

/// Sets the rights of a group, and reads whether it was done: the server says so for an unknown
/// group too.
pub(super) async fn update(
    api: &Api,
    wanted: &GroupRef,
    patch: &GroupPatch,
) -> Result<Outcome, Fault> {
    let id = id_of(api, wanted).await?;
    shown(api, id).await?;
    if patch.name.is_some() {
        return Err(unsupported(Verb::UpdateGroup));
    }
    if let Some(rights) = patch.attributes.get(RIGHTS).and_then(Option::as_ref) {
        done(api.edit_group(id, &rights.to_string()).await?)?;
    }
    let now = shown(api, id).await?;
    if patch.attributes.get(RIGHTS).and_then(Option::as_ref).is_some_and(|new| !now.rights.are(new))
    {
        return Err(unexpected("the server does not show the new rights of a group"));
    }
    Ok(Outcome::Group(Box::new(group(id, now.name, &now.rights))))
}

/// Deletes a group. The server refuses if somebody is in it.
pub(super) async fn delete(api: &Api, wanted: &GroupRef) -> Result<Outcome, Fault> {
    let id = id_of(api, wanted).await?;
    shown(api, id).await?;
    done(api.delete_group(id).await?)?;
    match shown(api, id).await {
        Err(fault) if fault.is_absence_of(Subject::Group) => Ok(Outcome::Done),
        Err(fault) => Err(fault),
        Ok(_) => Err(unexpected("the server still shows a deleted group")),
    }
}

/// Asks the server for the rights of the holder of a key, by that key; without one, for those of a
/// person who has logged in through the gateway, in that session. `None`: it is another question, or
/// the server takes neither.
pub(super) async fn fact(api: &Api, fact: &Fact) -> Option<Result<Value, Fault>> {
    if fact.namespace != api.service.namespace || fact.name != RIGHTS_OF_HOLDER {
        return None;
    }
    rights_of(api, fact).await.transpose()
}

async fn rights_of(api: &Api, fact: &Fact) -> Result<Option<Value>, Fault> {
    if let Some(key) = &fact.shown {
        return api.rights_of_holder(With::Key(key)).await;
    }
    let Some(person) = &fact.person else { return Ok(None) };
    match api.open_session_of(&read::get(api, person).await?).await? {
        Some(session) => api.rights_of_holder(With::Session(&session)).await,
        None => Ok(None),
    }
}

/// Adds to a user what their group grants, if it is one that the server was not installed with: only
/// the group itself shows that. Its name is not added: another group can have the name of one that
/// the server was installed with.
pub(super) async fn with_grants(api: &Api, mut row: Row) -> Result<Row, Fault> {
    if row.group.is_installed() {
        return Ok(row);
    }
    if let Some(Shown { rights, .. }) = api.group(row.group).await? {
        for group in &mut row.user.groups {
            group.grants = rights.grants();
        }
    }
    Ok(row)
}

/// Checks that a group exists before a user is put into it.
pub(super) async fn check(api: &Api, id: Gid) -> Result<(), Fault> {
    if id.is_installed() { Ok(()) } else { shown(api, id).await.map(drop) }
}

async fn shown(api: &Api, id: Gid) -> Result<Shown, Fault> {
    if id.0 <= 0 {
        return Err(Fault::not_found(Subject::Group));
    }
    api.group(id).await?.ok_or_else(|| Fault::not_found(Subject::Group))
}

fn done(acted: Acted) -> Result<(), Fault> {
    match acted {
        Acted::Done => Ok(()),
        Acted::Refused => Err(Fault::conflict(Subject::Group)),
        Acted::Failed(fault) => Err(fault),
    }
}

/// The id of a group. Names are not unique, so a name finds a group only if no other has it.
async fn id_of(api: &Api, group: &GroupRef) -> Result<Gid, Fault> {
    match group {
        GroupRef::Name(Some(namespace), name) if *namespace == NAMESPACE => {
            let mut named = api.groups().await?;
            named.retain(|(_, other)| other == name);
            match *named {
                [] => Err(Fault::not_found(Subject::Group)),
                [(id, _)] => Ok(id),
                _ => Err(Fault::conflict(Subject::Group)),
            }
        }
        GroupRef::Native(..) | GroupRef::Id(_) if memberships::refers(group) => {
            Ok(memberships::gid_of(group))
        }
        GroupRef::Native(..) | GroupRef::Id(_) | GroupRef::Name(..) => {
            Err(unsupported(Verb::GetGroup))
        }
    }
}

fn group(id: Gid, name: String, rights: &Rights) -> Group {
    let stored = Some(rights.stored()).filter(|stored| !stored.is_null());
    let attributes = stored.map(|stored: Value| (RIGHTS.to_owned(), stored));
    Group {
        id: id.derived(),
        namespace: Some(NAMESPACE),
        ids: [(NAMESPACE, id.to_string())].into(),
        name,
        description: None,
        owner: None,
        co_owners: Vec::new(),
        changers: Vec::new(),
        active: true,
        grants: rights.grants(),
        confers: (id == Gid::ADMINISTRATORS).then_some(Role::Administrator),
        members: 0,
        attributes: attributes.into_iter().collect::<Attributes>(),
        created: Timestamp::UNIX_EPOCH,
        evidence: Evidence::default(),
    }
}
