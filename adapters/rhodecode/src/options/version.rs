//! The versions of RhodeCode, and what differs between them.

use isogloss_canonical::version::{self, VersionInfo};

/// A version of RhodeCode, the earlier one first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// 4.3. Its API is that of 4.0 to 4.4.
    V4_3,
    /// 4.26.
    #[default]
    V4_26,
}

/// The versions for the manual, the default first.
pub(crate) const VERSIONS: [VersionInfo; 2] = [
    VersionInfo::recorded(Version::V4_26.name(), "4.26", "4.26.0"),
    VersionInfo::recorded(Version::V4_3.name(), "4.0 to 4.4", "4.3.0").but(&["delete_repo_group"]),
];

impl Version {
    /// Every version.
    const ALL: [Self; 2] = [Self::V4_3, Self::V4_26];

    /// The version of this name. [`VERSIONS`] is checked before, so that only a missing name is
    /// unknown here: it means the default.
    pub(crate) fn named(name: Option<&str>) -> Self {
        version::named(&Self::ALL, Self::name, name)
    }

    /// Its name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::V4_3 => "4.3",
            Self::V4_26 => "4.26",
        }
    }

    /// What differs in this version, beside the methods' own behaviour.
    pub(crate) const fn differences(self) -> &'static Differences {
        match self {
            Self::V4_3 => &V4_3,
            Self::V4_26 => &V4_26,
        }
    }
}

/// The differences between the versions that no single method accounts for.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a table of differences, one a row")]
pub(crate) struct Differences {
    /// The content type of answers.
    pub(crate) json_type: &'static str,
    /// The content type of the page for an unknown path.
    pub(crate) missing_page_type: &'static str,
    /// The content type of the other error pages, except the one for a body that is no object:
    /// fixtures/transcripts/rhodecode43/envelope-malformed.json.
    pub(crate) error_page_type: &'static str,
    /// Whether a path may begin with two slashes.
    pub(crate) double_slash: bool,
    /// Whether a request with the content type of a form counts as empty.
    pub(crate) forms_are_empty: bool,
    /// The status for a multipart body.
    pub(crate) multipart_status: u16,
    /// Whether the error for an unknown method lists methods with similar names.
    pub(crate) lists_similar_methods: bool,
    /// The error for a token whose role does not cover the API.
    pub(crate) bad_role: &'static str,
    /// Whether every answer sets the cookie, or only those of a method that ran.
    pub(crate) cookie_on_every_answer: bool,
    /// Whether an uncaught exception is named in headers, which replace the content type.
    pub(crate) names_exceptions: bool,
}

const V4_26: Differences = Differences {
    json_type: "application/json",
    missing_page_type: "text/html; charset=UTF-8",
    error_page_type: "text/html; charset=UTF-8",
    double_slash: false,
    forms_are_empty: false,
    multipart_status: 400,
    lists_similar_methods: true,
    bad_role: "API KEY invalid or, has bad role for an API call",
    cookie_on_every_answer: false,
    names_exceptions: true,
};

const V4_3: Differences = Differences {
    json_type: "application/json; charset=UTF-8",
    missing_page_type: "text/plain; charset=UTF-8",
    error_page_type: "text/html",
    double_slash: true,
    forms_are_empty: true,
    multipart_status: 500,
    lists_similar_methods: false,
    bad_role: "API KEY has bad role for an API call",
    cookie_on_every_answer: true,
    names_exceptions: false,
};
