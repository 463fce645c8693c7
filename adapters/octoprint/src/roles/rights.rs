//! Rights: what each user, group and caller may do on this server, as OctoPrint computes it.

use std::sync::Arc;

use isogloss_canonical::group::Group;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::User;
use serde_json::Value;

use crate::roles::groups::{ADMINS, GUESTS, PERMISSION_KEYS, SUBGROUPS, USERS};
use crate::roles::permissions::{ADMIN, PERMISSIONS, Permission};

/// The attribute that says that a user's groups were given by a call of this dialect.
pub(crate) const GIVEN: &str = "octoprint.groups_given";

/// A group contains itself. OctoPrint recurses until it fails, and answers 500:
/// `fixtures/transcripts/octoprint/groups-cyclic.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cyclic;

/// What OctoPrint calls needs: the groups of a user, with their subgroups, and the roles that the
/// permissions are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) groups: Vec<String>,
    pub(crate) roles: Vec<String>,
}

impl Needs {
    /// Whether every role of a permission is among them.
    pub(crate) fn allow(&self, permission: &Permission) -> bool {
        permission.needs.iter().all(|role| self.roles.contains(role))
    }

    /// Whether the permission of this key is allowed.
    pub(crate) fn allow_key(&self, key: &str) -> bool {
        Permission::find(key).is_some_and(|permission| self.allow(permission))
    }

    /// Whether they are an administrator's.
    pub(crate) fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role == "admin")
    }

    fn grant(&mut self, permission: &Permission) {
        for role in &permission.needs {
            if !self.roles.contains(role) {
                self.roles.push(role.clone());
            }
        }
    }
}

/// The groups and permissions of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Membership {
    /// The keys of the groups.
    pub(crate) groups: Vec<String>,
    /// The permissions that the user has without a group.
    pub(crate) permissions: Vec<Arc<Permission>>,
}

/// The needs of some memberships. The users of a list have few different ones.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Vec<(Membership, Arc<Needs>)>);

impl Remembered {
    /// The most memberships that are remembered.
    const MOST: usize = 32;

    /// The needs of a membership, computed once.
    pub(crate) fn needs(&mut self, rights: &Rights, of: &Membership) -> Result<Arc<Needs>, Cyclic> {
        if let Some((_, needs)) = self.0.iter().find(|(known, _)| known == of) {
            return Ok(Arc::clone(needs));
        }
        let needs = Arc::new(rights.needs(of)?);
        self.0.truncate(Self::MOST - 1);
        self.0.insert(0, (of.clone(), Arc::clone(&needs)));
        Ok(needs)
    }
}

/// The groups of a server, and what each of them may do.
#[derive(Clone, Debug)]
pub(crate) struct Rights {
    /// In the order of creation.
    pub(crate) groups: Vec<Group>,
    /// Every permission of the server.
    permissions: Vec<Arc<Permission>>,
}

impl Rights {
    /// The rights on a server with these groups, and with all bundled plugins or only `appkeys`.
    pub(crate) fn new(groups: Vec<Group>, bundled: bool) -> Self {
        let installed = PERMISSIONS.iter().filter(|permission| permission.installed(bundled));
        Self { groups, permissions: installed.cloned().collect() }
    }

    /// The rights on a server with these groups and permissions.
    pub(crate) fn of_server(groups: Vec<Group>, permissions: Vec<Arc<Permission>>) -> Self {
        Self { groups, permissions }
    }

