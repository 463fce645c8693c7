//! The groups as the server shows them.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::{GroupId, Membership};
use isogloss_canonical::namespace::{IdNamespace, NativeIds};
use isogloss_canonical::permission::Grants;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, Evidence};
use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::backend::api::{Refused, Reply};
use crate::backend::fault::unexpected;
use crate::roles::groups::{ADMINS, DEFAULT, DESCRIPTION, PERMISSION_KEYS, SUBGROUPS, TITLE};

/// The memberships of a user in these groups. The server says of the user, and not of each group,
/// whether they may do everything.
pub(in crate::backend) fn memberships(
    namespace: &IdNamespace,
    keys: &[String],
    everything: bool,
) -> Vec<Membership> {
    let one = |key: &String| Membership {
        group: id(namespace, key),
        namespace: Some(namespace.clone()),
        ids: NativeIds::new(),
        name: key.clone(),
        grants: if everything { Grants::all() } else { Grants::none() },
        confers: (key == ADMINS).then_some(Role::Administrator),
    };
    keys.iter().map(one).collect()
}

/// The id of a group.
pub(super) fn id(namespace: &IdNamespace, key: &str) -> GroupId {
    let mut digest = Sha256::new();
    for part in ["octoprint group", namespace.as_str(), key] {
        digest.update(part.len().to_be_bytes());
        digest.update(part);
    }
    let digest: [u8; 32] = digest.finalize().into();
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    GroupId::derived(short)
}

/// A group as the server shows it.
#[derive(Clone, Debug)]
pub(super) struct GroupRow {
    pub(super) key: String,
    pub(super) shape: Map<String, Value>,
}

impl GroupRow {
    fn of(shape: &Value) -> Result<Self, Fault> {
        let Value::Object(shape) = shape else { return Err(unexpected("a group is no object")) };
        let key = shape.get("key").and_then(Value::as_str);
        let key = key.ok_or_else(|| unexpected("a group without key"))?.to_owned();
        let lists = ["permissions", "subgroups"];
        if !lists.into_iter().all(|list| shape.get(list).is_some_and(Value::is_array)) {
            return Err(unexpected("a group without permissions or subgroups"));
        }
        Ok(Self { key, shape: shape.clone() })
    }

    /// Whether a switch is on.
    pub(super) fn is(&self, flag: &str) -> bool {
        self.shape.get(flag) == Some(&Value::Bool(true))
    }

    /// The texts of a list.
    pub(super) fn texts(&self, list: &str) -> Vec<&str> {
        let items = self.shape.get(list).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).collect()
    }

    /// Everything, if its needs have the administrator's role.
    pub(super) fn grants(&self) -> Grants {
        let roles = self.shape.get("needs").and_then(|needs| needs.get("role"));
        let roles = roles.and_then(Value::as_array).into_iter().flatten();
        let admin = roles.into_iter().any(|role| role == "admin");
        if admin && self.key != ADMINS { Grants::all() } else { Grants::none() }
    }

    /// The group in the canonical form.
    pub(super) fn group(&self, namespace: &IdNamespace) -> Group {
        let value = |field: &str| self.shape.get(field).cloned().unwrap_or_default();
        let subgroups = self.texts("subgroups").into_iter();
        let subgroups = subgroups.map(|key| id(namespace, key).to_string().into()).collect();
        let mut attributes = Attributes::from_iter([
            (TITLE.to_owned(), value("name")),
            (PERMISSION_KEYS.to_owned(), value("permissions")),
            (SUBGROUPS.to_owned(), Value::Array(subgroups)),
            (DEFAULT.to_owned(), value("default")),
        ]);
        let description = value("description");
        if !description.is_string() {
            attributes.insert(DESCRIPTION.to_owned(), description.clone());
        }
        Group {
            id: id(namespace, &self.key),
            namespace: Some(namespace.clone()),
            ids: NativeIds::new(),
            name: self.key.clone(),
            description: description.as_str().map(str::to_owned),
            owner: None,
            co_owners: Vec::new(),
            changers: Vec::new(),
            active: true,
            grants: self.grants(),
            confers: (self.key == ADMINS).then_some(Role::Administrator),
            members: 0,
            attributes,
            created: Timestamp::UNIX_EPOCH,
            evidence: Evidence::default(),
        }
    }
}

/// The groups of an answer.
pub(super) fn rows_of(reply: Reply) -> Result<Vec<GroupRow>, Fault> {
    let data = reply.map_err(|why| match why {
        Refused::Taken => Fault::conflict(Subject::Group),
        Refused::Absent | Refused::PageNotFound | Refused::Value(_) => {
            unexpected("the server does not understand a request about groups")
        }
    })?;
    let rows = data.get("groups").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| unexpected("no list of groups"))?;
    rows.iter().map(GroupRow::of).collect()
}

/// Whether two lists have the same items.
pub(super) fn same_set(one: &Value, other: &Value) -> bool {
    let sorted = |list: &Value| {
        let items = list.as_array().into_iter().flatten();
        let mut items: Vec<_> = items.map(Value::to_string).collect();
        items.sort();
        items.dedup();
        items
    };
    sorted(one) == sorted(other)
}
