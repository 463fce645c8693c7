//! What a crate under `adapters/` offers to the gateway.

use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};

use crate::backend::{Backend, Upstream};
use crate::capability::Capability;
use crate::dialect::Dialect;
use crate::group::NewGroup;
use crate::namespace::{IdNamespace, Numbering};
use crate::secret::Secret;
use crate::version::VersionInfo;

/// The options of a route's dialect. They come from the configuration, and the adapter checks them.
#[derive(Clone, Debug)]
pub struct RouteOptions {
    /// The id namespace that its callers use.
    pub namespace: IdNamespace,
    /// The version of the system that its clients were written for; `None`: the newest recorded.
    pub version: Option<String>,
    /// Settings of the real server that the dialect reproduces, by the adapter's option names.
    pub settings: Map<String, Value>,
    /// Whether the route's origin is the server of its backend, and a server of the dialect's system.
    pub origin_is_backend: bool,
}

impl RouteOptions {
    /// The defaults of a namespace.
    #[must_use]
    pub fn of(namespace: IdNamespace) -> Self {
        Self { namespace, version: None, settings: Map::new(), origin_is_backend: false }
    }
}

/// How a backend reaches its system. The values come from the configuration.
#[derive(Clone, Debug)]
pub struct Service {
    /// The namespace of the system's own ids.
    pub namespace: IdNamespace,
    /// The version of the system; `None`: the newest recorded.
    pub version: Option<String>,
    /// The gateway's user name there, if the system needs one besides the secret.
    pub username: Option<String>,
    /// The gateway's own key, token or password there. No caller ever sees it.
    pub secret: Secret,
    /// The values of fields that the system requires and that a caller's dialect does not have.
    pub defaults: Defaults,
    /// Makes random bytes, for the password of a person who is created without one.
    pub random: fn() -> [u8; 32],
    /// The time, for the age of what the system said.
    pub clock: fn() -> Instant,
}

/// Templates for required fields; `{username}` stands for the user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The e-mail address.
    pub email: String,
    /// The full name.
    pub full_name: String,
}

impl Default for Defaults {
    fn default() -> Self {
        let email = "{username}@users.invalid".to_owned();
        Self { email, full_name: "{username}".to_owned() }
    }
}

impl Defaults {
    /// The template with the user name inserted. Characters that an e-mail address cannot have are
    /// left out.
    #[must_use]
    pub fn email_of(&self, username: &str) -> String {
        let fits = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
        let local: String = username.chars().filter(fits).collect();
        let local = if local.is_empty() { "user" } else { &local };
        self.email.replace("{username}", local)
    }

    /// The full name for a person who has none.
    #[must_use]
    pub fn full_name_of(&self, username: &str) -> String {
        self.full_name.replace("{username}", username)
    }
}

/// Makes a dialect. The error says what is wrong with the options.
pub type MakeDialect = fn(&RouteOptions) -> Result<Arc<dyn Dialect>, OptionError>;

/// Makes the backend of a remote system.
pub type MakeBackend = fn(&Service, Arc<dyn Upstream>) -> Arc<dyn Backend>;

/// The kind of a system's backend, with what the gateway needs to open it.
#[derive(Clone, Copy, Debug)]
pub enum BackendKind {
    /// In the gateway's own process. It is opened from the data directory, `[store] directory`, and
    /// has no URL and no credential. It can store everything, so it needs no sidecar.
    Embedded(EmbeddedBackend),
    /// Reached over HTTP, with a URL and a credential. It has a sidecar.
    Remote(RemoteBackend),
}

impl BackendKind {
    /// What it can do by itself, without layers and sidecar.
    #[must_use]
    pub fn capability(&self) -> Capability {
        match self {
            Self::Embedded(embedded) => (embedded.capability)(),
            Self::Remote(remote) => (remote.capability)(),
        }
    }
}

/// A backend in the gateway's own process.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddedBackend {
    /// What it can do.
    pub capability: fn() -> Capability,
}

/// A backend that is reached over HTTP.
#[derive(Clone, Copy, Debug)]
pub struct RemoteBackend {
    /// What it can do.
    pub capability: fn() -> Capability,
    /// Makes it; it reaches the system through an upstream.
    pub make: MakeBackend,
    /// How it finds out which account its credential belongs to, and when it cannot. The matrix
    /// shows this text.
    pub own_account: &'static str,
}

