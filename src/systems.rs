//! A list of adapters, and what a configuration can name of it: systems, dialects, id namespaces.
//!
//! The list itself is in the registry. What must not depend on the registry, such as the check of
//! a configuration, is given a [`Systems`].

use std::sync::Arc;

use isogloss_canonical::adapter::{Adapter, RouteOptions, SystemBackend};
use isogloss_canonical::dialect::Dialect;

/// The system name of the embedded store.
pub const STORE: &str = "store";

/// A list of adapters.
#[derive(Clone, Copy, Debug)]
pub struct Systems(&'static [&'static Adapter]);

impl Systems {
    /// A list of these.
    #[must_use]
    pub const fn new(all: &'static [&'static Adapter]) -> Self {
        Self(all)
    }

    /// All names, in the order of the list.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|adapter| adapter.name)
    }

    /// An adapter by name.
    #[must_use]
    pub fn adapter(self, name: &str) -> Option<&'static Adapter> {
        self.0.iter().copied().find(|adapter| adapter.name == name)
    }

    /// An adapter by name, or a sentence that lists the names.
    pub fn adapter_or_known(self, name: &str) -> Result<&'static Adapter, String> {
        self.adapter(name).ok_or_else(|| {
            let known: Vec<_> = self.names().collect();
            format!("no dialect {name:?}; known: {}", known.join(", "))
        })
    }

    /// The dialect of an adapter with these options. The error says what is wrong with them.
    pub fn dialect(self, name: &str, options: &RouteOptions) -> Result<Arc<dyn Dialect>, String> {
        let adapter = self.adapter_or_known(name)?;
        options.check(adapter)?;
        (adapter.dialect)(options)
    }

    /// The adapter of a system that can be a backend, and what makes it one.
    pub fn backend(self, system: &str) -> Result<(&'static Adapter, SystemBackend), String> {
        let can = |adapter: &&'static Adapter| adapter.backend.map(|backend| (*adapter, backend));
        let mut all = self.0.iter().filter_map(can);
        all.find(|(adapter, _)| adapter.name == system).ok_or_else(|| {
            let names = self.0.iter().filter_map(can).map(|(adapter, _)| adapter.name);
            let known: Vec<_> = [STORE].into_iter().chain(names).collect();
            format!("there is no system {system:?}; known: {}", known.join(", "))
        })
    }

    /// The adapter whose system gives the ids of an id namespace: `kanboard`, or `kanboard-old`
    /// where there are several of them.
    #[must_use]
    pub fn of_namespace(self, name: &str) -> Option<&'static Adapter> {
        let is_word = |text: &str| {
            text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        };
        let fits = |adapter: &&&'static Adapter| match name.strip_prefix(adapter.name) {
            Some("") => true,
            Some(rest) => {
                rest.len() > 1 && rest.len() <= 32 && rest.starts_with('-') && is_word(rest)
            }
            None => false,
        };
        self.0.iter().find(fits).copied()
    }

    /// The id namespaces that can be named, for a message.
    #[must_use]
    pub fn namespaces(self) -> String {
        let names: Vec<_> = self.names().collect();
        format!("{}, or one of these with an ending, such as kanboard-old", names.join(", "))
    }
}
