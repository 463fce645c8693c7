//! OctoPrint's JSON shapes: users, groups, permissions.

use isogloss_canonical::group::Group;
use isogloss_canonical::user::{Attributes, User};
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;

use crate::roles::groups::traits;
use crate::roles::permissions::Permission;
use crate::roles::rights::{Cyclic, Membership, Needs, Rights};

/// The prefix of a user's settings among the attributes.
pub(crate) const SETTINGS: &str = "octoprint.settings.";

/// Needs as an object without its empty members.
pub(crate) fn needs(needs: &Needs) -> Py {
    let mut object = Py::dict([]);
    if !needs.groups.is_empty() {
        object.set("group", Py::texts(needs.groups.iter().map(String::as_str)));
    }
    if !needs.roles.is_empty() {
        object.set("role", Py::texts(needs.roles.iter().copied()));
    }
    object
}

/// A user. The key is shown only to callers who may see it.
pub(crate) fn user(user: &User, rights: &Rights, apikey: Option<&str>) -> Result<Py, Cyclic> {
    let member = rights.member(user);
    let mut shape = account(&user.username, &member, rights, apikey)?;
    shape.set("active", Py::Bool(user.active));
    shape.set("settings", settings(&user.attributes));
    Ok(shape)
}

/// The caller with the application's own key, as a user.
pub(crate) fn application(rights: &Rights) -> Result<Py, Cyclic> {
    account(APPLICATION, &Rights::application(), rights, None)
}

/// The name of the caller with the application's own key.
pub(crate) const APPLICATION: &str = "_api";

/// Names that no user can have. OctoPrint uses the first for the application's key, and stores the
/// version of its users file under the second.
const RESERVED: [&str; 2] = [APPLICATION, "_version"];

/// Whether a user can have this name: it is not empty, not reserved, and neither begins nor ends
/// with white space. Python counts U+001C to U+001F as white space, Unicode does not.
pub(crate) fn may_be_named(name: &str) -> bool {
    let blank = |letter: char| letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter);
    !name.is_empty() && name.trim_matches(blank) == name && !RESERVED.contains(&name)
}

fn account(
    name: &str,
    member: &Membership,
    rights: &Rights,
    apikey: Option<&str>,
) -> Result<Py, Cyclic> {
    let has = rights.needs(member)?;
    let admin = has.is_admin();
    let roles: &[&str] = if admin { &["user", "admin"] } else { &["user"] };
    Ok(Py::dict([
        ("name", Py::text(name)),
        ("active", Py::Bool(true)),
        ("permissions", permission_keys(&member.permissions)),
        ("groups", Py::texts(member.groups.iter().map(String::as_str))),
        ("needs", needs(&has)),
        ("apikey", apikey.map_or(Py::None, Py::text)),
        ("settings", Py::dict([])),
        ("admin", Py::Bool(admin)),
        ("user", Py::Bool(true)),
        ("roles", Py::texts(roles.iter().copied())),
    ]))
}

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
        ("key", Py::text(permission.key)),
        ("name", Py::text(permission.title)),
        ("dangerous", Py::Bool(permission.dangerous)),
        ("default_groups", Py::texts(permission.groups.iter().copied())),
        ("description", Py::text(permission.about)),
        ("needs", Py::dict([("role", Py::texts(permission.needs.iter().copied()))])),
    ]);
    if let Some(plugin) = permission.plugin {
        shape.set("plugin", Py::text(plugin));
    }
    shape
}

fn permission_keys(permissions: &[&'static Permission]) -> Py {
    Py::texts(permissions.iter().map(|permission| permission.key))
}
