//! What a change asks of a user's role, groups, permissions and activity, and the request for it.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{AttributeChanges, GroupChange};
use serde_json::{Map, Value, json};

use crate::backend::api::Api;
use crate::backend::fault::impossible;
use crate::backend::groups;
use crate::backend::row::Row;
use crate::options::version::RightsModel;
use crate::roles::groups::{ADMINS, PERMISSION_KEYS, USERS};
use crate::roles::permissions::ADMIN;
use crate::roles::role_of;

/// What a change asks for. `None` changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) role: Option<Role>,
    pub(super) active: Option<bool>,
    /// The keys of all groups.
    pub(super) groups: Option<Vec<String>>,
    /// The keys of all permissions without a group.
    pub(super) permissions: Option<Vec<String>>,
}

impl Wanted {
    /// The groups and permissions that a change names. Only servers with groups have them. Groups of
    /// another id namespace are not the server's.
    pub(super) async fn rights(
        api: &Api,
        change: Option<&GroupChange>,
        attributes: &AttributeChanges,
    ) -> Result<Self, Fault> {
        let own = change.filter(|change| change.namespace == *api.namespace());
        if api.version().rights != RightsModel::Groups {
            return match own {
                Some(_) => Err(impossible(Subject::Group, "OctoPrint before 1.4 has no groups")),
                None => Ok(Self::default()),
            };
        }
        let groups = match own {
            None => None,
            Some(change) => Some(groups::keys(api, &change.groups).await?),
        };
        let keys = |value: &Option<Value>| {
            let items = value.as_ref().and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Ok(Self {
            groups,
            permissions: attributes.get(PERMISSION_KEYS).map(keys),
            ..Self::default()
        })
    }

    /// Whether it asks for nothing.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a row shows it.
    pub(super) fn is_shown_by(&self, row: &Row) -> bool {
        self.role.is_none_or(|role| role == row.role)
            && self.active.is_none_or(|active| active == row.active)
            && self.groups.as_ref().is_none_or(|wanted| same_set(wanted, &row.groups))
            && self.permissions.as_ref().is_none_or(|wanted| same_set(wanted, &row.permissions))
    }

    /// The same, with the groups and permissions that give the role, where they are known or named.
    pub(super) fn with_role(mut self, known: &Row) -> Self {
        let Some(role) = self.role else { return self };
        let groups = self.groups.clone().unwrap_or_else(|| known.groups.clone());
        let permissions = self.permissions.clone().unwrap_or_else(|| known.permissions.clone());
        let (held, own) = (groups.iter(), permissions.iter());
        if role_of(held.map(String::as_str), own.map(String::as_str)) == role {
            return self;
        }
        if role == Role::Administrator {
            self.groups = Some(groups.into_iter().chain([ADMINS.to_owned()]).collect());
            return self;
        }
        let mut without: Vec<_> = groups.into_iter().filter(|group| group != ADMINS).collect();
        if without.is_empty() {
            without.push(USERS.to_owned());
        }
        self.groups = Some(without);
        let others: Vec<_> = permissions.iter().filter(|own| *own != ADMIN).cloned().collect();
        if others.len() < permissions.len() {
            self.permissions = Some(others);
        }
        self
    }

    /// The fields of the request.
    pub(super) fn body(&self) -> Map<String, Value> {
        let fields = [
            ("groups", self.groups.as_ref().map(|groups| json!(groups))),
            ("permissions", self.permissions.as_ref().map(|permissions| json!(permissions))),
            ("active", self.active.map(|active| json!(active))),
        ];
        let given = |(name, value): (&str, Option<Value>)| Some((name.to_owned(), value?));
        fields.into_iter().filter_map(given).collect()
    }
}

fn same_set(one: &[String], other: &[String]) -> bool {
    let within = |one: &[String], other: &[String]| one.iter().all(|item| other.contains(item));
    within(one, other) && within(other, one)
}
