//! The attributes that hold what Kanboard knows and the canonical model has no field for.

use isogloss_canonical::user::{AttributeChanges, User};
use serde_json::Value;

/// The prefix of Kanboard's attributes.
pub(crate) const PREFIX: &str = "kanboard.";
/// Whether sign-in needs a second factor. It has this name in every dialect.
pub(crate) const SECOND_FACTOR: &str = "second_factor";
/// A group's id in another system, which may be null.
pub(crate) const EXTERNAL_ID: &str = "kanboard.external_id";
/// A role that Kanboard does not know, as it was given: `""` or `"1"`.
pub(crate) const ODD_ROLE: &str = "kanboard.role";
/// The end of the account's lock. It is stored only where the column begins as null.
pub(crate) const LOCK: &str = "kanboard.lock_expiration_date";
/// The prefix of a user's private projects. Each has an attribute of its own, so that two that are
/// created at the same moment do not overwrite each other.
pub(crate) const PROJECT: &str = "kanboard.project.";
/// One attribute with all of a user's private projects, as earlier releases stored them.
pub(crate) const PROJECTS: &str = "kanboard.projects";
const TIMEZONE: &str = "kanboard.timezone";

/// The methods about the server itself, which need no parameters. Each is a fact of this name.
pub(crate) const FACTS: [&str; 7] = [
    "getVersion",
    "getTimezone",
    "getDefaultTaskColor",
    "getDefaultTaskColors",
    "getColorList",
    "getApplicationRoles",
    "getProjectRoles",
];

/// The attributes that remember which columns were given as null.
pub(crate) fn nulls(columns: &[(&str, &Option<String>)]) -> AttributeChanges {
    let nulls = columns.iter().filter(|(_, text)| text.is_none());
    nulls.map(|(name, _)| (format!("{PREFIX}{name}"), Some(Value::Null))).collect()
}

/// A user's own time zone; `None` if it is not set.
pub(crate) fn time_zone(user: &User) -> Option<&str> {
    user.attribute(TIMEZONE).and_then(Value::as_str).filter(|zone| !zone.is_empty())
}
