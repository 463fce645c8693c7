//! What a rule checks, and how.

use std::sync::Arc;

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;

/// An adapter and what its clients send.
#[derive(Clone, Debug)]
pub struct Material {
    /// The adapter.
    pub adapter: &'static Adapter,
    /// Requests that clients send.
    pub requests: Arc<[Request]>,
}

impl Material {
    /// An adapter with the requests that its clients send.
    #[must_use]
    pub fn new(adapter: &'static Adapter, requests: impl IntoIterator<Item = Request>) -> Self {
        Self { adapter, requests: requests.into_iter().collect() }
    }

    pub(super) fn namespace(&self) -> IdNamespace {
        IdNamespace::named(self.adapter.name)
    }
}

/// One rule: its name, and what checks it. A finding is a sentence that says what breaks the rule.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) check: fn(&Material) -> Vec<String>,
}
