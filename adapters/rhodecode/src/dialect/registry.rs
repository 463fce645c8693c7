//! The methods, in the order RhodeCode registers them: that of its modules, then the alphabet.
//!
//! The order shows in `get_method` and in "Similar methods":
//! fixtures/transcripts/rhodecode/server-methods.json.

use std::sync::LazyLock;

use isogloss_canonical::command::Verb;
use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::call::{Call, Running};
use crate::dialect::{elsewhere, glob, groups, server, testing, users};
use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;

/// Carries a call out.
pub(crate) type Run = for<'a> fn(&'a Call<'a>) -> Running<'a>;

/// Which versions have a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Both.
    Always,
    /// 4.26 only.
    Current,
}

/// A method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// Its entry in the manual.
    pub(crate) method: MethodInfo,
    /// The versions that have it.
    pub(crate) since: Since,
    /// Its parameters in order: `name` for a required one, `name=default`, `name=@` for one that
    /// defaults to the caller, `name:default` for a plain default of Python. A `+` before it: only
    /// in 4.26; a `-`: only in 4.3.
    pub(crate) takes: &'static str,
    /// What to use instead, if it is deprecated.
    pub(crate) deprecated: Option<&'static str>,
    /// Whether it is about what only RhodeCode has (repositories), and stands here empty-handed.
    pub(crate) elsewhere: bool,
    /// Carries it out.
    pub(crate) run: Run,
}

impl Row {
    /// A method of both versions.
    pub(crate) const fn own(name: &'static str, takes: &'static str, run: Run) -> Self {
        let method = MethodInfo { name, verbs: &[], about: "" };
        Self { method, since: Since::Always, takes, deprecated: None, elsewhere: false, run }
    }

    /// What the manual says of it.
    pub(crate) const fn about(mut self, verbs: &'static [Verb], about: &'static str) -> Self {
        self.method = MethodInfo { name: self.method.name, verbs, about };
        self
    }

    /// A method of some versions only.
    pub(crate) const fn since(mut self, since: Since) -> Self {
        self.since = since;
        self
    }

    /// A method that another one has taken the place of.
    pub(crate) const fn deprecated(mut self, instead: &'static str) -> Self {
        self.deprecated = Some(instead);
        self
    }

    /// A method about what only RhodeCode has.
    pub(crate) const fn elsewhere(mut self) -> Self {
        self.elsewhere = true;
        self
    }

    fn known_to(&self, version: Version) -> bool {
        match self.since {
            Since::Always => true,
            Since::Current => version == Version::Current,
        }
    }

    /// What `inspect` makes of the function: each parameter with its default, `None` if required,
    /// in the order in which Python 2 goes through them.
    pub(crate) fn signature(&self, version: Version) -> Vec<(String, Option<String>)> {
        let mut parameters: Vec<_> =
            ["request", "apiuser"].into_iter().map(|name| (name, None)).collect();
        parameters.extend(self.takes.split(' ').filter_map(|word| parameter(word, version)));
        let table: Mapping = parameters
            .into_iter()
            .rev()
            .map(|(name, default)| (name.to_owned(), Py::from(default)))
            .collect();
        let rows = table.hashed().into_iter();
        rows.map(|(name, default)| (name.to_owned(), default.as_str().map(str::to_owned))).collect()
    }
}

fn parameter(word: &'static str, version: Version) -> Option<(&'static str, Option<String>)> {
    let (word, has) = match word.split_at_checked(1) {
        Some(("+", word)) => (word, version == Version::Current),
        Some(("-", word)) => (word, version == Version::Early),
        _ => (word, !word.is_empty()),
    };
    if !has {
        return None;
    }
    if let Some((name, default)) = word.split_once('=') {
        let default = if default == "@" { "<OptionalAttr:apiuser>" } else { default };
        return Some((name, Some(format!("<Optional:{default}>"))));
    }
    match word.split_once(':') {
        Some((name, default)) => Some((name, Some(default.to_owned()))),
        None => Some((word, None)),
    }
}

/// Every method in order.
static TABLES: [&[Row]; 10] = [
    server::DEPRECATED,
    elsewhere::GISTS,
    elsewhere::PULL_REQUESTS,
    elsewhere::REPOSITORIES,
    elsewhere::REPOSITORY_GROUPS,
    elsewhere::SEARCH,
    server::ROWS,
    testing::ROWS,
    users::ROWS,
    groups::ROWS,
];

/// The methods that are translated here, for the manual.
pub(crate) static METHODS: LazyLock<Vec<MethodInfo>> = LazyLock::new(|| {
    let own = TABLES.iter().copied().flatten().filter(|row| !row.elsewhere);
    own.map(|row| row.method).collect()
});

/// The methods of a version.
pub(crate) fn rows(version: Version) -> impl Iterator<Item = &'static Row> {
    TABLES.iter().copied().flatten().filter(move |row| row.known_to(version))
}

/// The method of a name.
pub(crate) fn find(version: Version, name: &str) -> Option<&'static Row> {
    rows(version).find(|row| row.method.name == name)
}

/// The methods whose names match one of the patterns; those of an earlier pattern first.
pub(crate) fn matching<'a>(
    version: Version,
    patterns: impl IntoIterator<Item = &'a str>,
) -> Vec<&'static Row> {
    let mut found: Vec<&'static Row> = Vec::new();
    let mut left: Vec<&'static Row> = rows(version).collect();
    for pattern in patterns {
        if left.is_empty() {
            break;
        }
        let pattern = glob::Pattern::of(pattern);
        left.retain(|row| {
            let matches = pattern.matches(row.method.name);
            if matches && !found.iter().any(|own| own.method.name == row.method.name) {
                found.push(row);
            }
            !matches
        });
    }
    found
}
