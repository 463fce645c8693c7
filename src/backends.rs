//! Makes the backends of a configuration: the embedded store, and systems reached over HTTP, each
//! with the sidecar that stores what the system cannot hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use isogloss_canonical::adapter::{Adapter, Defaults, Service};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::secret::Secret;
use isogloss_store::Store;

use crate::config::secret::SecretSource;
use crate::config::settings::{self, Policy, Route, Settings};
use crate::layers::directory::Directory;
use crate::layers::directory::config::DirectoryConfig;
use crate::layers::own_account::OwnAccountKept;
use crate::layers::rename::Renamed;
use crate::layers::sidecar::layer::Sidecar;
use crate::provision::bootstrap::open_sidecar;
use crate::random::random;
use crate::registry;
use crate::sessions::Sessions;
use crate::systems::STORE;
use crate::upstream::{HttpUpstream, Reach};

/// Where sidecars are, below the directory of the store: one folder a backend.
const SIDECARS: &str = "backends";

/// The backends of a configuration, by name.
#[derive(Debug)]
pub struct Backends(BTreeMap<String, Made>);

#[derive(Debug)]
enum Made {
    Store(Arc<dyn Backend>),
    System(Box<Sidecar>),
}

impl Backends {
    /// Makes them all. Nothing is sent to a system yet.
    pub async fn open(settings: &Settings, store: &Store) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        for (name, wanted) in &settings.backend {
            let made = if wanted.system == STORE {
                Made::Store(Arc::new(with_directory(settings, store)?))
            } else {
                system(settings, name, wanted).await.with_context(|| format!("backend.{name}"))?
            };
            all.insert(name.clone(), made);
        }
        Ok(Self(all))
    }

    /// The backend of a route, with what the route says of attributes that it cannot hold.
    pub fn of(&self, route: &Route) -> anyhow::Result<Arc<dyn Backend>> {
        self.named(&route.backend, &route.attributes)
    }

    /// A backend by name, with what becomes of attributes that it cannot hold.
    pub fn named(
        &self,
        name: &str,
        policies: &BTreeMap<String, Policy>,
    ) -> anyhow::Result<Arc<dyn Backend>> {
        match self.0.get(name) {
            None => {
                let known: Vec<_> = self.0.keys().map(String::as_str).collect();
                Err(anyhow!("no backend {name:?}; known: {}", known.join(", ")))
            }
            Some(Made::Store(store)) => Ok(Arc::clone(store)),
            Some(Made::System(sidecar)) => Ok(Arc::new(sidecar.with_policies(policies.clone()))),
        }
    }

    /// The part of the session store that belongs to a backend.
    #[must_use]
    pub fn sessions(&self, name: &str, store: &Store) -> Sessions {
        let all = Arc::new(store.clone());
        match self.0.get(name) {
            Some(Made::Store(_)) => Sessions::of_store(all),
            Some(Made::System(_)) | None => Sessions::of_system(name, all),
        }
    }

    /// The sidecar of a remote backend. `None`: the backend is the embedded store, or not there.
    #[must_use]
    pub fn sidecar(&self, name: &str) -> Option<&Sidecar> {
        match self.0.get(name) {
            Some(Made::System(sidecar)) => Some(sidecar),
            Some(Made::Store(_)) | None => None,
        }
    }

    /// Closes the sidecars.
    pub async fn close(&self) {
        for made in self.0.values() {
            if let Made::System(sidecar) = made {
                sidecar.records().store().close().await;
            }
        }
    }
}

/// The store under the directory layer, which also says when there is no directory.
fn with_directory(settings: &Settings, store: &Store) -> anyhow::Result<Directory> {
    let config = settings.directory.as_ref().map(directory).transpose()?;
    Directory::over(Arc::new(store.clone()), config).map_err(|why| anyhow!(why))
}

pub(crate) fn directory(wanted: &settings::Directory) -> anyhow::Result<DirectoryConfig> {
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

/// A system without its sidecar.
pub(crate) struct System {
    pub(crate) backend: Arc<dyn Backend>,
    namespace: IdNamespace,
    adapter: &'static Adapter,
}

/// Prepares to reach a system. Nothing is sent, and nothing is opened.
pub(crate) fn bare(name: &str, wanted: &settings::Backend) -> anyhow::Result<System> {
    let (adapter, backend) = registry::backend(&wanted.system).map_err(|why| anyhow!(why))?;
    let namespace =
        wanted.id_namespace.as_ref().map_or(IdNamespace::named(adapter.name), IdNamespace::new);
    let service = service(wanted, namespace.clone())?;
    let upstream = HttpUpstream::new(&reach(wanted)?).map_err(|why| anyhow!(why))?;
    let system = (backend.make)(&service, Arc::new(upstream));
    let (ids, rights) = ((namespace.clone(), adapter.users), IdNamespace::named(adapter.name));
    let system = OwnAccountKept::over(system, name, ids, rights);
    let backend = Renamed::over(system, &wanted.roles, &wanted.teams);
    Ok(System { backend, namespace, adapter })
}

/// The directory of a remote backend's sidecar, below that of the store.
pub(crate) fn sidecar_directory(store: &Path, name: &str) -> PathBuf {
    store.join(SIDECARS).join(name)
}

async fn system(
    settings: &Settings,
    name: &str,
    wanted: &settings::Backend,
) -> anyhow::Result<Made> {
    let System { backend: system, namespace, adapter } = bare(name, wanted)?;
    let directory = sidecar_directory(&settings.store.directory, name);
    let mut numbered = registry::numbered(settings.named_namespaces());
    for own in numbered.iter_mut().filter(|numbered| numbered.namespace == namespace) {
        own.gives_ids = true;
    }
    let records = open_sidecar(&directory, numbered)
        .await
        .with_context(|| format!("{} cannot be opened", directory.display()))?;
    let sidecar = Sidecar::new(system, &records, (namespace, adapter.users)).of_backend(name);
    Ok(Made::System(Box::new(sidecar)))
}

pub(crate) fn service(
    wanted: &settings::Backend,
    namespace: IdNamespace,
) -> anyhow::Result<Service> {
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
    })
}

fn reach(wanted: &settings::Backend) -> anyhow::Result<Reach> {
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