/// An option that an adapter knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OptionRow {
    /// Its name.
    pub name: &'static str,
    /// The values it accepts: `true or false`, `"sqlite", "mysql" or "postgres"`.
    pub takes: &'static str,
    /// What it does, in one sentence.
    pub about: &'static str,
}

/// A sentence that says what is wrong with an option and what was expected.
pub type OptionError = String;

/// One system's adapter: a dialect, a backend, or both.
#[derive(Clone, Copy, Debug)]
pub struct Adapter {
    /// The system's name, which is also its default path prefix and id namespace: `kanboard`. It is
    /// the value of `system` in the configuration of a backend, and of `dialect` in that of a route.
    pub name: &'static str,
    /// How the system names its people.
    pub users: Numbering,
    /// How the system names its groups.
    pub groups: Numbering,
    /// The versions it speaks, the default first.
    pub versions: &'static [VersionInfo],
    /// The options it knows.
    pub options: &'static [OptionRow],
    /// Its backend. `None`: it cannot be one.
    pub backend: Option<BackendKind>,
    /// Makes its dialect. `None`: it has no clients of its own, so that no route can name it.
    pub dialect: Option<MakeDialect>,
    /// The groups that a fresh server of this system has.
    pub foundation: fn() -> Vec<NewGroup>,
    /// Makes a key in the system's format from random bytes.
    pub mint: fn(&[u8; 32]) -> String,
    /// Whether the system shows a key to its owner again, so that its value must be stored (sealed).
    pub shows_keys: bool,
    /// The member of the credentials file that holds the first key: `api_token`.
    pub key_word: &'static str,
    /// The attributes, of people and of groups, that hold rights of this system only. Only a holder
    /// of such a right may give it.
    pub rights: &'static [&'static str],
    /// Whether the first key belongs to the application rather than to the administrator.
    pub application_key: bool,
    /// What its clients ask for and its dialect does not translate. The manual and the matrix show it.
    pub untranslated: &'static [Untranslated],
}

/// What clients of a system ask for and the dialect does not translate. If the route has an origin, the
/// origin answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Untranslated {
    /// What it is, for people: methods or paths.
    pub what: &'static str,
    /// The answer without an origin, on the embedded store.
    pub embedded: &'static str,
    /// The answer without an origin, with a remote backend.
    pub remote: &'static str,
}

impl Adapter {
    /// The dialect of a route with these options. An adapter without a dialect is an error.
    pub fn make_dialect(&self, options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
        let make = self.dialect.ok_or_else(|| format!("{} has no dialect", self.name))?;
        make(options)
    }

    /// Its backend, if that is a remote system.
    #[must_use]
    pub const fn remote(&self) -> Option<RemoteBackend> {
        match self.backend {
            Some(BackendKind::Remote(remote)) => Some(remote),
            Some(BackendKind::Embedded(_)) | None => None,
        }
    }

    /// Whether the system gives ids of its own, and so has an id namespace. An embedded backend
    /// without a dialect has none: its ids are the canonical ones.
    #[must_use]
    pub const fn has_namespace(&self) -> bool {
        self.dialect.is_some() || self.remote().is_some()
    }

    /// Whether it speaks a version of this name.
    #[must_use]
    pub fn has_version(&self, name: &str) -> bool {
        self.versions.iter().any(|version| version.name == name)
    }

    /// Its versions with the releases that each stands for, the default first:
    /// `1.2 (1.2.46 to 1.2.53), 1.0 (1.0.39 to 1.1.1)`. For a message.
    #[must_use]
    pub fn known_versions(&self) -> String {
        let known = |version: &VersionInfo| format!("{} ({})", version.name, version.releases);
        self.versions.iter().map(known).collect::<Vec<_>>().join(", ")
    }
}

impl RouteOptions {
    /// An option that is true or false. If it is not set, it is false.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.settings.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// An option with a text. `None` if it is not set.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.settings.get(name).and_then(Value::as_str)
    }

    /// Refuses an option that the adapter does not know, and a version it does not speak.
    pub fn check(&self, adapter: &Adapter) -> Result<(), OptionError> {
        if let Some(version) = &self.version
            && !adapter.has_version(version)
        {
            let known = adapter.known_versions();
            return Err(format!("{} has no version {version:?}; known: {known}", adapter.name));
        }
        for name in self.settings.keys() {
            if !adapter.options.iter().any(|row| row.name == name) {
                let known: Vec<_> = adapter.options.iter().map(|row| row.name).collect();
                let known = known.join(", ");
                return Err(format!("{} has no option {name:?}; known: {known}", adapter.name));
            }
        }
        Ok(())
    }
}
