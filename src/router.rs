//! Finds the route of a request: by host name, then by the longest path prefix.

use std::fmt;
use std::sync::Arc;

use isogloss_canonical::dialect::Dialect;

use crate::origin::Origin;
use crate::pipeline::Pipeline;

/// A dialect at a path prefix, with its backend.
pub struct Route {
    /// The path prefix. Empty: all paths.
    pub path: String,
    /// The host name. `None`: any.
    pub host: Option<String>,
    /// The dialect's name, for logs.
    pub name: String,
    /// The dialect.
    pub dialect: Arc<dyn Dialect>,
    /// How it answers.
    pub mode: Mode,
}

/// How a route answers.
#[derive(Debug)]
pub enum Mode {
    /// The dialect answers.
    Normal {
        /// The pipeline to the backend.
        pipeline: Box<Pipeline>,
        /// The origin, for requests that the dialect does not translate.
        origin: Option<Arc<Origin>>,
    },
    /// The origin answers everything.
    Proxy(Arc<Origin>),
}

impl Route {
    /// Its dialect and where it is, for people.
    #[must_use]
    pub fn label(&self) -> String {
        let host = self.host.as_deref().unwrap_or_default();
        let path = if self.path.is_empty() { "/" } else { &self.path };
        format!("{} at {host}{path}", self.name)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({} at {}{})", self.name, self.host.as_deref().unwrap_or("*"), self.path)
    }
}

/// The routes of one listener.
#[derive(Clone, Debug, Default)]
pub struct Router(Vec<Arc<Route>>);

impl Router {
    /// Sorts the routes in the order of the search: routes with a host name first, longer path
    /// prefixes first.
    #[must_use]
    pub fn new(mut routes: Vec<Route>) -> Self {
        routes.sort_by_key(|route| (route.host.is_none(), usize::MAX - route.path.len()));
        Self(routes.into_iter().map(Arc::new).collect())
    }

    /// The route for a host and path, and the path below its prefix.
    #[must_use]
    pub fn find<'a>(&self, host: &str, path: &'a str) -> Option<(&Arc<Route>, &'a str)> {
        let host = host.rsplit_once(':').map_or(host, |(name, _port)| name);
        self.0.iter().find_map(|route| {
            let ours = route.host.as_deref().is_none_or(|own| own.eq_ignore_ascii_case(host));
            let below = below(path, &route.path)?;
            ours.then_some((route, below))
        })
    }
}

/// The path below a path prefix: `/kanboard/jsonrpc.php` below `/kanboard` is `/jsonrpc.php`.
fn below<'a>(path: &'a str, path_prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(path_prefix)?;
    (rest.is_empty() || rest.starts_with('/') || path_prefix.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::below;

    #[test]
    fn a_mount_ends_at_a_slash() {
        assert_eq!(below("/kanboard/jsonrpc.php", "/kanboard"), Some("/jsonrpc.php"));
        assert_eq!(below("/kanboards/x", "/kanboard"), None);
        assert_eq!(below("/kanboard", "/kanboard"), Some(""));
        assert_eq!(below("//api", ""), Some("//api"));
    }
}
