//! Groups: teams, which all systems with teams share, and rights groups, which belong to one
//! system.

use jiff::Timestamp;

use crate::membership::{GroupId, GroupRef};
use crate::namespace::{IdNamespace, NativeIds};
use crate::permission::Grants;
use crate::role::Role;
use crate::user::{AttributeChanges, Attributes, Evidence, UserId, UserRef};

impl From<&Group> for GroupRef {
    fn from(group: &Group) -> Self {
        Self::Id(group.id)
    }
}

/// A group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Canonical id.
    pub id: GroupId,
    /// The system whose rights group this is. `None`: a team, which all systems share.
    pub namespace: Option<IdNamespace>,
    /// Ids in the namespaces that number their groups.
    pub ids: NativeIds,
    /// Name (OctoPrint: the key).
    pub name: String,
    /// Description.
    pub description: Option<String>,
    /// Who owns it; an owner may change it.
    pub owner: Option<UserId>,
    /// Who else may change it.
    pub co_owners: Vec<UserId>,
    /// The user names of those who may change it, if its system decides that
    /// ([`crate::capability::Field::GroupRights`]). They are names of the moment of the read: only a
    /// person whom the same request has read may be compared with them.
    pub changers: Vec<String>,
    /// Whether it is active.
    pub active: bool,
    /// What its members may do, unless it stands for a role.
    pub grants: Grants,
    /// The role that this group stands for. The role decides the membership, never the reverse.
    pub confers: Option<Role>,
    /// How many members it has.
    pub members: u64,
    /// What only one system has a place for.
    pub attributes: Attributes,
    /// When it was created.
    pub created: Timestamp,
    /// What the system's row proves about the identity of the group.
    pub evidence: Evidence,
}

impl Group {
    /// The id this group has in a namespace.
    #[must_use]
    pub fn native(&self, namespace: &IdNamespace) -> Option<&str> {
        self.ids.get(namespace).map(String::as_str)
    }
}

/// A group to be created.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewGroup {
    /// The system whose rights group it is. `None`: a team.
    pub namespace: Option<IdNamespace>,
    /// Name.
    pub name: String,
    /// Whether a second group of this name (in the same namespace) is refused.
    pub unique_name: bool,
    /// Description.
    pub description: Option<String>,
    /// Who owns it.
    pub owner: Option<UserId>,
    /// Whether it starts inactive.
    pub inactive: bool,
    /// What its members may do.
    pub grants: Grants,
    /// The role it stands for.
    pub confers: Option<Role>,
    /// What only one system has a place for.
    pub attributes: Attributes,
    /// Ids to use instead of the next free ones.
    pub ids: NativeIds,
    /// Who has which right on it from the start, for a system that decides that.
    pub rights: Vec<RightChange>,
}

/// Changes to a group; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupPatch {
    /// A new name.
    pub name: Option<String>,
    /// Description; `Some(None)` takes it away.
    pub description: Option<Option<String>>,
    /// Owner.
    pub owner: Option<Option<UserId>>,
    /// Who else may change it.
    pub co_owners: Option<Vec<UserId>>,
    /// Whether it is active.
    pub active: Option<bool>,
    /// What its members may do.
    pub grants: Option<Grants>,
    /// What only one system has a place for.
    pub attributes: AttributeChanges,
    /// Who gets or loses which right on it, for a system that decides that.
    pub rights: Vec<RightChange>,
}

/// A change of the rights on a group, for a system that has rights on groups
/// ([`crate::capability::Field::GroupRights`]). Any other backend ignores it: there the dialect stores
/// the rights in attributes, owners and co-owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RightChange {
    /// Makes the holder the owner.
    Owner(RightHolder),
    /// Grants a right, by the system's name, in place of the one that the holder has.
    Grant(RightHolder, String),
    /// Revokes the right of the holder.
    Revoke(RightHolder),
}

/// Who holds a right on a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RightHolder {
    /// Everybody.
    Everybody,
    /// A person.
    Person(UserRef),
    /// The members of a group.
    Group(GroupRef),
}
