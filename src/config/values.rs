//! Converts tables of the configuration to the plain values of backends, layers and clients, which
//! do not know the configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::anyhow;
use isogloss_canonical::adapter::{Defaults, Service};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_store::{DATABASE, Location, check_url};

use crate::config::role::RoleWord;
use crate::config::secret::SecretSource;
use crate::config::settings::{Backend, Directory, Policy, Settings};
use crate::layers::directory::config::DirectoryConfig;
use crate::layers::rename::{Mapping, Renamings};
use crate::layers::sidecar::policy::{AttributePolicies, AttributePolicy};
use crate::provision::state::StatePlace;
use crate::random::random;
use crate::upstream::Reach;

/// `[directory]`, with its password read.
pub(crate) fn directory(wanted: &Directory) -> anyhow::Result<DirectoryConfig> {
    let standard = DirectoryConfig::new(wanted.url.as_str(), &wanted.user_base_dn);
    let or = |given: &Option<String>, standard: String| given.clone().unwrap_or(standard);
    let password = wanted.bind_password.as_ref().map(SecretSource::resolve).transpose();
    Ok(DirectoryConfig {
        url: standard.url,
        user_base_dn: standard.user_base_dn,
        start_tls: wanted.start_tls,
        ca_file: wanted.ca_file.clone(),
        bind_dn: wanted.bind_dn.clone(),
        bind_password: password.map_err(|why| anyhow!("directory.bind_password: {why}"))?,
        user_filter: or(&wanted.user_filter, standard.user_filter),
        username_attribute: or(&wanted.username_attribute, standard.username_attribute),
        fullname_attribute: or(&wanted.fullname_attribute, standard.fullname_attribute),
        email_attribute: or(&wanted.email_attribute, standard.email_attribute),
        groups_attribute: or(&wanted.groups_attribute, standard.groups_attribute),
        admin_group_dn: wanted.admin_group_dn.clone(),
        manager_group_dn: wanted.manager_group_dn.clone(),
        case_sensitive: wanted.case_sensitive,
        create_at_login: wanted.create_at_login.unwrap_or(standard.create_at_login),
        timeout: wanted.timeout_ms.map_or(standard.timeout, Duration::from_millis),
    })
}

/// `[state]` and `[store]`: where the state database is.
pub(crate) fn state(settings: &Settings) -> anyhow::Result<StatePlace> {
    let directory = &settings.store.directory;
    let Some(url) = &settings.state.url else { return Ok(StatePlace::of_directory(directory)) };
    let url = url.resolve().map_err(|why| anyhow!("state.url: {why}"))?;
    Ok(match location(&url).map_err(|why| anyhow!("state.url: {why}"))? {
        Location::Directory(directory) => StatePlace::of_directory(&directory),
        Location::Server(url) => {
            let patience = settings.state.timeout_ms.map(Duration::from_millis);
            StatePlace::of_server(directory, url, settings.state.secret_file.clone(), patience)
        }
    })
}

/// The URL of the database server that has the state. `None`: a directory has it.
pub(crate) fn server(settings: &Settings) -> Option<Secret> {
    let url = settings.state.url.as_ref()?.resolve().ok()?;
    match location(&url) {
        Ok(Location::Server(url)) => Some(url),
        Ok(Location::Directory(_)) | Err(_) => None,
    }
}

/// The place that a URL names: `sqlite:DIRECTORY`, `sqlite:DIRECTORY/isogloss.sqlite`, or a
/// PostgreSQL server. The error has no password.
pub(crate) fn location(url: &Secret) -> Result<Location, String> {
    let Some(path) = url.expose().strip_prefix("sqlite:") else {
        check_url(url.expose())?;
        return Ok(Location::Server(url.clone()));
    };
    let path = Path::new(path);
    if path.as_os_str().is_empty() {
        return Err("the path after sqlite: is empty".to_owned());
    }
    let is_file = path.file_name().is_some_and(|name| name == DATABASE);
    let directory = if is_file { path.parent().unwrap_or(path) } else { path };
    let here = directory.as_os_str().is_empty();
    Ok(Location::Directory(if here { Path::new(".") } else { directory }.to_owned()))
}

/// `[route.attributes]`.
pub(crate) fn policies(wanted: &BTreeMap<String, Policy>) -> AttributePolicies {
    wanted.iter().map(|(prefix, policy)| (prefix.clone(), (*policy).into())).collect()
}

impl From<Policy> for AttributePolicy {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::Keep => Self::Store,
            Policy::Drop => Self::Drop,
            Policy::Refuse => Self::Refuse,
        }
    }
}

/// `[backend.NAME.roles]` and `[backend.NAME.teams]`.
pub(crate) fn renamings(wanted: &Backend) -> Renamings {
    let roles = |words: &BTreeMap<RoleWord, RoleWord>| -> BTreeMap<Role, Role> {
        words.iter().map(|(one, other)| ((*one).into(), (*other).into())).collect()
    };
    let (own, teams) = (&wanted.roles, &wanted.teams);
    Renamings {
        roles: Mapping { to: roles(&own.to), from: roles(&own.from) },
        teams: Mapping { to: teams.to.clone(), from: teams.from.clone() },
    }
}

/// The service of a remote backend, with the credential resolved.
pub(crate) fn service(wanted: &Backend, namespace: IdNamespace) -> anyhow::Result<Service> {
    let secret = match &wanted.secret {
        Some(source) => source.resolve().map_err(|why| anyhow!("secret: {why}"))?,
        None => Secret::new(""),
    };
    let built_in = Defaults::default();
    Ok(Service {
        namespace,
        version: wanted.version.clone(),
        username: wanted.username.clone(),
        secret,
        defaults: Defaults {
            email: wanted.defaults.email.clone().unwrap_or(built_in.email),
            full_name: wanted.defaults.full_name.clone().unwrap_or(built_in.full_name),
        },
        random,
        clock: std::time::Instant::now,
    })
}

/// How the system of a remote backend is reached.
pub(crate) fn reach(wanted: &Backend) -> anyhow::Result<Reach> {
    let url = wanted.url.as_ref().ok_or_else(|| anyhow!("url is missing"))?;
    Ok(Reach {
        url: url.as_str().to_owned(),
        connect_timeout: Duration::from_millis(wanted.connect_timeout_ms),
        timeout: Duration::from_millis(wanted.timeout_ms),
        response_limit: wanted.response_limit_bytes,
        ca_file: wanted.ca_file.clone(),
        identity_file: wanted.identity_file.clone(),
    })
}
