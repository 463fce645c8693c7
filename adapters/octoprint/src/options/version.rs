//! The versions of OctoPrint, and the table of what differs between them.
//!
//! The methods of each version are in `dialect/table/`. What else differs is a field of
//! [`Differences`]: the rest of the adapter never compares versions. Each version is written as the
//! one after it with some fields changed.

use isogloss_canonical::http::Request;
use isogloss_canonical::version::{self, VersionInfo};
use isogloss_interop::python::json::write::{PYTHON_3, Style};

/// A version of OctoPrint: of the server that a route replaces, or of the one behind the gateway. The
/// order is that of the releases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 1.3.0.
    V1_3_0,
    /// 1.3.12, the last release before 1.4.
    V1_3,
    /// 1.11.
    #[default]
    V1_11,
}

/// The versions for the manual, the default first.
pub(crate) const VERSIONS: [VersionInfo; 3] = [
    VersionInfo::recorded(Version::V1_11.name(), "1.4 to 1.11", "1.11.8").but(&[
        "GET /plugin/appkeys/auth/<token>",
        "POST /plugin/appkeys/auth/<token>",
        "POST /login/",
        "GET /",
        "POST /",
    ]),
    VersionInfo::recorded(
        Version::V1_3.name(),
        "1.3.12; the nearest for 1.3.1 to 1.3.11",
        "1.3.12",
    )
    .but(&["POST /plugin/corewizard/acl", "GET /"]),
    VersionInfo::recorded(Version::V1_3_0.name(), "1.3.0", "1.3.0").but(&[
        "POST /plugin/corewizard/acl",
        "GET /",
        "POST /api/plugin/<name>",
    ]),
];

impl Version {
    /// Every version.
    pub(crate) const ALL: [Self; 3] = [Self::V1_3_0, Self::V1_3, Self::V1_11];

    /// The version of this name. [`VERSIONS`] is checked before, so that only a missing name is
    /// unknown here: it means the default.
    pub(crate) fn named(name: Option<&str>) -> Self {
        version::named(&Self::ALL, Self::name, name)
    }

    /// The name of the version.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V1_3_0 => "1.3.0",
            Self::V1_3 => "1.3",
            Self::V1_11 => "1.11",
        }
    }

    /// What differs in this version.
    pub(crate) const fn differences(self) -> &'static Differences {
        match self {
            Self::V1_3_0 => &V1_3_0,
            Self::V1_3 => &V1_3,
            Self::V1_11 => &V1_11,
        }
    }
}

/// What one version does that others do otherwise.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "a table of differences, one a row")]
pub(crate) struct Differences {
    /// The version that the server says it is.
    pub(crate) server: &'static str,
    /// Whether `/api/version` has the member `text`.
    pub(crate) version_text: bool,
    /// The options of a route that mean nothing in this version.
    pub(crate) lacks_options: &'static [&'static str],
    /// The path of the users' API.
    pub(crate) users: &'static str,
    /// How users get their rights.
    pub(crate) rights: RightsModel,
    /// The members of a user in an answer.
    pub(crate) user_fields: &'static [&'static str],
    /// Whether a login answers whether the client is external, and the id of its session.
    pub(crate) login_details: bool,
    /// The default of `reauthentication_minutes`; 0: a password never needs to be recent.
    pub(crate) reauthentication_minutes: u64,
    /// How a client finds out whose a key is.
    pub(crate) key_owner: KeyOwner,
    /// What an administrator can do with the application keys of others.
    pub(crate) app_keys: AppKeys,
    /// How the media type of a body is compared.
    pub(crate) media_types: MediaTypes,
    /// Where a request can carry a key. The first that is present counts.
    pub(crate) key_sources: &'static [KeySource],
    /// How a caller is proved, the strongest proof first.
    pub(crate) proofs: &'static [ProofSource],
    /// Whether callers are proved before a path or verb that does not exist is refused.
    pub(crate) proves_before_routing: bool,
    /// Whether a path with `//` is redirected to the one with `/`.
    pub(crate) merges_slashes: bool,
    /// Who is refused before a method is looked at.
    pub(crate) gate: Gate,
    /// The status of the framework's page for a guest whom the gate has let in.
    pub(crate) guests: u16,
    /// How callers are refused until the first user is created; `None`: in the framework's words.
    pub(crate) not_set_up: Option<&'static str>,
    /// When a call by key gets a session cookie.
    pub(crate) key_cookies: KeyCookies,
    /// Whether the answer to a guest removes the cookie of the session.
    pub(crate) clears_guests: bool,
    /// Whether a logout is remembered in a cookie.
    pub(crate) remembers_logout: bool,
    /// How an inactive user is answered whose password is right.
    pub(crate) inactive_login: InactiveLogin,
    /// Whether only users whose name is in ASCII can log in. OctoPrint answers 500 to others.
    pub(crate) ascii_logins: bool,
    /// Which names a user can have.
    pub(crate) names: Names,
    /// How words that mean true are compared.
    pub(crate) trues: Trues,
    /// Which passwords can be hashed.
    pub(crate) passwords: Passwords,
    /// The formats of keys.
    pub(crate) keys: KeyFormat,
    /// The form and the wording of errors.
    pub(crate) errors: Errors,
    /// How JSON is written.
    pub(crate) json: Style,
    /// The headers that Tornado adds to every answer.
    pub(crate) tornado: &'static [(&'static str, &'static str)],
    /// The `Cache-Control` of the API: for `POST`, and for other verbs but `GET`.
    pub(crate) no_store: [&'static str; 2],
    /// Whether answers say how long they took, and that they vary by cookie.
    pub(crate) timing: bool,
    /// Whether the socket of a server without a printer is recorded.
    pub(crate) has_socket: bool,
}

