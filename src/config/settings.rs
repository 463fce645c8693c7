//! The structure of `gateway.toml`. Every table refuses unknown keys.

use std::collections::BTreeMap;
use std::path::PathBuf;

use isogloss_canonical::adapter::RouteOptions;
use isogloss_canonical::namespace::IdNamespace;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::config::masked::MaskedUrl;
use crate::config::role::RoleWord;
use crate::config::secret::SecretSource;
use crate::proxies::Proxies;
use crate::upstream::address::BaseAddress;

/// The whole configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Listeners and limits.
    pub server: Server,
    /// Logs.
    pub log: Log,
    /// Authentication.
    pub auth: Auth,
    /// The embedded store.
    pub store: Store,
    /// The state database.
    #[serde(default)]
    pub state: State,
    /// Backends by name.
    pub backend: BTreeMap<String, Backend>,
    /// The routes.
    pub route: Vec<Route>,
    /// The directory (LDAP), if there is one.
    #[serde(default)]
    pub directory: Option<Directory>,
}

/// `[server]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Server {
    pub listen: String,
    pub body_limit_bytes: usize,
    pub request_timeout_ms: u64,
    pub batch_limit: usize,
    pub shutdown_timeout_ms: u64,
    pub head_timeout_ms: u64,
    pub idle_timeout_ms: u64,
    pub websocket_idle_timeout_ms: u64,
    pub websocket_limit: usize,
    pub workers: usize,
    pub trusted_proxies: Proxies,
}

/// `[log]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// The format of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// One JSON object for each line.
    Json,
}

/// `[auth]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Auth {
    pub remember_secs: u64,
    pub guesses: u64,
    pub wait_secs: u64,
    pub longest_wait_secs: u64,
    pub account_guesses: u64,
    pub address_guesses: u64,
}

/// `[store]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Store {
    pub directory: PathBuf,
}

/// `[state]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct State {
    #[serde(default)]
    pub url: Option<SecretSource>,
    #[serde(default)]
    pub secret_file: Option<PathBuf>,
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}

/// `[backend.NAME]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Backend {
    pub system: String,
    #[serde(default)]
    pub url: Option<MaskedUrl>,
    #[serde(default)]
    pub username: Option<String>,
    #[serde(default)]
    pub secret: Option<SecretSource>,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub id_namespace: Option<String>,
    #[serde(default = "default_connect_timeout_ms")]
    pub connect_timeout_ms: u64,
    #[serde(default = "default_timeout_ms")]
    pub timeout_ms: u64,
    #[serde(default = "default_response_limit_bytes")]
    pub response_limit_bytes: usize,
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    #[serde(default)]
    pub identity_file: Option<PathBuf>,
    #[serde(default)]
    pub aliases: bool,
    #[serde(default)]
    pub defaults: Templates,
    #[serde(default)]
    pub roles: Roles,
    #[serde(default)]
    pub teams: Teams,
}

/// `[backend.NAME.teams]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Teams {
    #[serde(default)]
    pub to: BTreeMap<String, String>,
    #[serde(default)]
    pub from: BTreeMap<String, String>,
}

/// `[backend.NAME.roles]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Roles {
    #[serde(default)]
    pub to: BTreeMap<RoleWord, RoleWord>,
    #[serde(default)]
    pub from: BTreeMap<RoleWord, RoleWord>,
}

/// `[backend.NAME.defaults]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Templates {
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub full_name: Option<String>,
}

/// The name of the backend in the shipped configuration.
pub(crate) fn default_backend() -> String {
    "people".to_owned()
}

fn default_connect_timeout_ms() -> u64 {
    2_000
}

fn default_timeout_ms() -> u64 {
    10_000
}

fn default_response_limit_bytes() -> usize {
    64 << 20
}

/// `[[route]]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Route {
    #[serde(default, deserialize_with = "path_prefix")]
    pub path: String,
    #[serde(default)]
    pub host: Option<String>,
    #[serde(default)]
    pub listen: Option<String>,
    pub dialect: String,
    #[serde(default)]
    pub mode: Mode,
    #[serde(default = "default_backend")]
    pub backend: String,
    #[serde(default)]
    pub id_namespace: Option<String>,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub options: Map<String, Value>,
    #[serde(default)]
    pub attributes: BTreeMap<String, Policy>,
    #[serde(default)]
    pub origin: Option<Origin>,
}

/// How a route answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The dialect answers, and an origin answers what the dialect does not translate.
    #[default]
    Normal,
    /// The origin answers everything. The gateway counts who calls what.
    Proxy,
}

