//! Reads the configuration: the built-in defaults, then a file, then the environment.

use std::path::Path;

use config::{Config, Environment, File, FileFormat};

use crate::config::settings::{Backend, Route, Settings};
use crate::registry;

/// The shipped `gateway.toml`: the defaults and their manual in one.
pub const DEFAULTS: &str = include_str!("../../gateway.toml");

/// Why a configuration is not taken: one sentence a problem.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

/// Reads the configuration. Without a file, the defaults. See [`check`].
pub fn load(file: Option<&Path>) -> Result<Settings, ConfigError> {
    let mut layers = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    if let Some(path) = file {
        let text = read(path)?;
        layers = layers.add_source(File::from_str(&text, FileFormat::Toml));
    }
    let environment = Environment::with_prefix("ISOGLOSS").separator("__").try_parsing(true);
    layers
        .add_source(environment.prefix_separator("__"))
        .build()
        .and_then(Config::try_deserialize)
        .map_err(|error| ConfigError::new(format!("configuration: {error}")))
}

/// Reads a file and refuses what is wrong in it by line, before it is laid over the defaults.
fn read(path: &Path) -> Result<String, ConfigError> {
    let shown = path.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new(format!("{shown}: {error}")))?;
    partial::check(&text).map_err(|error| ConfigError::new(format!("{shown}: {error}")))?;
    Ok(text)
}

/// Checks what the shape alone cannot say: that names refer to something.
pub fn check(settings: &Settings) -> Result<(), ConfigError> {
    for (name, backend) in &settings.backend {
        check_backend(backend).map_err(|why| ConfigError::new(format!("backend.{name}: {why}")))?;
    }
    if settings.route.is_empty() {
        return Err(ConfigError::new("no [[route]]: nothing would be answered"));
    }
    for (index, route) in settings.route.iter().enumerate() {
        check_route(settings, route)
            .map_err(|why| ConfigError::new(format!("route {}: {why}", index + 1)))?;
    }
    Ok(())
}

fn check_backend(backend: &Backend) -> Result<(), String> {
    let given = [("url", backend.url.is_some()), ("secret", backend.secret.is_some())];
    if backend.system == registry::STORE {
        return match given.into_iter().find(|(_, is_there)| *is_there) {
            Some((key, _)) => Err(format!("the embedded store takes no {key}")),
            None => Ok(()),
        };
    }
    registry::backend(&backend.system)?;
    match given.into_iter().find(|(_, is_there)| !is_there) {
        Some((key, _)) => Err(format!("{key} is missing: how {} is reached", backend.system)),
        None => Ok(()),
    }
}

fn check_route(settings: &Settings, route: &Route) -> Result<(), String> {
    if !(route.path.is_empty() || route.path.starts_with('/') && !route.path.ends_with('/')) {
        return Err(format!("path {:?} must begin with a slash and not end with one", route.path));
    }
    if !settings.backend.contains_key(&route.backend) {
        let known: Vec<_> = settings.backend.keys().map(String::as_str).collect();
        return Err(format!("no backend {:?}; known: {}", route.backend, known.join(", ")));
    }
    registry::dialect(route).map(|_| ())
}

/// The same tables as [`Settings`], each of them and each key optional: what a file may hold.
mod partial {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use crate::config::settings::{Backend, Directory, LogFormat, Route};

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "read for its errors, which name the line and the key")]
    struct Part {
        server: Option<Server>,
        log: Option<Log>,
        auth: Option<Auth>,
        store: Option<Store>,
        backend: Option<BTreeMap<String, Backend>>,
        route: Option<Vec<Route>>,
        directory: Option<Directory>,
    }

    /// Declares a table whose every key is optional.
    macro_rules! table {
        ($name:ident { $($key:ident: $kind:ty),* $(,)? }) => {
            #[derive(Deserialize)]
            #[serde(deny_unknown_fields)]
            #[allow(dead_code, reason = "read for its errors")]
            struct $name { $($key: Option<$kind>),* }
        };
    }
    table!(Server {
        listen: String,
        body_limit_bytes: usize,
        request_timeout_ms: u64,
        batch_limit: usize,
        shutdown_timeout_ms: u64,
        head_timeout_ms: u64,
        workers: usize,
    });
    table!(Log { level: String, format: LogFormat });
    table!(Auth { remember_secs: u64 });
    table!(Store { directory: String });

    pub(super) fn check(text: &str) -> Result<(), toml::de::Error> {
        toml::from_str::<Part>(text).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        load(Some(file.path())).and_then(|settings| check(&settings)).unwrap_err().to_string()
    }

    #[test]
    fn the_shipped_file_is_the_default() {
        let settings = load(None).unwrap();
        check(&settings).unwrap();
        assert_eq!(settings.server.listen, "127.0.0.1:8080");
        assert_eq!(settings.server.body_limit_bytes, 1 << 20);
        assert_eq!(settings.route.len(), 4);
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line_and_what_was_expected() {
        let text = refusal("[server]\nlisten = \"127.0.0.1:1\"\nbody_limit = 3\n");
        assert!(text.contains("line 3"), "{text}");
        assert!(text.contains("body_limit"), "{text}");
        assert!(text.contains("body_limit_bytes"), "{text}");
    }

    #[test]
    fn a_route_to_nowhere_is_refused() {
        let text = refusal("[[route]]\ndialect = \"kanboard\"\nbackend = \"nobody\"\n");
        assert!(text.contains("no backend \"nobody\"; known: people"), "{text}");
        let text = refusal("[[route]]\ndialect = \"latin\"\nbackend = \"people\"\n");
        assert!(text.contains("no dialect \"latin\"; known: octoprint, rhodecode"), "{text}");
    }
}
