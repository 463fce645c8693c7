//! Groups and permissions: who may do what on this server, as OctoPrint reckons it.
//!
//! A group's own name is its key; what people read, its permissions (if they were ever changed)
//! and its subgroups are attributes. Subgroups are kept by id, so that a new group of an old name
//! is not taken for it.

use isogloss_canonical::group::Group;
use isogloss_canonical::user::{Role, User};
use serde_json::Value;

use crate::permissions::{PERMISSIONS, Permission};
use crate::pyjson::{Py, from_kept};

/// The attribute with what people read.
pub(crate) const TITLE: &str = "octoprint.title";
/// The attribute with a description that is not a text.
pub(crate) const DESCRIPTION: &str = "octoprint.description";
/// The attribute with a group's or a person's own permissions.
pub(crate) const PERMISSION_KEYS: &str = "octoprint.permissions";
/// The attribute with the ids of the subgroups.
pub(crate) const SUBGROUPS: &str = "octoprint.subgroups";
/// The attribute that says whether new people get the group.
pub(crate) const DEFAULT: &str = "octoprint.default";
/// The attribute that says that a person's groups were given here.
pub(crate) const GIVEN: &str = "octoprint.groups_given";

/// The group of administrators.
pub(crate) const ADMINS: &str = "admins";
/// The group of everybody with an account.
pub(crate) const USERS: &str = "users";
/// The group of everybody without.
pub(crate) const GUESTS: &str = "guests";
/// The group of those who may only look.
pub(crate) const READONLY: &str = "readonly";

/// A group that every server has.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    pub(crate) changeable: bool,
    pub(crate) toggleable: bool,
    pub(crate) default: bool,
}

const fn built_in(
    (key, title, about): (&'static str, &'static str, &'static str),
    changeable: bool,
    toggleable: bool,
    default: bool,
) -> BuiltIn {
    BuiltIn { key, title, about, changeable, toggleable, default }
}

/// The groups that every server has: `fixtures/transcripts/octoprint/groups-list-and-get.json`.
pub(crate) static BUILT_IN: [BuiltIn; 4] = [
    built_in((ADMINS, "Admins", "Administrators"), false, true, false),
    built_in((USERS, "Operator", "Group to gain operator access"), true, true, true),
    built_in((GUESTS, "Guests", "Anyone who is not currently logged in"), true, false, false),
    built_in((READONLY, "Read-only Access", "Group to gain read-only access"), false, true, false),
];

/// A group contains itself; OctoPrint recurses to death and answers 500:
/// `fixtures/transcripts/octoprint/groups-cyclic.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cyclic;

/// What somebody has: groups (with their subgroups) and roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) groups: Vec<String>,
    pub(crate) roles: Vec<&'static str>,
}

impl Needs {
    /// Whether all roles of a permission are there.
    pub(crate) fn allow(&self, permission: &Permission) -> bool {
        permission.needs.iter().all(|role| self.roles.contains(role))
    }

    /// Whether the permission of this key is there.
    pub(crate) fn allow_key(&self, key: &str) -> bool {
        Permission::find(key).is_some_and(|permission| self.allow(permission))
    }

    /// Whether everything is allowed.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.contains(&"admin")
    }

    fn grant(&mut self, permission: &Permission) {
        for role in permission.needs {
            if !self.roles.contains(role) {
                self.roles.push(role);
            }
        }
    }
}

/// Somebody as OctoPrint reckons them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Membership {
    /// Their groups, by key.
    pub(crate) groups: Vec<String>,
    /// Their own permissions.
    pub(crate) permissions: Vec<&'static Permission>,
}

/// The groups of a server.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    /// In the order of creation.
    pub(crate) groups: Vec<Group>,
    bundled: bool,
}

impl Rights {
    /// The groups, on a server with all bundled plugins or with `appkeys` alone.
    pub(crate) fn new(groups: Vec<Group>, bundled: bool) -> Self {
        Self { groups, bundled }
    }

