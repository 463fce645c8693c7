//! The versions of RhodeCode, and what differs between them.
//!
//! The methods of each version and their parameters are in `dialect/table.rs`. What else differs is a
//! field of [`Differences`]: the rest of the dialect never compares versions.

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

    /// What differs in this version.
    pub(crate) const fn differences(self) -> &'static Differences {
        match self {
            Self::V4_3 => &V4_3,
            Self::V4_26 => &V4_26,
        }
    }
}

/// What one version does that the other does otherwise.
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
    /// Whether Python's `int()` converts a reference to a user and a flag: fixtures/transcripts/rhodecode/get-user.json,
    /// fixtures/transcripts/rhodecode43/get-user.json.
    pub(crate) converts_with_int: bool,
    /// Whether an empty value refers to no user group, whatever its type.
    pub(crate) empty_is_no_group: bool,
    /// Whether a schema validates a new user and a new user group.
    pub(crate) validates: bool,
    /// Whether everybody has a built-in key, which is shown as `api_key` and stands before the tokens
    /// in `api_keys`. Else the tokens are `auth_tokens`.
    pub(crate) built_in_keys: bool,
    /// Whether users have a description.
    pub(crate) user_descriptions: bool,
    /// Whether users show their last activity.
    pub(crate) last_activity: bool,
    /// Whether user groups show whether they are synchronised, and their owner's e-mail address.
    pub(crate) group_sync: bool,
    /// Whether repositories show `push_uri` and `fork_of_id`.
    pub(crate) repository_sources: bool,
    /// Whether a user and a user group have a summary of permissions. Else the permissions on a user
    /// group are its `members`.
    pub(crate) permission_summaries: bool,
    /// Whether a new user may get a repository group of their own.
    pub(crate) own_repository_groups: bool,
    /// Whether there are permissions on branches of a repository.
    pub(crate) branch_permissions: bool,
    /// How the names of the permissions begin that the version does not have yet.
    pub(crate) later_permissions: &'static [&'static str],
    /// Whether the error for an unknown permission says how the name has to begin.
    pub(crate) explains_permissions: bool,
    /// Whether the permissions on a user group end with those of users who have the right anyway, and
    /// groups are sorted by right and name.
    pub(crate) sorts_permissions: bool,
    /// Whether a method about a pull request looks for the repository first.
    pub(crate) repository_before_pull_request: bool,
    /// How `get_server_info` shows a fact.
    pub(crate) server_facts: ServerFacts,
}

/// How `get_server_info` shows a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerFacts {
    /// As an object of its own.
    Objects,
    /// As a text, a number or a group of them.
    Values,
}

impl Differences {
    /// Whether the version has a permission of this name, if a later one has it.
    pub(crate) fn has_permission(&self, name: &str) -> bool {
        !self.later_permissions.iter().any(|start| name.starts_with(start))
    }
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
    converts_with_int: false,
    empty_is_no_group: false,
    validates: true,
    built_in_keys: false,
    user_descriptions: true,
    last_activity: true,
    group_sync: true,
    repository_sources: true,
    permission_summaries: true,
    own_repository_groups: true,
    branch_permissions: true,
    later_permissions: &[],
    explains_permissions: true,
    sorts_permissions: true,
    repository_before_pull_request: false,
    server_facts: ServerFacts::Objects,
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
    converts_with_int: true,
    empty_is_no_group: true,
    validates: false,
    built_in_keys: true,
    user_descriptions: false,
    last_activity: false,
    group_sync: false,
    repository_sources: false,
    permission_summaries: false,
    own_repository_groups: false,
    branch_permissions: false,
    later_permissions: &["branch.", "hg.password_reset."],
    explains_permissions: false,
    sorts_permissions: false,
    repository_before_pull_request: true,
    server_facts: ServerFacts::Values,
};
