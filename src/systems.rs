//! A list of adapters, and the names in it that a configuration can use: systems, dialects, id
//! namespaces.
//!
//! The list itself is in the registry. Code that must not depend on the registry, such as the check
//! of a configuration, gets a [`Systems`].

use std::sync::Arc;

use isogloss_canonical::adapter::{Adapter, BackendKind, RouteOptions};
use isogloss_canonical::dialect::Dialect;

/// A list of adapters.
#[derive(Clone, Copy, Debug)]
pub struct Systems(&'static [&'static Adapter]);

impl Systems {
    /// A list of these adapters.
    #[must_use]
    pub const fn new(all: &'static [&'static Adapter]) -> Self {
        Self(all)
    }

    /// The adapters that have a dialect, in the order of the list.
    pub fn dialects(self) -> impl Iterator<Item = &'static Adapter> {
        self.0.iter().copied().filter(|adapter| adapter.dialect.is_some())
    }

    /// The adapters that can be a backend, each with its backend, in the order of the list.
    pub fn backends(self) -> impl Iterator<Item = (&'static Adapter, BackendKind)> {
        self.0.iter().filter_map(|adapter| Some((*adapter, adapter.backend?)))
    }

    /// The names of the systems whose backend is in the gateway's own process.
    pub fn embedded(self) -> impl Iterator<Item = &'static str> {
        let embedded = self.backends().filter(|(_, kind)| matches!(kind, BackendKind::Embedded(_)));
        embedded.map(|(adapter, _)| adapter.name)
    }

    /// The adapters whose systems have an id namespace, in the order of the list.
    pub fn with_namespace(self) -> impl Iterator<Item = &'static Adapter> {
        self.0.iter().copied().filter(|adapter| adapter.has_namespace())
    }

    /// An adapter by name.
    #[must_use]
    pub fn adapter(self, name: &str) -> Option<&'static Adapter> {
        self.0.iter().copied().find(|adapter| adapter.name == name)
    }

    /// The adapter of a dialect, or a sentence that lists the dialects.
    pub fn dialect(self, name: &str) -> Result<&'static Adapter, String> {
        self.dialects().find(|adapter| adapter.name == name).ok_or_else(|| {
            let known: Vec<_> = self.dialects().map(|adapter| adapter.name).collect();
            format!("no dialect {name:?}; known: {}", known.join(", "))
        })
    }

    /// A dialect with these options. The error says what is wrong with them.
    pub fn make_dialect(
        self,
        name: &str,
        options: &RouteOptions,
    ) -> Result<Arc<dyn Dialect>, String> {
        let adapter = self.dialect(name)?;
        options.check(adapter)?;
        adapter.make_dialect(options)
    }

    /// The adapter of a system that can be a backend, and its backend; or a sentence that lists
    /// these systems.
    pub fn backend(self, system: &str) -> Result<(&'static Adapter, BackendKind), String> {
        self.backends().find(|(adapter, _)| adapter.name == system).ok_or_else(|| {
            let known: Vec<_> = self.backends().map(|(adapter, _)| adapter.name).collect();
            format!("there is no system {system:?}; known: {}", known.join(", "))
        })
    }

    /// Whether the backend of a system is in the gateway's own process.
    #[must_use]
    pub fn is_embedded(self, system: &str) -> bool {
        self.embedded().any(|name| name == system)
    }

    /// Whether the backend of a system is reached over HTTP.
    #[must_use]
    pub fn is_remote(self, system: &str) -> bool {
        matches!(self.backend(system), Ok((_, BackendKind::Remote(_))))
    }

    /// The adapter of an id namespace: `kanboard`, or `kanboard-old` if there are several systems
    /// of one kind.
    #[must_use]
    pub fn of_namespace(self, name: &str) -> Option<&'static Adapter> {
        let is_word = |text: &str| {
            text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let fits = |adapter: &&'static Adapter| match name.strip_prefix(adapter.name) {
            Some("") => true,
            Some(rest) => {
                rest.len() > 1 && rest.len() <= 32 && rest.starts_with('-') && is_word(rest)
            }
            None => false,
        };
        self.with_namespace().find(fits)
    }

    /// The id namespaces that can be named, for a message.
    #[must_use]
    pub fn namespaces(self) -> String {
        let names: Vec<_> = self.with_namespace().map(|adapter| adapter.name).collect();
        format!("{}, or one of these with an ending, such as kanboard-old", names.join(", "))
    }
}
