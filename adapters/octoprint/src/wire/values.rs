//! What OctoPrint takes as a user's values, and what nobody could sign in with.

use isogloss_canonical::value::{ValueKind, ValueRule};
use isogloss_interop::python::text;

use crate::options::version::{Differences, Names, Passwords};

/// The name of the caller with the application's own key.
pub(crate) const APPLICATION: &str = "_api";
/// The name under which OctoPrint since 1.4 stores the version of its users file.
const FILE_VERSION: &str = "_version";
/// The most characters of a password that OctoPrint's hash accepts. It answers 500 for a longer one:
/// `fixtures/transcripts/octoprint/users-create-names.json`.
pub(crate) const LONGEST_PASSWORD: usize = 4096;

/// Whether a user can have this name. No user can have that of the application's key: OctoPrint
/// before 1.4 would take them for an administrator.
pub(crate) fn may_be_named(name: &str, names: Names) -> bool {
    is_free(name) && (names == Names::Any || (name != FILE_VERSION && is_stripped(name)))
}

fn is_free(name: &str) -> bool {
    name != APPLICATION
}

fn is_stripped(name: &str) -> bool {
    !name.is_empty() && text::strip(name) == name
}

/// Whether a path addresses a user of this name.
pub(crate) fn is_addressable(name: &str) -> bool {
    !name.contains('/') && !["", ".", ".."].contains(&name)
}

/// Whether a server can hash a password.
pub(crate) fn is_hashable(password: &str, passwords: Passwords) -> bool {
    match passwords {
        Passwords::Limited => password.chars().count() <= LONGEST_PASSWORD,
        Passwords::Any => true,
        Passwords::Ascii => password.is_ascii(),
    }
}

/// The values that a server of this version does not take, or with which nobody could sign in. What
/// 1.11.8 does with each was tried on a server: a name with `/` is created, but no path shows it; a
/// user `_version` breaks every later write. The rest is in `users-create-names.json` of
/// `fixtures/transcripts/octoprint` and `fixtures/transcripts/octoprint13`.
pub(crate) fn rules(version: &Differences) -> Vec<ValueRule> {
    let names = match version.names {
        Names::Trimmed => NAMES,
        Names::Any => &[],
    };
    let logins = if version.ascii_logins { LOGINS } else { &[] };
    let passwords = match version.passwords {
        Passwords::Limited => LONG_PASSWORDS,
        Passwords::Any => &[],
        Passwords::Ascii => ASCII_PASSWORDS,
    };
    [RULES, names, logins, passwords].concat()
}

/// Of every version.
const RULES: &[ValueRule] = &[
    ValueRule::new(
        ValueKind::Username,
        "that is empty, `.` or `..`, or has a `/`: no path addresses it",
        is_addressable,
        || "a/b".to_owned(),
    ),
    ValueRule::new(ValueKind::Username, "that is `_api`", is_free, || APPLICATION.to_owned()),
    ValueRule::new(
        ValueKind::Password,
        "that is empty",
        |password| !password.is_empty(),
        String::new,
    ),
];

/// Since 1.4.
const NAMES: &[ValueRule] = &[
    ValueRule::new(
        ValueKind::Username,
        "that begins or ends with white space",
        |name| text::strip(name) == name,
        || " ada".to_owned(),
    ),
    ValueRule::new(
        ValueKind::Username,
        "that is `_version`",
        |name| name != FILE_VERSION,
        || FILE_VERSION.to_owned(),
    ),
];

/// Since 1.4.
const LONG_PASSWORDS: &[ValueRule] = &[ValueRule::new(
    ValueKind::Password,
    "longer than 4096 characters",
    |password| is_hashable(password, Passwords::Limited),
    || "p".repeat(LONGEST_PASSWORD + 1),
)];

/// Before 1.4.
const LOGINS: &[ValueRule] = &[ValueRule::new(
    ValueKind::Username,
    "outside ASCII: every login is an error",
    str::is_ascii,
    || "zoé".to_owned(),
)];

/// 1.3.0.
const ASCII_PASSWORDS: &[ValueRule] = &[ValueRule::new(
    ValueKind::Password,
    "outside ASCII",
    |password| is_hashable(password, Passwords::Ascii),
    || "sécret".to_owned(),
)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::version::Version;

    #[test]
    fn every_example_breaks_its_rule_and_common_values_break_none() {
        for version in Version::ALL {
            for rule in rules(version.differences()) {
                assert!(!(rule.takes)(&(rule.example)()), "{version:?}: {rule:?}");
                assert!((rule.takes)("ada.lovelace"), "{version:?}: {rule:?}");
            }
        }
    }
}