impl Differences {
    /// Whether a release, such as `1.10.3`, is one that this version stands for: before 1.4, or not.
    pub(crate) fn covers(&self, release: &str) -> bool {
        let mut numbers = release.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
        let release = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
        (release < (1, 4)) == (self.rights == RightsModel::AdminSwitch)
    }
}

/// How a version stores what a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RightsModel {
    /// By groups and permissions.
    Groups,
    /// By one switch, `admin`. A `PUT` that does not name the switch turns it off.
    AdminSwitch,
}

/// What an administrator can do with the application keys of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AppKeys {
    /// The server has no application keys.
    Absent,
    /// List them with their values, and revoke them by value. Only the owner can generate one.
    ByValue,
    /// List them without their values, and generate, read and revoke them by user and application.
    ByName,
}

/// How a client finds out whose a key is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyOwner {
    /// `/api/currentuser` says it.
    CurrentUser,
    /// A passive login says it.
    PassiveLogin,
    /// The users' rows show their keys. A key that is valid and in no row is the application's own.
    Rows,
}

/// How the media type of a body is compared. OctoPrint since 1.4 has a rule of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MediaTypes {
    /// In any case. The first of several counts.
    AnyCase,
    /// Exactly.
    Exact,
}

/// The media type of JSON.
pub(crate) const JSON: &str = "application/json";

impl MediaTypes {
    /// Whether a body is JSON and nothing else.
    pub(crate) fn is_json(self, request: &Request) -> bool {
        let whole = request.header("content-type").unwrap_or_default();
        let end: &[char] = match self {
            Self::AnyCase => &[';', ','],
            Self::Exact => &[';'],
        };
        let media_type = whole.split(end).next().unwrap_or_default().trim();
        match self {
            Self::AnyCase => media_type.eq_ignore_ascii_case(JSON),
            Self::Exact => media_type == JSON,
        }
    }
}

/// A place of a request that can hold a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// The field `apikey` of the query, then of the form.
    Field,
    /// The header `X-Api-Key`.
    Header,
    /// The header `Authorization: Bearer`.
    Bearer,
}

/// What proves a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProofSource {
    /// The cookie of a session.
    Session,
    /// The cookie of "remember me".
    Remember,
    /// A key.
    Key,
    /// The header `Authorization: Basic`.
    Basic,
    /// The header of a proxy.
    Proxy,
}

/// Who is refused before a method is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gate {
    /// Nobody. Writes need a CSRF token.
    Csrf,
    /// Guests, except at the login (the plugin `forcelogin`).
    ForceLogin,
    /// Requests without a valid key, also at the login.
    Key,
}

/// When a call by key gets a session cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyCookies {
    /// If it is a login or a logout.
    AtLogin,
    /// Never.
    Never,
    /// Always.
    Always,
}

/// How an inactive user is answered whose password is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InactiveLogin {
    /// As if the password were wrong.
    AsWrong,
    /// By a sentence about it.
    Told,
    /// By the user's record. Nobody is signed in.
    Shown,
}

/// Which names a user can have. The gateway also refuses the name of the application's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Names {
    /// No empty name, none with white space around it, and not `_version`.
    Trimmed,
    /// Any.
    Any,
}

/// How words that mean true are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trues {
    /// In any case. A list or a dictionary cannot be compared: OctoPrint answers 500.
    AnyCase,
    /// Exactly. A list or a dictionary is false.
    Exact,
}

/// Which passwords can be hashed. OctoPrint answers 500 to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Passwords {
    /// Up to a length.
    Limited,
    /// All.
    Any,
    /// Those in ASCII.
    Ascii,
}

/// The formats of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyFormat {
    /// 43 characters of base64url.
    Base64,
    /// 32 hexadecimal digits: upper case for a user's key, lower case for an application's.
    Hex,
}

/// The form and the wording of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errors {
    /// JSON in the API, HTML elsewhere.
    Json,
    /// Plain text where OctoPrint refuses, HTML of Werkzeug 0.15 where the framework does.
    Werkzeug15,
    /// The same with the HTML of Werkzeug 0.8.
    Werkzeug8,
}

