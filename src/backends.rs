//! The backends of a configuration: the embedded store, and systems reached over HTTP, each with
//! the sidecar that stores what the system cannot hold.
//!
//! They are made in two steps. `PreparedBackends` builds everything that needs no file of the
//! data directory. `config check --connect` uses only this step. [`Backends`] adds the store and
//! the sidecars.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, anyhow};
use isogloss_canonical::adapter::{Adapter, BackendKind, RemoteBackend, Service};
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::value::ValueRule;
use isogloss_store::{Numbered, Store};

use crate::config::settings::{self, Route, Settings};
use crate::config::values;
use crate::layers::aliases::Aliased;
use crate::layers::directory::Directory;
use crate::layers::directory::config::DirectoryConfig;
use crate::layers::own_account::OwnAccountKept;
use crate::layers::rename::Renamed;
use crate::layers::sidecar::layer::Sidecar;
use crate::layers::sidecar::policy::AttributePolicies;
use crate::provision::bootstrap::open_sidecar;
use crate::registry;
use crate::sessions::Sessions;
use crate::upstream::HttpUpstream;

/// Where releases before 0.2 had the sidecars, below the data directory. Each backend had a folder.
const SIDECARS: &str = "backends";

/// The directory of a remote backend's sidecar in releases before 0.2.
pub(crate) fn sidecar_directory(store: &Path, name: &str) -> PathBuf {
    store.join(SIDECARS).join(name)
}

/// The backends of a configuration before a file is opened. Nothing is sent to a system yet.
#[derive(Debug)]
pub(crate) struct PreparedBackends {
    all: BTreeMap<String, Prepared>,
    /// The directory (LDAP) of the embedded store.
    pub(crate) directory: Option<DirectoryConfig>,
    /// How the id namespaces of the configuration number their people and groups.
    numbered: Vec<Numbered>,
}

#[derive(Debug)]
enum Prepared {
    Embedded,
    Remote(RemoteSystem),
}

/// A remote system without its sidecar.
#[derive(Debug)]
struct RemoteSystem {
    backend: Arc<dyn Backend>,
    namespace: IdNamespace,
    adapter: &'static Adapter,
    /// Whether names that it does not take become aliases.
    aliases: bool,
}

impl PreparedBackends {
    /// Prepares all backends. The error says which one cannot be used, and why.
    pub(crate) fn new(settings: &Settings) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        for (name, wanted) in &settings.backend {
            let one = prepare(name, wanted).with_context(|| format!("backend.{name}"))?;
            all.insert(name.clone(), one);
        }
        let directory = settings.directory.as_ref().map(values::directory).transpose()?;
        let numbered = registry::numbered(settings.named_namespaces());
        Ok(Self { all, directory, numbered })
    }

    /// The same, with another service key and upstream of the remote backend of this name.
    pub(crate) fn simulated(
        settings: &Settings,
        name: &str,
        (secret, upstream): (Secret, Arc<dyn Upstream>),
    ) -> anyhow::Result<Self> {
        let mut all = BTreeMap::new();
        if let Some(wanted) = settings.backend.get(name)
            && let (adapter, BackendKind::Remote(remote)) =
                registry::backend(&wanted.system).map_err(|why| anyhow!(why))?
        {
            let service = values::service(wanted, namespace(wanted, adapter))?;
            let service = Service { secret, ..service };
            let system = joined((name, wanted), (adapter, remote), (&service, upstream));
            all.insert(name.to_owned(), Prepared::Remote(system));
        }
        let numbered = registry::numbered(settings.named_namespaces());
        Ok(Self { all, directory: None, numbered })
    }

    /// The remote systems, each with the name of its backend.
    pub(crate) fn remotes(&self) -> impl Iterator<Item = (&str, &Arc<dyn Backend>)> {
        self.all.iter().filter_map(|(name, one)| match one {
            Prepared::Remote(system) => Some((name.as_str(), &system.backend)),
            Prepared::Embedded => None,
        })
    }

    /// Refuses the name of a backend that does not exist.
    pub(crate) fn check(&self, name: &str) -> anyhow::Result<()> {
        if self.all.contains_key(name) { Ok(()) } else { Err(unknown(name, self.all.keys())) }
    }

    /// Opens the sidecars, and joins the embedded backend to the store of the gateway.
    pub(crate) async fn open(self, data: &Path, store: &Store) -> anyhow::Result<Backends> {
        let mut all = BTreeMap::new();
        for (name, one) in self.all {
            let opened = match one {
                Prepared::Embedded => {
                    let store = Arc::new(store.clone());
                    let layer = Directory::over(store, self.directory.clone());
                    Opened::Embedded(Arc::new(layer.map_err(|why| anyhow!(why))?))
                }
                Prepared::Remote(system) => {
                    let numbered = self.numbered.clone();
                    let (of_adapter, aliases) = (system.adapter.name, system.aliases);
                    let opened = with_sidecar((data, store), &name, (system, numbered)).await;
                    let sidecar = opened.with_context(|| format!("backend.{name}"))?;
                    Opened::Remote(Box::new(Joined { sidecar, system: of_adapter, aliases }))
                }
            };
            all.insert(name, opened);
        }
        Ok(Backends(all))
    }
}

fn prepare(name: &str, wanted: &settings::Backend) -> anyhow::Result<Prepared> {
    match registry::backend(&wanted.system).map_err(|why| anyhow!(why))? {
        (_, BackendKind::Embedded(_)) => Ok(Prepared::Embedded),
        (adapter, BackendKind::Remote(remote)) => {
            let system = remote_system(name, wanted, (adapter, remote))?;
            Ok(Prepared::Remote(system))
        }
    }
}

