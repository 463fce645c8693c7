//! The versions of Kanboard that the dialect can answer as, and what differs between them.
//!
//! To add a version, add a variant and then what the compiler and the test ask for. The rest of the
//! dialect never compares versions: it reads a field of [`Differences`].

use isogloss_canonical::version::VersionInfo;

/// A version of Kanboard. The order is that of the releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 1.0, on PHP before 8.1.
    V1_0,
    /// 1.2.
    #[default]
    V1_2,
}

/// The versions for the manual, the default first.
pub(crate) const VERSIONS: [VersionInfo; 2] = [
    VersionInfo::recorded(Version::V1_2.name(), "1.2.46 to 1.2.53", "1.2.53")
        .but(&["getDefaultTaskColors"]),
    VersionInfo::recorded(Version::V1_0.name(), "1.0.39 to 1.1.1", "1.0.39"),
];

/// What differs between the versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Differences {
    /// What `getVersion` answers.
    pub(crate) reported: &'static str,
    /// How rows show integer columns.
    pub(crate) integers: Integers,
}

/// How rows show integer columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Integers {
    /// As numbers: `"id": 1`.
    Numbers,
    /// As texts: `"id": "1"`. PHP before 8.1 fetches all columns as texts.
    Texts,
}

impl Version {
    const ALL: [Self; 2] = [Self::V1_0, Self::V1_2];

    /// The version of this name. [`VERSIONS`] is checked before, so that only a missing name is
    /// unknown here: it means the default.
    pub(crate) fn named(name: Option<&str>) -> Self {
        let named = |version: &Self| Some(version.name()) == name;
        Self::ALL.into_iter().find(named).unwrap_or_default()
    }

    /// The name of the version.
    const fn name(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_2 => "1.2",
        }
    }

    /// What the dialect does differently as this version.
    pub(crate) const fn differences(self) -> Differences {
        match self {
            Self::V1_0 => Differences { reported: "1.0.48", integers: Integers::Texts },
            Self::V1_2 => Differences { reported: "1.2.53", integers: Integers::Numbers },
        }
    }
}

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