const V1_11: Differences = Differences {
    server: "1.11.8",
    version_text: true,
    lacks_options: &["force_login"],
    users: "/api/access/users",
    rights: RightsModel::Groups,
    user_fields: &[
        "active",
        "admin",
        "apikey",
        "groups",
        "name",
        "needs",
        "permissions",
        "roles",
        "settings",
        "user",
    ],
    login_details: true,
    reauthentication_minutes: 5,
    key_owner: KeyOwner::CurrentUser,
    app_keys: AppKeys::ByName,
    media_types: MediaTypes::AnyCase,
    key_sources: &[KeySource::Field, KeySource::Header, KeySource::Bearer],
    proofs: &[
        ProofSource::Session,
        ProofSource::Remember,
        ProofSource::Key,
        ProofSource::Basic,
        ProofSource::Proxy,
    ],
    proves_before_routing: true,
    merges_slashes: true,
    gate: Gate::Csrf,
    guests: 403,
    not_set_up: None,
    key_cookies: KeyCookies::AtLogin,
    clears_guests: false,
    remembers_logout: true,
    inactive_login: InactiveLogin::AsWrong,
    ascii_logins: false,
    names: Names::Trimmed,
    trues: Trues::AnyCase,
    passwords: Passwords::Limited,
    keys: KeyFormat::Base64,
    errors: Errors::Json,
    json: PYTHON_3,
    tornado: &[
        ("X-Robots-Tag", "noindex, nofollow, noimageindex"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "sameorigin"),
    ],
    no_store: ["no-store, no-cache, must-revalidate, post-check=0, pre-check=0, max-age=0"; 2],
    timing: true,
    has_socket: true,
};

const V1_3: Differences = Differences {
    server: "1.3.12",
    lacks_options: &[
        "reauthentication_minutes",
        "bundled_plugins",
        "remote_groups",
        "remote_groups_header",
        "remote_groups_mapping",
    ],
    users: "/api/users",
    rights: RightsModel::AdminSwitch,
    user_fields: &["active", "admin", "apikey", "name", "settings", "user"],
    reauthentication_minutes: 0,
    key_owner: KeyOwner::PassiveLogin,
    app_keys: AppKeys::ByValue,
    key_sources: &[KeySource::Field, KeySource::Header],
    proofs: &[
        ProofSource::Key,
        ProofSource::Basic,
        ProofSource::Session,
        ProofSource::Remember,
        ProofSource::Proxy,
    ],
    proves_before_routing: false,
    merges_slashes: false,
    gate: Gate::ForceLogin,
    not_set_up: Some("OctoPrint isn't setup yet"),
    key_cookies: KeyCookies::Never,
    clears_guests: true,
    inactive_login: InactiveLogin::Told,
    ascii_logins: true,
    names: Names::Any,
    passwords: Passwords::Any,
    keys: KeyFormat::Hex,
    errors: Errors::Werkzeug15,
    json: Style { comma: ", ", end: "\n", nan: false },
    tornado: &[("X-Robots-Tag", "noindex, nofollow, noimageindex")],
    no_store: [
        "pre-check=0, no-cache, no-store, must-revalidate, post-check=0, max-age=0",
        "no-store, post-check=0, max-age=0, no-cache, pre-check=0, must-revalidate",
    ],
    timing: false,
    has_socket: false,
    ..V1_11
};

const V1_3_0: Differences = Differences {
    server: "1.3.0",
    lacks_options: &[
        "reauthentication_minutes",
        "bundled_plugins",
        "remote_groups",
        "remote_groups_header",
        "remote_groups_mapping",
        "force_login",
        "basic_authentication",
        "check_basic_password",
        "remote_user",
        "remote_user_header",
        "add_remote_users",
    ],
    version_text: false,
    login_details: false,
    key_owner: KeyOwner::Rows,
    app_keys: AppKeys::Absent,
    media_types: MediaTypes::Exact,
    proofs: &[ProofSource::Session, ProofSource::Remember],
    gate: Gate::Key,
    guests: 401,
    key_cookies: KeyCookies::Always,
    remembers_logout: false,
    inactive_login: InactiveLogin::Shown,
    trues: Trues::Exact,
    passwords: Passwords::Ascii,
    errors: Errors::Werkzeug8,
    json: Style { comma: ", ", end: "", nan: true },
    tornado: &[],
    no_store: [V1_3.no_store[0], V1_11.no_store[1]],
    ..V1_3
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_belongs_to_the_version_that_stands_for_it() {
        for (release, is_old) in
            [("1.3.12", true), ("1.4.0", false), ("1.11.8", false), ("2.0", false)]
        {
            let covers = |version: Version| version.differences().covers(release);
            assert_eq!(
                (covers(Version::V1_3), covers(Version::V1_11)),
                (is_old, !is_old),
                "{release}"
            );
        }
    }

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
