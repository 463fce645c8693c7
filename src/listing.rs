//! The methods of a dialect in all its versions: for the manual and the matrix.

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::version::VersionInfo;

use crate::registry;

/// A method, and the versions that have it so. A method of which two versions make something else is
/// listed twice.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its row of the manual.
    pub info: MethodInfo,
    /// The versions, the default first.
    pub versions: Vec<&'static VersionInfo>,
}

impl Listed {
    /// The versions for people: `1.2, 1.0 (derived)`. Derived: no recording of the version shows the
    /// method.
    #[must_use]
    pub fn versions(&self) -> String {
        let named = |version: &&VersionInfo| {
            let mark = if version.derives(self.info.name) { " (derived)" } else { "" };
            format!("{}{mark}", version.name)
        };
        self.versions.iter().map(named).collect::<Vec<_>>().join(", ")
    }

    /// The versions of which no recording shows the method.
    pub fn derived(&self) -> impl Iterator<Item = &'static str> {
        let derived = self.versions.iter().filter(|version| version.derives(self.info.name));
        derived.map(|version| version.name)
    }
}

/// The methods of an adapter's dialect: those of the default version first.
pub fn methods(adapter: &Adapter) -> Result<Vec<Listed>, String> {
    let mut listed: Vec<Listed> = Vec::new();
    for version in adapter.versions {
        for info in registry::methods(adapter, version)? {
            match listed.iter_mut().find(|one| one.info == *info) {
                Some(one) => one.versions.push(version),
                None => listed.push(Listed { info: *info, versions: vec![version] }),
            }
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_of_every_version_is_listed_once() {
        for adapter in registry::dialects() {
            let listed = methods(adapter).unwrap();
            for version in adapter.versions {
                let own = listed.iter().filter(|one| one.versions.contains(&version)).count();
                let all = registry::methods(adapter, version).unwrap().len();
                assert_eq!(own, all, "{} {}", adapter.name, version.name);
            }
        }
    }
}
