//! OctoPrint's JSON shapes: users, groups, permissions.

pub(crate) mod values;

use std::sync::Arc;

use isogloss_canonical::group::Group;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, User};
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;

use crate::options::version::Differences;
use crate::roles::groups::traits;
use crate::roles::permissions::Permission;
use crate::roles::rights::{Cyclic, Membership, Needs, Remembered, Rights};
use crate::wire::values::APPLICATION;

/// The prefix of a user's settings among the attributes.
pub(crate) const SETTINGS: &str = "octoprint.settings.";

/// The permissions of a server among its facts.
pub(crate) const SERVER_PERMISSIONS: &str = "octoprint.server.permissions";
/// The version of a server among its facts.
pub(crate) const SERVER_VERSION: &str = "octoprint.server.version";

/// Needs as an object without its empty members.
pub(crate) fn needs(needs: &Needs) -> Py {
    let mut object = Py::dict([]);
    if !needs.groups.is_empty() {
        object.set("group", Py::texts(needs.groups.iter().map(String::as_str)));
    }
    if !needs.roles.is_empty() {
        object.set("role", Py::texts(needs.roles.iter().cloned()));
    }
    object
}

/// A user in an answer. The key is shown only to callers who may see it.
pub(crate) struct Shown<'a> {
    name: &'a str,
    active: bool,
    admin: bool,
    key: Option<&'a str>,
    settings: Py,
    /// The groups and permissions, with the needs that they give, where a version has groups.
    rights: Option<(Membership, Arc<Needs>)>,
}

/// A member of a user in an answer.
type UserField = (&'static str, fn(&Shown<'_>) -> Py);

/// Every member that some version shows. `Differences::user_fields` says which one shows which.
const USER_FIELDS: &[UserField] = &[
    ("active", |user| Py::Bool(user.active)),
    ("admin", |user| Py::Bool(user.admin)),
    ("apikey", |user| user.key.map_or(Py::None, Py::text)),
    ("groups", |user| Py::texts(user.held(|(member, _)| member.groups.clone()))),
    ("name", |user| Py::text(user.name)),
    ("needs", |user| user.rights.as_ref().map_or(Py::None, |(_, has)| needs(has))),
    ("permissions", |user| Py::texts(user.held(|(member, _)| keys_of(&member.permissions)))),
    ("roles", |user| Py::texts(if user.admin { vec!["user", "admin"] } else { vec!["user"] })),
    ("settings", |user| user.settings.clone()),
    ("user", |_| Py::Bool(true)),
];

impl<'a> Shown<'a> {
    /// A user of a version with groups.
    pub(crate) fn with_groups(
        user: &'a User,
        rights: &Rights,
        key: Option<&'a str>,
    ) -> Result<Self, Cyclic> {
        Self::listed(user, rights, &mut Remembered::default(), key)
    }

    /// The same for one of many users.
    pub(crate) fn listed(
        user: &'a User,
        rights: &Rights,
        remembered: &mut Remembered,
        key: Option<&'a str>,
    ) -> Result<Self, Cyclic> {
        let member = rights.member(user);
        let has = remembered.needs(rights, &member)?;
        Ok(Self {
            admin: has.is_admin(),
            rights: Some((member, has)),
            ..Self::with_role(user, key)
        })
    }

    /// A user of a version without groups.
    pub(crate) fn with_role(user: &'a User, key: Option<&'a str>) -> Self {
        let admin = user.role == Role::Administrator;
        let settings = settings(&user.attributes);
        Self { name: &user.username, active: user.active, admin, key, settings, rights: None }
    }

    /// A caller who is no user, and an administrator.
    pub(crate) fn nobody(name: &'a str) -> Self {
        let settings = Py::dict([]);
        Self { name, active: true, admin: true, key: None, settings, rights: None }
    }

    fn held(&self, what: fn(&(Membership, Arc<Needs>)) -> Vec<String>) -> Vec<String> {
        self.rights.as_ref().map(what).unwrap_or_default()
    }

    /// The members that a version shows.
    pub(crate) fn shape(&self, differences: &Differences) -> Py {
        let shown = USER_FIELDS.iter().filter(|(name, _)| differences.user_fields.contains(name));
        Py::Dict(shown.map(|(name, value)| (*name, value(self))).collect())
    }
}

/// The caller with the application's own key, as a user of a version with groups.
pub(crate) fn application(rights: &Rights, differences: &Differences) -> Result<Py, Cyclic> {
    let member = Rights::application();
    let has = Arc::new(rights.needs(&member)?);
    let shown = Shown { rights: Some((member, has)), ..Shown::nobody(APPLICATION) };
    Ok(shown.shape(differences))
}

/// The name of every caller without access control.
pub(crate) const DUMMY: &str = "dummy";
/// The settings of a user.
pub(crate) fn settings(attributes: &Attributes) -> Py {
    let own = |(name, value): (&String, _)| {
        name.strip_prefix(SETTINGS).map(|key| (key.to_owned(), stored::from_json(value)))
    };
    Py::Dict(attributes.iter().filter_map(own).collect())
}

/// A group.
pub(crate) fn group(group: &Group, rights: &Rights) -> Result<Py, Cyclic> {
    let like = traits(group);
    let subgroups = rights.subgroups_of(group).into_iter().map(|group| group.name.as_str());
    Ok(Py::dict([
        ("key", Py::text(&group.name)),
        ("name", like.title),
        ("description", like.description),
        ("permissions", permission_keys(&rights.permissions_of(group))),
        ("subgroups", Py::texts(subgroups)),
        ("needs", needs(&rights.needs_of_group(group)?)),
        ("default", like.default),
        ("removable", Py::Bool(like.removable)),
        ("changeable", Py::Bool(like.changeable)),
        ("toggleable", Py::Bool(like.toggleable)),
        ("dangerous", Py::Bool(rights.dangerous(group)?)),
    ]))
}

/// A permission.
pub(crate) fn permission(permission: &Permission) -> Py {
    let mut shape = Py::dict([
        ("key", Py::text(&permission.key)),
        ("name", Py::text(&permission.title)),
        ("dangerous", Py::Bool(permission.dangerous)),
        ("default_groups", Py::texts(permission.groups.iter().cloned())),
        ("description", Py::text(&permission.about)),
        ("needs", Py::dict([("role", Py::texts(permission.needs.iter().cloned()))])),
    ]);
    if let Some(plugin) = &permission.plugin {
        shape.set("plugin", Py::text(plugin));
    }
    shape
}

fn permission_keys(permissions: &[Arc<Permission>]) -> Py {
    Py::texts(keys_of(permissions))
}

fn keys_of(permissions: &[Arc<Permission>]) -> Vec<String> {
    permissions.iter().map(|permission| permission.key.clone()).collect()
}
