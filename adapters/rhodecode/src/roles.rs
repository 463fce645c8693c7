//! How RhodeCode's super administrators and permissions on user groups map to canonical roles,
//! owners and co-owners.
//!
//! A group's owner and its co-owners are canonical, and they are what the gateway checks. Lesser
//! permissions, and those of other groups, are attributes of the group.

use isogloss_canonical::group::{Group, GroupPatch, RightHolder};
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, UserId};
use serde_json::Value;
use uuid::Uuid;

use crate::options::version::Differences;
use crate::wire::attribute;
use crate::wire::values::DEFAULT_USER;

/// The role for RhodeCode's flag `admin`. Null means no.
pub(crate) fn role_of(admin: Option<bool>) -> Role {
    if admin == Some(true) { Role::Administrator } else { Role::User }
}

/// RhodeCode's flag `admin` for a role: whether it is that of a super administrator.
pub(crate) fn is_admin(role: Role) -> bool {
    role == Role::Administrator
}

/// A right on a user group, from the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Right {
    /// `usergroup.none`.
    None,
    /// `usergroup.read`.
    Read,
    /// `usergroup.write`.
    Write,
    /// `usergroup.admin`.
    Admin,
}

impl Right {
    const ALL: [Self; 4] = [Self::None, Self::Read, Self::Write, Self::Admin];

    /// Its name in the API: `usergroup.read`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::None => "usergroup.none",
            Self::Read => "usergroup.read",
            Self::Write => "usergroup.write",
            Self::Admin => "usergroup.admin",
        }
    }

    /// The right of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|right| right.name() == name)
    }

    /// The prefix of the key that RhodeCode sorts permissions by: the greater right comes first.
    pub(crate) fn sort_prefix(self) -> String {
        "#".repeat(self as usize + 1)
    }
}

/// Who holds a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Everybody: the built-in user `default` stands for them.
    Everybody,
    /// A person.
    Person(UserId),
}

impl Holder {
    /// The holder in a change of rights.
    pub(crate) fn in_change(self) -> RightHolder {
        match self {
            Self::Everybody => RightHolder::Everybody,
            Self::Person(user) => RightHolder::Person(user.into()),
        }
    }
}

/// The permissions on a user group, in the order in which they were granted.
#[derive(Debug, Default)]
pub(crate) struct Permissions {
    /// Those of people.
    pub(crate) people: Vec<(Holder, Right)>,
    /// Those of the members of other user groups.
    pub(crate) groups: Vec<(GroupId, Right)>,
}

impl Permissions {
    /// The permissions on a new group: everybody may read it, its owner may do everything.
    pub(crate) fn new(owner: Holder) -> Self {
        let people = vec![(Holder::Everybody, Right::Read)];
        let mut permissions = Self { people, groups: Vec::new() };
        permissions.grant(owner, Right::Admin);
        permissions
    }

    /// The permissions on a group.
    pub(crate) fn of(group: &Group) -> Self {
        let people = match group.attributes.get(attribute::USER_PERMISSIONS) {
            Some(Value::Object(stored)) => stored.iter().filter_map(of_person).collect(),
            _ => vec![(Holder::Everybody, Right::Read)],
        };
        let mut permissions = Self { people, groups: Vec::new() };
        // The co-owners are canonical: they go before what the attribute says of the same people.
        for co_owner in &group.co_owners {
            permissions.grant(Holder::Person(*co_owner), Right::Admin);
        }
        if let Some(Value::Object(stored)) = group.attributes.get(attribute::GROUP_PERMISSIONS) {
            permissions.groups = stored.iter().filter_map(of_group).collect();
        }
        permissions
    }

    /// Grants a right to a person, in place of the one they had.
    pub(crate) fn grant(&mut self, holder: Holder, right: Right) {
        match self.people.iter_mut().find(|(own, _)| *own == holder) {
            Some((_, own)) => *own = right,
            None => self.people.push((holder, right)),
        }
    }

    /// Revokes the permission of a person.
    pub(crate) fn revoke(&mut self, holder: Holder) {
        self.people.retain(|(own, _)| *own != holder);
    }

    /// Grants a right to the members of a group, in place of the one they had.
    pub(crate) fn grant_group(&mut self, group: GroupId, right: Right) {
        match self.groups.iter_mut().find(|(own, _)| *own == group) {
            Some((_, own)) => *own = right,
            None => self.groups.push((group, right)),
        }
    }

