//! The versions of Kanboard that the dialect can answer as, and the table of what differs between
//! them.
//!
//! The methods of each version are in `dialect/table/`. What else differs is a field of
//! [`Differences`]: the rest of the dialect never compares versions. An older version is written as
//! the newest with some fields changed.

use isogloss_canonical::version::{self, VersionInfo};
use isogloss_interop::php::json::Style;
use isogloss_interop::php::value::{MinusZero, Php};

/// A version of Kanboard. The order is that of the releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 1.0.39, on PHP 7.0.
    V1_0,
    /// 1.2.53.
    #[default]
    V1_2,
}

/// The versions for the manual, the default first.
pub(crate) const VERSIONS: [VersionInfo; 2] = [
    VersionInfo::recorded(Version::V1_2.name(), "1.2.46 to 1.2.53", "1.2.53")
        .but(&["getDefaultTaskColors"]),
    VersionInfo::recorded(
        Version::V1_0.name(),
        "1.0.39 to 1.1.1; getAllGroups and getMyDashboard as up to 1.0.40",
        "1.0.39",
    ),
];

impl Version {
    /// Every version.
    pub(crate) const ALL: [Self; 2] = [Self::V1_0, Self::V1_2];

    /// The version of this name. [`VERSIONS`] is checked before, so that only a missing name is
    /// unknown here: it means the default.
    pub(crate) fn named(name: Option<&str>) -> Self {
        version::named(&Self::ALL, Self::name, name)
    }

    /// The name of the version.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_2 => "1.2",
        }
    }

    /// What differs in this version.
    pub(crate) const fn differences(self) -> &'static Differences {
        match self {
            Self::V1_0 => &V1_0,
            Self::V1_2 => &V1_2,
        }
    }
}

/// What one version does that the other does otherwise.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a table of differences, one a row")]
pub(crate) struct Differences {
    /// What `getVersion` answers.
    pub(crate) reported: &'static str,
    /// Whether there is `healthcheck.php`.
    pub(crate) health_check: bool,
    /// How answers and errors are written.
    pub(crate) wording: Wording,
    /// What `-0` in a call is.
    pub(crate) minus_zero: MinusZero,
    /// What a parameter is that is null by name.
    pub(crate) named_null: NamedNull,
    /// The columns of users and projects that the version does not have yet.
    pub(crate) later_columns: &'static [&'static str],
    /// How rows show integers, unless the route's option says otherwise.
    pub(crate) integers: Integers,
    /// Whether the row of a user or group that was asked for by an id such as `"01"` shows that text:
    /// SQLite before 3.15 did.
    pub(crate) echoes_ids: bool,
    /// The columns of a group in `getAllGroups`.
    pub(crate) listed_group: &'static [&'static str],
    /// The pages of a project in `url`, each with its controller.
    pub(crate) project_pages: &'static [(&'static str, &'static str)],
    /// The most characters of a project's name.
    pub(crate) project_name: usize,
    /// What a user name may be.
    pub(crate) usernames: Usernames,
    /// What a role may be.
    pub(crate) roles: Roles,
    /// What an update without a field does.
    pub(crate) empty_update: EmptyUpdate,
    /// What an array does where Kanboard measures a text.
    pub(crate) arrays: Arrays,
    /// Whether a password with a NUL can be hashed, up to the NUL.
    pub(crate) hashes_nul: bool,
    /// Whether `createLdapUser` distinguishes a directory that does not answer from an unknown user.
    pub(crate) tells_directory_outage: bool,
    /// PHP's `==` of a value and an integer.
    pub(crate) equals: fn(&Php, i64) -> bool,
}

/// How a version writes answers and errors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wording {
    /// How JSON is written.
    pub(crate) json: Style,
    /// Whether `Invalid params` says what is wrong with the parameters.
    pub(crate) explains_parameters: bool,
    /// Whether the message of an SQL error begins with the SQLSTATE.
    pub(crate) names_sql_state: bool,
}

/// What a parameter is that is null by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NamedNull {
    /// A value, as it is by position.
    Value,
    /// Not given: its default counts, or it is missing.
    Missing,
}

/// How rows show integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Integers {
    /// As numbers: `"id": 1`.
    Numbers,
    /// As texts: `"id": "1"`. PHP before 8.1 fetches all columns as texts.
    Texts,
}

/// What a user name may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usernames {
    /// The most characters.
    pub(crate) most: usize,
    /// Whether blanks around it are removed.
    pub(crate) trimmed: bool,
}

/// What a role may be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Roles {
    /// One of the three roles, or empty. Any other text is refused.
    Known,
    /// Any text of at most so many characters. One that is no role gives no right.
    AnyText(usize),
}

/// What an update without a field does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmptyUpdate {
    /// The SQL statement is not valid.
    SqlError,
    /// The statement sets the id to itself.
    Nothing,
}

/// What an array does where Kanboard measures a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrays {
    /// PHP 8 stops: an uncaught error.
    Uncaught,
    /// It has no length, and is stored as the word `Array`.
    Word,
}

const V1_2: Differences = Differences {
    reported: "1.2.53",
    health_check: true,
    wording: Wording { json: Style::UNESCAPED, explains_parameters: true, names_sql_state: true },
    minus_zero: MinusZero::Float,
    named_null: NamedNull::Value,
    later_columns: &[],
    integers: Integers::Numbers,
    echoes_ids: false,
    listed_group: &["id", "name", "external_id", "nb_users"],
    project_pages: &[("board", "BoardViewController"), ("list", "TaskListController")],
    project_name: 65_535,
    usernames: Usernames { most: 191, trimmed: true },
    roles: Roles::Known,
    empty_update: EmptyUpdate::SqlError,
    arrays: Arrays::Uncaught,
    hashes_nul: false,
    tells_directory_outage: true,
    equals: Php::loosely_is,
};

const V1_0: Differences = Differences {
    reported: "1.0.39",
    health_check: false,
    wording: Wording {
        json: Style::BEFORE_7_1,
        explains_parameters: false,
        names_sql_state: false,
    },
    minus_zero: MinusZero::Integer,
    named_null: NamedNull::Missing,
    later_columns: &[
        "filter",
        "theme",
        "predefined_email_subjects",
        "per_swimlane_task_limits",
        "task_limit",
        "enable_global_tags",
    ],
    integers: Integers::Texts,
    echoes_ids: true,
    listed_group: &["id", "external_id", "name"],
    project_pages: &[
        ("board", "BoardViewController"),
        ("calendar", "CalendarController"),
        ("list", "TaskListController"),
    ],
    project_name: 50,
    usernames: Usernames { most: 50, trimmed: false },
    roles: Roles::AnyText(25),
    empty_update: EmptyUpdate::Nothing,
    arrays: Arrays::Word,
    hashes_nul: true,
    tells_directory_outage: false,
    equals: Php::loosely_is_before_8,
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_has_a_name_of_its_own() {
        for version in Version::ALL {
            assert!(VERSIONS.iter().any(|row| row.name == version.name()), "{version:?}");
            assert_eq!(Version::named(Some(version.name())), version);
        }
        assert_eq!(VERSIONS.len(), Version::ALL.len());
        assert_eq!(Version::named(None).name(), VERSIONS[0].name);
    }
}