impl Route {
    /// The options of the route's dialect.
    #[must_use]
    pub fn dialect_options(&self) -> RouteOptions {
        let namespace = self.id_namespace.as_deref().unwrap_or(&self.dialect);
        RouteOptions {
            namespace: IdNamespace::new(namespace),
            version: self.version.clone(),
            settings: self.options.clone(),
            origin_is_backend: false,
        }
    }
}

impl Settings {
    /// Whether some route answers from a backend. Else there are no accounts, and no store.
    #[must_use]
    pub fn has_accounts(&self) -> bool {
        self.route.iter().any(|route| route.mode == Mode::Normal)
    }

    /// The options of a route's dialect, with what the rest of the configuration says of the route.
    #[must_use]
    pub fn dialect_options(&self, route: &Route) -> RouteOptions {
        let origin_is_backend = self.has_backend_as_origin(route);
        RouteOptions { origin_is_backend, ..route.dialect_options() }
    }

    /// Whether a route's origin is the server of its backend, and a server of the dialect's system.
    #[must_use]
    pub fn has_backend_as_origin(&self, route: &Route) -> bool {
        let Some(backend) = self.backend.get(&route.backend) else { return false };
        let (Some(origin), Some(url)) = (&route.origin, &backend.url) else { return false };
        let address = |url: &MaskedUrl| BaseAddress::read(url.as_str());
        let is_same = || match (address(&origin.url), address(url)) {
            (Ok(origin), Ok(backend)) => origin.is_same_server(&backend),
            _ => false,
        };
        backend.system == route.dialect && origin.is_backend.unwrap_or_else(is_same)
    }

    /// The id namespaces that routes and backends name, each with its system.
    pub fn named_namespaces(&self) -> impl Iterator<Item = (&str, &str)> {
        let routes = self.route.iter().map(|route| (&route.id_namespace, &route.dialect));
        let backends =
            self.backend.values().map(|backend| (&backend.id_namespace, &backend.system));
        routes.chain(backends).filter_map(|(namespace, system)| {
            namespace.as_deref().map(|namespace| (namespace, system.as_str()))
        })
    }
}

impl Origin {
    /// An origin with this URL and the default limits.
    #[must_use]
    pub fn at(url: String) -> Self {
        let url = MaskedUrl::from(url);
        Self {
            url,
            preserve_host: false,
            is_backend: None,
            body_limit_bytes: None,
            connect_timeout_ms: None,
            timeout_ms: None,
            ca_file: None,
            identity_file: None,
        }
    }
}

/// Reads a path prefix. `/` is the root, whose prefix is empty.
fn path_prefix<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = String::deserialize(deserializer)?;
    Ok(if path == "/" { String::new() } else { path })
}

/// `[route.origin]`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Origin {
    pub url: MaskedUrl,
    #[serde(default)]
    pub preserve_host: bool,
    #[serde(default)]
    pub is_backend: Option<bool>,
    #[serde(default)]
    pub body_limit_bytes: Option<u64>,
    #[serde(default)]
    pub connect_timeout_ms: Option<u64>,
    #[serde(default)]
    pub timeout_ms: Option<u64>,
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    #[serde(default)]
    pub identity_file: Option<PathBuf>,
}

/// What happens to an attribute that the system cannot store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// The sidecar stores it.
    Keep,
    /// It is lost.
    Drop,
    /// The command is refused.
    Refuse,
}

/// `[directory]`. The defaults are Kanboard's.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "gateway.toml is the manual")]
pub struct Directory {
    pub url: MaskedUrl,
    pub user_base_dn: String,
    #[serde(default)]
    pub start_tls: bool,
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    #[serde(default)]
    pub bind_dn: Option<String>,
    #[serde(default)]
    pub bind_password: Option<SecretSource>,
    #[serde(default)]
    pub user_filter: Option<String>,
    #[serde(default)]
    pub username_attribute: Option<String>,
    #[serde(default)]
    pub fullname_attribute: Option<String>,
    #[serde(default)]
    pub email_attribute: Option<String>,
    #[serde(default)]
    pub groups_attribute: Option<String>,
    #[serde(default)]
    pub admin_group_dn: Option<String>,
    #[serde(default)]
    pub manager_group_dn: Option<String>,
    #[serde(default)]
    pub case_sensitive: bool,
    #[serde(default)]
    pub create_at_login: Option<bool>,
    #[serde(default)]
    pub timeout_ms: Option<u64>,
}
