//! The two versions of RhodeCode that are spoken, and what changed between them.

/// A version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// 4.26.
    Current,
    /// 4.3, whose API is the same as far as 4.4.
    Early,
}

/// The versions, the default first.
pub(crate) const VERSIONS: &[&str] = &["4.26", "4.3"];

/// What differs where the words are not a method's own.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a table of differences, one a row")]
pub(crate) struct Manners {
    /// The content type of answers.
    pub(crate) json: &'static str,
    /// The content type of the page that says there is no such page.
    pub(crate) missing_page: &'static str,
    /// The content type of its other error pages, but for that of a body that is no object:
    /// fixtures/transcripts/rhodecode43/envelope-malformed.json.
    pub(crate) error_page: &'static str,
    /// Whether a path may begin with two slashes.
    pub(crate) double_slash: bool,
    /// Whether forms are taken for empty requests.
    pub(crate) forms_are_empty: bool,
    /// The status for a body in several parts.
    pub(crate) multipart: u16,
    /// Whether an unknown method is answered with those of a similar name.
    pub(crate) similar: bool,
    /// A token of another role.
    pub(crate) bad_role: &'static str,
    /// Whether the cookie comes with every answer, or only once a method runs.
    pub(crate) always_cookie: bool,
    /// Whether an unexpected failure names its kind in a header, instead of a content type.
    pub(crate) names_exceptions: bool,
}

const CURRENT: Manners = Manners {
    json: "application/json",
    missing_page: "text/html; charset=UTF-8",
    error_page: "text/html; charset=UTF-8",
    double_slash: false,
    forms_are_empty: false,
    multipart: 400,
    similar: true,
    bad_role: "API KEY invalid or, has bad role for an API call",
    always_cookie: false,
    names_exceptions: true,
};

const EARLY: Manners = Manners {
    json: "application/json; charset=UTF-8",
    missing_page: "text/plain; charset=UTF-8",
    error_page: "text/html",
    double_slash: true,
    forms_are_empty: true,
    multipart: 500,
    similar: false,
    bad_role: "API KEY has bad role for an API call",
    always_cookie: true,
    names_exceptions: false,
};

impl Version {
    /// The version of this name; the default if none is named.
    pub(crate) fn named(name: Option<&str>) -> Self {
        if name == Some("4.3") { Self::Early } else { Self::Current }
    }

    /// What it does in its own way.
    pub(crate) const fn manners(self) -> &'static Manners {
        match self {
            Self::Current => &CURRENT,
            Self::Early => &EARLY,
        }
    }
}