    /// Every permission of this server.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = &Arc<Permission>> {
        self.permissions.iter()
    }

    /// The permission of this key, if this server has it.
    pub(crate) fn permission(&self, key: &str) -> Option<Arc<Permission>> {
        self.permissions.iter().find(|permission| permission.key == key).cloned()
    }

    /// The group of this key.
    pub(crate) fn find(&self, key: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == key)
    }

    /// A group's own permissions: those it was given, or else those of a fresh server.
    pub(crate) fn permissions_of(&self, group: &Group) -> Vec<Arc<Permission>> {
        let Some(Value::Array(keys)) = group.attributes.get(PERMISSION_KEYS) else {
            let name = group.name.as_str();
            let has = |own: &&Arc<Permission>| own.groups.iter().any(|group| group == name);
            return self.permissions().filter(has).cloned().collect();
        };
        keys.iter().filter_map(|key| self.permission(key.as_str()?)).collect()
    }

    /// The subgroups of a group.
    pub(crate) fn subgroups_of(&self, group: &Group) -> Vec<&Group> {
        let Some(Value::Array(ids)) = group.attributes.get(SUBGROUPS) else { return Vec::new() };
        let by_id = |id: &Value| {
            let id = id.as_str()?;
            self.groups.iter().find(|other| other.id.to_string() == id)
        };
        ids.iter().filter_map(by_id).collect()
    }

    /// Whether one of its permissions, or of its subgroups' permissions, is dangerous.
    pub(crate) fn dangerous(&self, group: &Group) -> Result<bool, Cyclic> {
        let mut dangerous = false;
        self.walk(group, &mut Vec::new(), &mut |group| {
            dangerous |= self.permissions_of(group).iter().any(|permission| permission.dangerous);
        })?;
        Ok(dangerous)
    }

    /// The needs that a group gives to its members.
    pub(crate) fn needs_of_group(&self, group: &Group) -> Result<Needs, Cyclic> {
        let mut needs = Needs::default();
        self.walk(group, &mut Vec::new(), &mut |group| self.add(group, &mut needs))?;
        Ok(needs)
    }

    /// The needs of a user.
    pub(crate) fn needs(&self, member: &Membership) -> Result<Needs, Cyclic> {
        let mut needs = Needs::default();
        self.grant(&member.permissions, &mut needs);
        for key in &member.groups {
            if let Some(group) = self.find(key) {
                self.walk(group, &mut Vec::new(), &mut |group| self.add(group, &mut needs))?;
            }
        }
        Ok(needs)
    }

    /// The groups and permissions of a user. Those that contradict the canonical role are left out:
    /// a user who is no administrator has neither `admins` nor `ADMIN`. A user who was never given
    /// groups is shown in `users`. An administrator whose groups and permissions do not include
    /// `ADMIN` is shown in `admins` too.
    pub(crate) fn member(&self, user: &User) -> Membership {
        let admin = user.role == Role::Administrator;
        let given = user.attributes.get(GIVEN) == Some(&Value::Bool(true));
        let ours = |id| self.groups.iter().any(|group| group.id == id);
        let stored = user.groups.iter().filter(|own| ours(own.group));
        let stored: Vec<_> = stored.map(|own| own.name.clone()).collect();
        let mut groups = stored.clone();
        groups.retain(|key| admin || key != ADMINS);
        let mut permissions = self.own_permissions(user);
        permissions.retain(|permission| admin || permission.key != ADMIN);
        if groups.is_empty() && (!given || !stored.is_empty()) {
            groups.push(USERS.to_owned());
        }
        let mut member = Membership { groups, permissions };
        if admin && !self.needs(&member).is_ok_and(|needs| needs.is_admin()) {
            member.groups.push(ADMINS.to_owned());
        }
        member
    }

    /// The groups of a caller who is not signed in.
    pub(crate) fn guest() -> Membership {
        Membership { groups: vec![GUESTS.to_owned()], permissions: Vec::new() }
    }

    /// The groups of a caller with the application's own key (OctoPrint's global key).
    pub(crate) fn application() -> Membership {
        let groups = vec![ADMINS.to_owned(), USERS.to_owned()];
        Membership { groups, permissions: Vec::new() }
    }

    fn own_permissions(&self, user: &User) -> Vec<Arc<Permission>> {
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

    /// Adds the needs of permissions. `ADMIN` adds those of every permission.
    fn grant(&self, permissions: &[Arc<Permission>], needs: &mut Needs) {
        if permissions.iter().any(|permission| permission.key == ADMIN) {
            self.permissions().for_each(|permission| needs.grant(permission));
        }
        for permission in permissions {
            needs.grant(permission);
        }
    }

    /// Calls `each` with a group and all groups below it.
    fn walk<'a>(
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
            self.walk(subgroup, above, each)?;
        }
        above.pop();
        Ok(())
    }
}