    /// The permissions there are.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &'static Permission> {
        let bundled = self.bundled;
        PERMISSIONS.iter().filter(move |permission| permission.installed(bundled))
    }

    /// The permission of this key, if it is there.
    pub(crate) fn permission(&self, key: &str) -> Option<&'static Permission> {
        Permission::find(key).filter(|permission| permission.installed(self.bundled))
    }

    /// The group of this key.
    pub(crate) fn find(&self, key: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == key)
    }

    /// A group's own permissions: given ones, or those that a fresh server has.
    pub(crate) fn permissions_of(&self, group: &Group) -> Vec<&'static Permission> {
        let Some(Value::Array(keys)) = group.attributes.get(PERMISSION_KEYS) else {
            let name = group.name.as_str();
            return self.permissions().filter(|own| own.groups.contains(&name)).collect();
        };
        keys.iter().filter_map(|key| self.permission(key.as_str()?)).collect()
    }

    /// A group's subgroups.
    pub(crate) fn subgroups_of(&self, group: &Group) -> Vec<&Group> {
        let Some(Value::Array(ids)) = group.attributes.get(SUBGROUPS) else { return Vec::new() };
        let by_id = |id: &Value| {
            let id = id.as_str()?;
            self.groups.iter().find(|other| other.id.to_string() == id)
        };
        ids.iter().filter_map(by_id).collect()
    }

    /// Whether one of its permissions, or of its subgroups', is dangerous.
    pub(crate) fn dangerous(&self, group: &Group) -> Result<bool, Cyclic> {
        let mut dangerous = false;
        self.visit(group, &mut Vec::new(), &mut |group| {
            dangerous |= self.permissions_of(group).iter().any(|permission| permission.dangerous);
        })?;
        Ok(dangerous)
    }

    /// What a group's members have by it.
    pub(crate) fn needs_of_group(&self, group: &Group) -> Result<Needs, Cyclic> {
        let mut needs = Needs::default();
        self.visit(group, &mut Vec::new(), &mut |group| self.add(group, &mut needs))?;
        Ok(needs)
    }

    /// What somebody has.
    pub(crate) fn needs(&self, member: &Membership) -> Result<Needs, Cyclic> {
        let mut needs = Needs::default();
        self.grant(&member.permissions, &mut needs);
        for key in &member.groups {
            if let Some(group) = self.find(key) {
                self.visit(group, &mut Vec::new(), &mut |group| self.add(group, &mut needs))?;
            }
        }
        Ok(needs)
    }

    /// A person: the groups given here, as far as the role bears them out.
    pub(crate) fn member(&self, user: &User) -> Membership {
        let admin = user.role == Role::Administrator;
        let given = user.attributes.get(GIVEN) == Some(&Value::Bool(true));
        let ours = |id| self.groups.iter().any(|group| group.id == id);
        let kept = user.groups.iter().filter(|own| ours(own.group));
        let kept: Vec<_> = kept.map(|own| own.name.clone()).collect();
        let mut groups = kept.clone();
        groups.retain(|key| admin || key != ADMINS);
        let mut permissions = self.own_permissions(user);
        permissions.retain(|permission| admin || permission.key != "ADMIN");
        if groups.is_empty() && (!given || !kept.is_empty()) {
            groups.push(USERS.to_owned());
        }
        let mut member = Membership { groups, permissions };
        if admin && !self.needs(&member).is_ok_and(|needs| needs.is_admin()) {
            member.groups.push(ADMINS.to_owned());
        }
        member
    }

    /// Whoever is not signed in.
    pub(crate) fn guest() -> Membership {
        Membership { groups: vec![GUESTS.to_owned()], permissions: Vec::new() }
    }

    /// Whoever holds the application's own key.
    pub(crate) fn application() -> Membership {
        let groups = vec![ADMINS.to_owned(), USERS.to_owned()];
        Membership { groups, permissions: Vec::new() }
    }

    fn own_permissions(&self, user: &User) -> Vec<&'static Permission> {
        let Some(Value::Array(keys)) = user.attributes.get(PERMISSION_KEYS) else {
            return Vec::new();
        };
        keys.iter().filter_map(|key| self.permission(key.as_str()?)).collect()
    }

    fn add(&self, group: &Group, needs: &mut Needs) {
        if !needs.groups.contains(&group.name) {
            needs.groups.push(group.name.clone());
        }
        self.grant(&self.permissions_of(group), needs);
    }

    /// ADMIN among them grants every permission there is.
    fn grant(&self, permissions: &[&'static Permission], needs: &mut Needs) {
        if permissions.iter().any(|permission| permission.key == "ADMIN") {
            self.permissions().for_each(|permission| needs.grant(permission));
        }
        for permission in permissions {
            needs.grant(permission);
        }
    }

    /// Visits a group and its subgroups.
    fn visit<'a>(
        &'a self,
        group: &'a Group,
        above: &mut Vec<&'a Group>,
        each: &mut dyn FnMut(&Group),
    ) -> Result<(), Cyclic> {
        if above.iter().any(|other| other.id == group.id) {
            return Err(Cyclic);
        }
        each(group);
        above.push(group);
        for subgroup in self.subgroups_of(group) {
            self.visit(subgroup, above, each)?;
        }
        above.pop();
        Ok(())
    }
}

/// What a group is like beyond its rights.
pub(crate) struct Traits {
    pub(crate) title: Py,
    pub(crate) description: Py,
    pub(crate) default: Py,
    pub(crate) changeable: bool,
    pub(crate) removable: bool,
    pub(crate) toggleable: bool,
}

/// Reads what a group is like.
pub(crate) fn traits(group: &Group) -> Traits {
    let kept = |name: &str| group.attributes.get(name).map(from_kept);
    let built_in = BUILT_IN.iter().find(|row| row.key == group.name);
    if let Some(row) = built_in {
        return Traits {
            title: Py::text(row.title),
            description: Py::text(row.about),
            default: kept(DEFAULT).unwrap_or(Py::Bool(row.default)),
            changeable: row.changeable,
            removable: false,
            toggleable: row.toggleable,
        };
    }
    let described = || Py::text(group.description.as_deref().unwrap_or_default());
    Traits {
        title: kept(TITLE).unwrap_or_else(|| Py::text(&group.name)),
        description: kept(DESCRIPTION).unwrap_or_else(described),
        default: kept(DEFAULT).unwrap_or(Py::Bool(false)),
        changeable: true,
        removable: true,
        toggleable: true,
    }
}