    /// Revokes the permission of the members of a group.
    pub(crate) fn revoke_group(&mut self, group: GroupId) {
        self.groups.retain(|(own, _)| *own != group);
    }

    /// The right that everybody has.
    pub(crate) fn of_everybody(&self) -> Right {
        let own = self.people.iter().find(|(holder, _)| *holder == Holder::Everybody);
        own.map_or(Right::None, |(_, right)| *right)
    }

    /// The permissions of people, as an attribute.
    pub(crate) fn stored_people(&self) -> Value {
        let rows = self.people.iter().map(|(holder, right)| {
            let holder = match holder {
                Holder::Everybody => DEFAULT_USER.to_owned(),
                Holder::Person(user) => user.to_string(),
            };
            (holder, Value::from(right.name()))
        });
        Value::Object(rows.collect())
    }

    /// The change of a group that stores these permissions.
    pub(crate) fn patch(&self) -> GroupPatch {
        let mut patch = GroupPatch::default();
        let admins = self.people.iter().filter(|(_, right)| *right == Right::Admin);
        let co_owners = admins.filter_map(|(holder, _)| match holder {
            Holder::Everybody => None,
            Holder::Person(user) => Some(*user),
        });
        patch.co_owners = Some(co_owners.collect());
        let groups = self.groups.iter();
        let groups = groups.map(|(group, right)| (group.to_string(), Value::from(right.name())));
        let groups = Value::Object(groups.collect());
        let people = self.stored_people();
        patch.attributes.insert(attribute::USER_PERMISSIONS.to_owned(), Some(people));
        patch.attributes.insert(attribute::GROUP_PERMISSIONS.to_owned(), Some(groups));
        patch
    }
}

fn of_person((holder, right): (&String, &Value)) -> Option<(Holder, Right)> {
    let right = right.as_str().and_then(Right::named)?;
    if holder == DEFAULT_USER {
        return Some((Holder::Everybody, right));
    }
    Some((Holder::Person(UserId(Uuid::parse_str(holder).ok()?)), right))
}

fn of_group((group, right): (&String, &Value)) -> Option<(GroupId, Right)> {
    let group = GroupId(Uuid::parse_str(group).ok()?);
    Some((group, right.as_str().and_then(Right::named)?))
}

/// The right of a person on a group: the best of their own, everybody's and their groups'.
pub(crate) fn right_of(user: &User, group: &Group) -> Right {
    if group.owner == Some(user.id) || group.co_owners.contains(&user.id) {
        return Right::Admin;
    }
    let permissions = Permissions::of(group);
    let own = permissions.people.iter().filter(|(holder, _)| match holder {
        Holder::Everybody => true,
        Holder::Person(person) => *person == user.id,
    });
    let member = |group: GroupId| user.groups.iter().any(|membership| membership.group == group);
    let shared = permissions.groups.iter().filter(|(group, _)| member(*group));
    let own = own.map(|(_, right)| *right);
    own.chain(shared.map(|(_, right)| *right)).max().unwrap_or(Right::None)
}

/// Whether a version has a permission of this name that is not on user groups.
pub(crate) fn is_other_permission(version: &Differences, name: &str) -> bool {
    OTHER_PERMISSIONS.contains(&name) && version.has_permission(name)
}

/// The permissions that are not on user groups.
const OTHER_PERMISSIONS: [&str; 33] = [
    "branch.merge",
    "branch.none",
    "branch.push",
    "branch.push_force",
    "group.admin",
    "group.none",
    "group.read",
    "group.write",
    "hg.admin",
    "hg.create.none",
    "hg.create.repository",
    "hg.create.write_on_repogroup.false",
    "hg.create.write_on_repogroup.true",
    "hg.extern_activate.auto",
    "hg.extern_activate.manual",
    "hg.fork.none",
    "hg.fork.repository",
    "hg.inherit_default_perms.false",
    "hg.inherit_default_perms.true",
    "hg.password_reset.disabled",
    "hg.password_reset.enabled",
    "hg.password_reset.hidden",
    "hg.register.auto_activate",
    "hg.register.manual_activate",
    "hg.register.none",
    "hg.repogroup.create.false",
    "hg.repogroup.create.true",
    "hg.usergroup.create.false",
    "hg.usergroup.create.true",
    "repository.admin",
    "repository.none",
    "repository.read",
    "repository.write",
];
