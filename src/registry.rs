//! The only list of adapters.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use isogloss_canonical::adapter::{Adapter, BackendKind, RemoteBackend, RouteOptions};
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::membership::Membership;
use isogloss_canonical::namespace::{IdNamespace, NativeIds, Numbering};
use isogloss_canonical::version::VersionInfo;
use isogloss_store::Numbered;

use crate::systems::Systems;

/// Every adapter.
pub const ADAPTERS: &[&Adapter] = &[
    &isogloss_store::ADAPTER,
    &isogloss_octoprint::ADAPTER,
    &isogloss_rhodecode::ADAPTER,
    &isogloss_kanboard::ADAPTER,
    &isogloss_dandelion::ADAPTER,
];

/// The list, for code that looks up the names of a configuration.
pub const SYSTEMS: Systems = Systems::new(ADAPTERS);

/// An adapter by name.
#[must_use]
pub fn adapter(name: &str) -> Option<&'static Adapter> {
    SYSTEMS.adapter(name)
}

/// The adapters that have a dialect, for loops over dialects.
pub fn dialects() -> impl Iterator<Item = &'static Adapter> {
    SYSTEMS.dialects()
}

/// The adapters that are remote systems as backends.
pub fn remotes() -> impl Iterator<Item = (&'static Adapter, RemoteBackend)> {
    ADAPTERS.iter().filter_map(|adapter| Some((*adapter, adapter.remote()?)))
}

/// The adapter of a dialect, or a sentence that lists the dialects.
pub fn dialect(name: &str) -> Result<&'static Adapter, String> {
    SYSTEMS.dialect(name)
}

/// Every method of an adapter's dialect, as this version.
pub fn methods(adapter: &Adapter, version: &VersionInfo) -> Result<&'static [MethodInfo], String> {
    let options = RouteOptions::of(IdNamespace::named(adapter.name));
    let options = RouteOptions { version: Some(version.name.to_owned()), ..options };
    adapter.make_dialect(&options).map(|dialect| dialect.methods())
}

/// The adapter of a system that can be a backend, and its backend; or a sentence that lists these
/// systems.
pub fn backend(system: &str) -> Result<(&'static Adapter, BackendKind), String> {
    SYSTEMS.backend(system)
}

/// How each adapter's own id namespace numbers its people and groups.
#[must_use]
pub fn own_namespaces() -> Vec<Numbered> {
    SYSTEMS.with_namespace().map(Numbered::from).collect()
}

/// How id namespaces number their people and groups, for a store: those of the adapters, and those
/// of a configuration, each with its system.
#[must_use]
pub fn numbered<'a>(named: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Numbered> {
    let mut all = own_namespaces();
    for (namespace, system) in named {
        let Some(adapter) = adapter(system) else { continue };
        if !all.iter().any(|known| known.namespace.as_str() == namespace) {
            all.push(Numbered {
                namespace: IdNamespace::new(namespace),
                ..Numbered::from(adapter)
            });
        }
    }
    all
}

/// Whether the first key of an id namespace's system is an application key.
#[must_use]
pub fn has_application_key(namespace: &IdNamespace) -> bool {
    adapter(namespace.as_str()).is_some_and(|adapter| adapter.application_key)
}

/// The same id in every id namespace that numbers its people.
#[must_use]
pub fn numbered_ids(id: &str) -> NativeIds {
    let numbers = SYSTEMS.with_namespace().filter(|adapter| adapter.users != Numbering::Names);
    numbers.map(|adapter| (IdNamespace::named(adapter.name), id.to_owned())).collect()
}

/// Whether an attribute of a person or a group has rights of a system.
#[must_use]
pub fn holds_rights(attribute: &str) -> bool {
    ADAPTERS.iter().any(|adapter| adapter.rights.contains(&attribute))
}

/// The names of the groups of a fresh server of each system.
static FOUNDED: LazyLock<HashMap<&str, HashSet<String>>> = LazyLock::new(|| {
    let names = |adapter: &Adapter| (adapter.foundation)().into_iter().map(|group| group.name);
    ADAPTERS.iter().map(|adapter| (adapter.name, names(adapter).collect())).collect()
});

/// Whether a group of a person is one of a fresh server.
#[must_use]
pub fn is_founded(own: &Membership) -> bool {
    let system = own.namespace.as_ref().map(IdNamespace::as_str);
    let founded = system.and_then(|system| FOUNDED.get(system));
    founded.is_some_and(|names| names.contains(&own.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A value of the wrong type is refused, not ignored.
    #[test]
    fn every_option_of_every_dialect_refuses_what_it_does_not_take() {
        for adapter in dialects() {
            for row in adapter.options {
                for value in [json!({"a": 1}), json!(1.5), json!([[]])] {
                    let mut options = RouteOptions::of(IdNamespace::named(adapter.name));
                    options.settings.insert(row.name.to_owned(), value.clone());
                    let made = adapter.make_dialect(&options);
                    assert!(made.is_err(), "{} takes {} = {value}", adapter.name, row.name);
                }
            }
        }
    }

    /// A route cannot name an adapter without a dialect, and a backend cannot name one without a
    /// backend.
    #[test]
    fn what_can_be_named_is_listed() {
        let routes = SYSTEMS.dialect("pigeon").unwrap_err();
        let backends = SYSTEMS.backend("pigeon").map(drop).unwrap_err();
        for adapter in ADAPTERS {
            let name = adapter.name;
            assert_eq!(routes.contains(name), SYSTEMS.dialect(name).is_ok(), "{routes}");
            assert_eq!(backends.contains(name), SYSTEMS.backend(name).is_ok(), "{backends}");
            let dialect = adapter.make_dialect(&RouteOptions::of(IdNamespace::named(name)));
            assert_eq!(dialect.is_ok(), adapter.dialect.is_some(), "{name}");
            let kinds = (SYSTEMS.is_embedded(name), SYSTEMS.is_remote(name));
            assert_eq!(kinds.0 || kinds.1, adapter.backend.is_some(), "{name}");
            assert!(kinds != (true, true), "{name}");
        }
        assert!(SYSTEMS.embedded().all(|name| SYSTEMS.dialect(name).is_err()));
    }

    #[test]
    fn a_namespace_is_named_after_its_system() {
        for name in ["kanboard", "kanboard-old", "dandelion-2"] {
            assert!(SYSTEMS.of_namespace(name).is_some(), "{name}");
        }
        for name in [
            "kanbord",
            "",
            "kanboard-",
            "kanboardold",
            "kanboard-Old",
            "kanboard-a/b",
            "store",
            "store-2",
        ] {
            assert!(SYSTEMS.of_namespace(name).is_none(), "{name}");
        }
    }
}
