//! What an adapter says of a version of its system: its name, the releases it stands for, and what of
//! it was recorded.

/// A version of a system, as the adapter's manual has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionInfo {
    /// Its name, as the `version` option of a route or a backend has it: `1.0`.
    pub name: &'static str,
    /// The releases that it stands for: `1.0.39 to 1.1.1`.
    pub releases: &'static str,
    /// The release whose server was recorded. `None`: no server was, and everything is derived from
    /// documents or source code.
    pub recorded: Option<&'static str>,
    /// The methods that no recording of this version shows. What they do is derived.
    pub derived: &'static [&'static str],
}

impl VersionInfo {
    /// A version whose every method was recorded from a server of this release.
    #[must_use]
    pub const fn recorded(
        name: &'static str,
        releases: &'static str,
        release: &'static str,
    ) -> Self {
        Self { name, releases, recorded: Some(release), derived: &[] }
    }

    /// A version of which there is no recording.
    #[must_use]
    pub const fn derived(name: &'static str, releases: &'static str) -> Self {
        Self { name, releases, recorded: None, derived: &[] }
    }

    /// The same version, with these methods not recorded.
    #[must_use]
    pub const fn but(mut self, methods: &'static [&'static str]) -> Self {
        self.derived = methods;
        self
    }

    /// Whether what a method does in this version is derived.
    #[must_use]
    pub fn derives(&self, method: &str) -> bool {
        self.recorded.is_none() || self.derived.contains(&method)
    }

    /// Where the knowledge of this version comes from, for people.
    #[must_use]
    pub fn evidence(&self) -> String {
        match self.recorded {
            Some(release) => format!("recorded from {release}"),
            None => "derived".to_owned(),
        }
    }
}

/// The version of this name among all versions of a system. `VersionInfo` rows are checked before, so
/// that only a missing name is unknown here: it means the default.
pub fn named<V: Copy + Default>(
    all: &[V],
    name_of: fn(V) -> &'static str,
    name: Option<&str>,
) -> V {
    let named = |version: &V| Some(name_of(*version)) == name;
    all.iter().copied().find(named).unwrap_or_default()
}
