//! The type of a rule, and the material that it checks.

use std::sync::Arc;

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;

/// An adapter, and requests of its clients.
#[derive(Clone, Debug)]
pub struct Material {
    /// The adapter.
    pub adapter: &'static Adapter,
    /// Requests that clients send.
    pub requests: Arc<[Request]>,
    /// The pages that an origin answers if there is one, and the dialect if not: `GET /login/`.
    pub pages: Arc<[String]>,
}

impl Material {
    /// The material for this adapter with these requests.
    #[must_use]
    pub fn new(adapter: &'static Adapter, requests: impl IntoIterator<Item = Request>) -> Self {
        Self { adapter, requests: requests.into_iter().collect(), pages: Arc::default() }
    }

    /// The same material with these pages.
    #[must_use]
    pub fn with_pages(self, pages: Vec<String>) -> Self {
        Self { pages: pages.into(), ..self }
    }

    /// Whether a request is for one of the pages.
    pub(super) fn is_page(&self, request: &Request) -> bool {
        let asked = format!("{} {}", request.method, request.path);
        self.pages.contains(&asked)
    }

    pub(super) fn namespace(&self) -> IdNamespace {
        IdNamespace::named(self.adapter.name)
    }
}

/// One rule: its name and the function that checks it. Each finding is a sentence about one
/// violation.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) check: fn(&Material) -> Vec<String>,
}