fn remote_system(
    name: &str,
    wanted: &settings::Backend,
    (adapter, remote): (&'static Adapter, RemoteBackend),
) -> anyhow::Result<RemoteSystem> {
    let service = values::service(wanted, namespace(wanted, adapter))?;
    let upstream = HttpUpstream::new(&values::reach(wanted)?).map_err(|why| anyhow!(why))?;
    Ok(joined((name, wanted), (adapter, remote), (&service, Arc::new(upstream))))
}

/// Joins the backend of a system to its upstream and to the layers that need no file.
fn joined(
    (name, wanted): (&str, &settings::Backend),
    (adapter, remote): (&'static Adapter, RemoteBackend),
    (service, upstream): (&Service, Arc<dyn Upstream>),
) -> RemoteSystem {
    let namespace = service.namespace.clone();
    let system = (remote.make)(service, upstream);
    let (ids, rights) = ((namespace.clone(), adapter.users), IdNamespace::named(adapter.name));
    let system = OwnAccountKept::over(system, name, ids, rights);
    let backend = Renamed::over(system, values::renamings(wanted));
    RemoteSystem { backend, namespace, adapter, aliases: wanted.aliases }
}

/// The id namespace of a remote system: as configured, or that of its adapter.
pub(crate) fn namespace(wanted: &settings::Backend, adapter: &Adapter) -> IdNamespace {
    wanted.id_namespace.as_ref().map_or(IdNamespace::named(adapter.name), IdNamespace::new)
}

async fn with_sidecar(
    (data, store): (&Path, &Store),
    name: &str,
    (system, mut numbered): (RemoteSystem, Vec<Numbered>),
) -> anyhow::Result<Sidecar> {
    let RemoteSystem { backend, namespace, adapter, aliases: _ } = system;
    for own in numbered.iter_mut().filter(|numbered| numbered.namespace == namespace) {
        own.gives_ids = true;
    }
    let former = sidecar_directory(data, name);
    let records = open_sidecar(store, (name, &former), numbered).await?;
    Ok(Sidecar::new(backend, &records, (namespace, adapter.users)).of_backend(name))
}

/// The rules about values of a dialect's own system. Its clients know them: a route does not refuse what
/// the own server would take and treat in the same way, such as a password that is too long for
/// bcrypt.
fn own_rules(dialect: &str) -> Vec<ValueRule> {
    let own = registry::adapter(dialect).and_then(|adapter| adapter.backend);
    own.map_or(Vec::new(), |own| own.capability().values().to_vec())
}

fn unknown<'n>(name: &str, known: impl Iterator<Item = &'n String>) -> anyhow::Error {
    let known: Vec<_> = known.map(String::as_str).collect();
    anyhow!("no backend {name:?}; known: {}", known.join(", "))
}

/// The backends of a configuration, by name.
#[derive(Debug, Default)]
pub struct Backends(BTreeMap<String, Opened>);

#[derive(Debug)]
enum Opened {
    Embedded(Arc<dyn Backend>),
    /// A remote system.
    Remote(Box<Joined>),
}

/// A remote system with its sidecar.
#[derive(Debug)]
struct Joined {
    sidecar: Sidecar,
    /// The name of its adapter.
    system: &'static str,
    /// Whether it has aliases.
    aliases: bool,
}

impl Backends {
    /// Makes all backends. Nothing is sent to a system yet.
    pub async fn open(settings: &Settings, store: &Store) -> anyhow::Result<Self> {
        PreparedBackends::new(settings)?.open(&settings.store.directory, store).await
    }

    /// The backend of a route, with the route's policies for attributes that the system cannot
    /// store.
    pub fn of(&self, route: &Route) -> anyhow::Result<Arc<dyn Backend>> {
        let policies = values::policies(&route.attributes);
        self.for_route(&route.backend, policies, Some(&route.dialect))
    }

    /// A backend by name. The sidecar stores every attribute that the system cannot store.
    pub fn named(&self, name: &str) -> anyhow::Result<Arc<dyn Backend>> {
        self.for_route(name, AttributePolicies::default(), None)
    }

    fn for_route(
        &self,
        name: &str,
        policies: AttributePolicies,
        dialect: Option<&str>,
    ) -> anyhow::Result<Arc<dyn Backend>> {
        match self.0.get(name) {
            None => Err(unknown(name, self.0.keys())),
            Some(Opened::Embedded(store)) => Ok(Arc::clone(store)),
            Some(Opened::Remote(joined)) => {
                let Joined { sidecar, system, aliases } = &**joined;
                let own = dialect.map_or(Vec::new(), own_rules);
                let mut rules = sidecar.system_capability().values().to_vec();
                rules.retain(|rule| !own.contains(rule));
                let sidecar = sidecar.for_route(policies, rules, dialect == Some(*system));
                Ok(if *aliases { Arc::new(Aliased::over(sidecar)) } else { Arc::new(sidecar) })
            }
        }
    }

    /// Whether a backend is a system over HTTP.
    #[must_use]
    pub fn is_remote(&self, name: &str) -> bool {
        matches!(self.0.get(name), Some(Opened::Remote(..)))
    }

    /// The session store of a backend.
    #[must_use]
    pub fn sessions(&self, name: &str, store: &Store) -> Sessions {
        let all = Arc::new(store.clone());
        match self.0.get(name) {
            Some(Opened::Embedded(_)) => Sessions::of_store(all),
            Some(Opened::Remote(..)) | None => Sessions::of_system(name, all),
        }
    }

    /// The sidecar of a remote backend. `None`: the backend is the embedded store, or does not
    /// exist.
    #[must_use]
    pub fn sidecar(&self, name: &str) -> Option<&Sidecar> {
        match self.0.get(name) {
            Some(Opened::Remote(joined)) => Some(&joined.sidecar),
            Some(Opened::Embedded(_)) | None => None,
        }
    }
}
