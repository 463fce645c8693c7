//! The versions of OctoPrint, and the table of what differs between them.
//!
//! A new version is a variant of [`Version`], a [`VersionRow`], and its place in the lists of
//! versions below.

/// A version of OctoPrint: of the server that a route replaces, or of the one behind the gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Version {
    /// 1.4 to 1.11.
    #[default]
    V1_11,
    /// Everything before 1.4.
    V1_3,
}

/// How a version stores what a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RightsModel {
    /// By groups and permissions.
    Groups,
    /// By one switch, `admin`. A `PUT` that does not name the switch turns it off.
    AdminSwitch,
}

/// What one version has that others have not.
#[derive(Debug)]
pub(crate) struct VersionRow {
    /// Its name in the configuration.
    pub(crate) name: &'static str,
    /// The version that the server says it is.
    pub(crate) server: &'static str,
    /// The path of the users' API on a server of this version.
    pub(crate) users: &'static str,
    /// How users get their rights.
    pub(crate) rights: RightsModel,
    /// The default of `reauthentication_minutes`; 0: a password never needs to be recent.
    pub(crate) reauthentication_minutes: u64,
    /// Whether users must send their current password to set a new one.
    pub(crate) asks_current_password: bool,
    /// Whether `/api/currentuser` says whose key a request carries.
    pub(crate) names_current_user: bool,
}

const V1_11: VersionRow = VersionRow {
    name: "1.11",
    server: "1.11.8",
    users: "/api/access/users",
    rights: RightsModel::Groups,
    reauthentication_minutes: 5,
    asks_current_password: true,
    names_current_user: true,
};

const V1_3: VersionRow = VersionRow {
    name: "1.3",
    // No recording shows yet what a server before 1.4 says here.
    server: V1_11.server,
    users: "/api/users",
    rights: RightsModel::AdminSwitch,
    reauthentication_minutes: 0,
    asks_current_password: false,
    names_current_user: false,
};

/// Every version.
pub(crate) const ALL: &[Version] = &[Version::V1_11, Version::V1_3];
/// The versions whose `/api/users` only redirects to `/api/access/users`.
pub(crate) const SINCE_1_4: &[Version] = &[Version::V1_11];
/// The versions whose `/api/users` is the users' API itself.
pub(crate) const BEFORE_1_4: &[Version] = &[Version::V1_3];

/// The names of the versions, the default first.
pub(crate) const VERSIONS: &[&str] = &[V1_11.name, V1_3.name];

impl Version {
    /// What differs in this version.
    pub(crate) const fn row(self) -> &'static VersionRow {
        match self {
            Self::V1_11 => &V1_11,
            Self::V1_3 => &V1_3,
        }
    }

    /// The version of this name. Without a name, or with an unknown one, it is the default:
    /// `RouteOptions::check` has refused unknown names before.
    pub(crate) fn named(name: Option<&str>) -> Self {
        let named = ALL.iter().find(|version| Some(version.row().name) == name);
        named.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_found_by_its_name_and_the_default_comes_first() {
        let named: Vec<_> = VERSIONS.iter().map(|name| Version::named(Some(name))).collect();
        assert_eq!(named, ALL);
        assert_eq!(Version::named(None), ALL[0]);
        assert_eq!([SINCE_1_4, BEFORE_1_4].concat(), ALL);
    }
}
