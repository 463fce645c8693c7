//! The groups: the built-in ones, and what the gateway stores of each group.
//!
//! A group's canonical name is its key in OctoPrint. Its title, its permissions (if they were ever
//! changed) and its subgroups are attributes. Subgroups are stored by id, so that a new group with
//! the name of a deleted one does not take its place.

use isogloss_canonical::group::Group;
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;

/// The attribute with the title, which `name` shows.
pub(crate) const TITLE: &str = "octoprint.title";
/// The attribute with a description that is not a text.
pub(crate) const DESCRIPTION: &str = "octoprint.description";
/// The attribute with the keys of a group's or a user's own permissions.
pub(crate) const PERMISSION_KEYS: &str = "octoprint.permissions";
/// The attribute with the ids of the subgroups.
pub(crate) const SUBGROUPS: &str = "octoprint.subgroups";
/// The attribute that says whether new users get the group.
pub(crate) const DEFAULT: &str = "octoprint.default";

/// The group of the administrators.
pub(crate) const ADMINS: &str = "admins";
/// The group of the users.
pub(crate) const USERS: &str = "users";
/// The group of callers who are not signed in.
pub(crate) const GUESTS: &str = "guests";
/// The group of users who may only read.
pub(crate) const READONLY: &str = "readonly";

/// A group that every server has.
#[derive(Debug)]
pub(crate) struct BuiltIn {
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) about: &'static str,
    /// Whether its permissions and subgroups can be changed.
    pub(crate) changeable: bool,
    /// Whether users can be put into it and taken out of it.
    pub(crate) toggleable: bool,
    /// Whether new users get it.
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

/// What a group has beyond its rights: the texts and switches that OctoPrint shows.
pub(crate) struct Traits {
    pub(crate) title: Py,
    pub(crate) description: Py,
    /// Whether new users get it, as whatever value a caller gave.
    pub(crate) default: Py,
    pub(crate) changeable: bool,
    pub(crate) removable: bool,
    pub(crate) toggleable: bool,
}

/// Reads the traits of a group.
pub(crate) fn traits(group: &Group) -> Traits {
    let attribute = |name: &str| group.attributes.get(name).map(stored::from_json);
    let built_in = BUILT_IN.iter().find(|row| row.key == group.name);
    if let Some(row) = built_in {
        return Traits {
            title: Py::text(row.title),
            description: Py::text(row.about),
            default: attribute(DEFAULT).unwrap_or(Py::Bool(row.default)),
            changeable: row.changeable,
            removable: false,
            toggleable: row.toggleable,
        };
    }
    let described = || Py::text(group.description.as_deref().unwrap_or_default());
    Traits {
        title: attribute(TITLE).unwrap_or_else(|| Py::text(&group.name)),
        description: attribute(DESCRIPTION).unwrap_or_else(described),
        default: attribute(DEFAULT).unwrap_or(Py::Bool(false)),
        changeable: true,
        removable: true,
        toggleable: true,
    }
}
