//! The versions of Dandelion that the dialect can answer as, and the table of what differs between
//! them. Both have the same methods.

use isogloss_canonical::version::{self, VersionInfo};

/// A version of Dandelion. The order is that of the releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 6.0, from its manual.
    V6_0,
    /// 6.1.1, recorded from a server.
    #[default]
    V6_1,
}

/// The versions for the manual, the default first.
pub(crate) const VERSIONS: [VersionInfo; 2] = [
    VersionInfo::recorded(Version::V6_1.name(), "6.1", "6.1.1").but(&[
        "GET /api/usersettings/getthemelist",
        "POST /api/usersettings/saveloglimit",
        "POST /api/usersettings/savetheme",
    ]),
    VersionInfo::derived(Version::V6_0.name(), "6.0"),
];

impl Version {
    /// Every version.
    const ALL: [Self; 2] = [Self::V6_0, Self::V6_1];

    /// The version of this name. [`VERSIONS`] is checked before, so that only a missing name is
    /// unknown here: it means the default.
    pub(crate) fn named(name: Option<&str>) -> Self {
        version::named(&Self::ALL, Self::name, name)
    }

    /// The name of the version.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V6_0 => "6.0",
            Self::V6_1 => "6.1",
        }
    }

    /// What differs in this version.
    pub(crate) const fn differences(self) -> &'static Differences {
        match self {
            Self::V6_0 => &V6_0,
            Self::V6_1 => &V6_1,
        }
    }
}

/// What one version does that the other does otherwise.
#[derive(Debug)]
pub(crate) struct Differences {
    /// The release that `dandelion/version` answers.
    pub(crate) reported: &'static str,
    /// The last members of the caller's own record, in their order.
    pub(crate) own: &'static [&'static str],
    /// The last members of another user's record, in their order.
    pub(crate) other: &'static [&'static str],
    /// How a record shows whether the user is disabled.
    pub(crate) disabled: Flag,
    /// How users are listed.
    pub(crate) lists: Lists,
    /// Whether another user's record is a list of one, as the caller's own is.
    pub(crate) lists_other: bool,
}

/// How a record shows a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    /// `"0"` or `"1"`.
    Text,
    /// `false` or `true`.
    Boolean,
}

/// How users are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lists {
    /// As a list.
    List,
    /// As an object with the members `"0"`, `"1"`...
    Object,
}

/// `fixtures/transcripts/dandelion/getuser.json`.
const V6_1: Differences = Differences {
    reported: "6.1.1",
    own: &["theme", "initial_login", "disabled"],
    other: &["initial_login", "theme", "disabled"],
    disabled: Flag::Text,
    lists: Lists::List,
    lists_other: false,
};

/// As the manual of 6.0 prints users.
const V6_0: Differences = Differences {
    reported: "6.0.4",
    own: V6_1.own,
    other: V6_1.own,
    disabled: Flag::Boolean,
    lists: Lists::Object,
    lists_other: true,
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
