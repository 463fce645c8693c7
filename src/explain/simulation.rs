//! The route of a request in a temporary directory, with its real dialect, pipeline and backend. A
//! remote system is simulated by its own dialect on a second store. Nothing leaves the process.

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::{Arc, Mutex};

use anyhow::{Context, anyhow};
use async_trait::async_trait;
use isogloss_canonical::adapter::{Adapter, BackendKind, RouteOptions};
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_store::Store;
use tempfile::TempDir;

use crate::auth::Authority;
use crate::backends::{self, Backends, PreparedBackends};
use crate::config::settings::{Route, Settings};
use crate::explain::rehearsal::Asked;
use crate::explain::words;
use crate::explain::world::World;
use crate::pipeline::Pipeline;
use crate::provision::accounts::Accounts;
use crate::provision::bootstrap::{self, FirstAdministrator};
use crate::proxies::Sender;
use crate::registry;
use crate::sessions::Sessions;

/// The text that replaces the gateway's own secret.
const MASK: &str = "SECRET";
/// How long a proof is remembered: not at all.
const FORGET: std::time::Duration = std::time::Duration::ZERO;

/// The route, ready for its request.
#[derive(Debug)]
pub(super) struct Simulation {
    /// The pipeline of the route.
    pub(super) pipeline: Pipeline,
    system: Option<Arc<SimulatedSystem>>,
    _folder: TempDir,
}

impl Simulation {
    /// Builds the route. What the request will ask for exists, except for what it creates. The caller
    /// is an administrator.
    pub(super) async fn build(
        settings: &Settings,
        route: &Route,
        (dialect, asked): (&dyn Dialect, &Asked),
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a temporary directory")?;
        let world = World::of(asked);
        let wanted = settings.backend.get(&route.backend);
        let wanted = wanted.ok_or_else(|| anyhow!("no backend {:?}", route.backend))?;
        let (adapter, kind) = registry::backend(&wanted.system).map_err(|why| anyhow!(why))?;
        let first = bootstrap::first_administrator(None)?;
        let (accounts, system) = match kind {
            BackendKind::Embedded(_) => (first.accounts, None),
            BackendKind::Remote(_) => {
                let system =
                    SimulatedSystem::start(folder.path(), (adapter, wanted), first).await?;
                (Accounts::default(), Some(Arc::new(system)))
            }
        };
        let prepared = match &system {
            None => PreparedBackends::new(&only(settings, route))?,
            Some(system) => {
                let upstream = Arc::clone(system);
                let service = (system.secret.clone().into(), upstream as Arc<dyn Upstream>);
                PreparedBackends::simulated(&only(settings, route), &route.backend, service)?
            }
        };
        let data = folder.path().join("data");
        let store = store(&data, &accounts, settings).await?;
        let backends = prepared.open(&data, &store).await?;
        let backend = backends.of(route)?;
        let namespace = backends::namespace(wanted, adapter);
        match &system {
            Some(system) => world.fill(&*system.store, &namespace).await,
            None => world.fill(&*backend, &namespace).await,
        }
        world.introduce(&*backend, &namespace).await?;
        let pipeline = joined(route, (&backends, &store), backend)?.believing(dialect.vouching());
        Ok(Self { pipeline, system, _folder: folder })
    }

    /// Forgets the requests so far.
    pub(super) fn begin(&self) {
        drop(self.requests());
    }

    /// The requests to the system since the last call, in order, without the gateway's own secret.
    pub(super) fn requests(&self) -> Vec<String> {
        let sent = self.system.as_ref().and_then(|system| system.sent.lock().ok());
        sent.map(|mut sent| std::mem::take(&mut *sent)).unwrap_or_default()
    }
}

/// The settings with one backend alone.
fn only(settings: &Settings, route: &Route) -> Settings {
    let mut settings = settings.clone();
    settings.backend.retain(|name, _| *name == route.backend);
    settings.directory = None;
    settings
}

fn joined(
    route: &Route,
    (backends, store): (&Backends, &Store),
    backend: Arc<dyn Backend>,
) -> anyhow::Result<Pipeline> {
    let sessions = backends.sessions(&route.backend, store);
    let pipeline = Pipeline::new(backend, sessions, Arc::new(Authority::new(FORGET)?));
    let sender = Sender { client: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)), by_proxy: true };
    let pipeline = pipeline.seen_from(sender);
    Ok(if backends.is_remote(&route.backend) { pipeline.over_system() } else { pipeline })
}

async fn store(
    directory: &Path,
    accounts: &Accounts,
    settings: &Settings,
) -> anyhow::Result<Store> {
    bootstrap::initialise(directory, accounts).await?;
    let lock = bootstrap::take(directory).await?;
    bootstrap::open(&lock, registry::numbered(settings.named_namespaces())).await
}

/// A system that is simulated by its own dialect. It records the requests.
struct SimulatedSystem {
    dialect: Arc<dyn Dialect>,
    pipeline: Pipeline,
    store: Arc<Store>,
    /// The gateway's secret there.
    secret: String,
    sent: Mutex<Vec<String>>,
}

impl std::fmt::Debug for SimulatedSystem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SimulatedSystem").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

impl SimulatedSystem {
    async fn start(
        folder: &Path,
        (adapter, wanted): (&'static Adapter, &crate::config::settings::Backend),
        first: FirstAdministrator,
    ) -> anyhow::Result<Self> {
        let own = IdNamespace::named(adapter.name);
        let options = RouteOptions { version: wanted.version.clone(), ..RouteOptions::of(own) };
        let made = registry::SYSTEMS.make_dialect(adapter.name, &options);
        let dialect = made.map_err(|why| anyhow!("{} cannot be simulated: {why}", adapter.name))?;
        let directory = folder.join("system");
        bootstrap::initialise(&directory, &first.accounts).await?;
        let lock = bootstrap::take(&directory).await?;
        let store = Arc::new(bootstrap::open(&lock, registry::own_namespaces()).await?);
        let sessions = Sessions::of_store(Arc::clone(&store) as _);
        let authority = Arc::new(Authority::new(FORGET)?);
        let pipeline = Pipeline::new(Arc::clone(&store) as _, sessions, authority);
        let shown = &first.credentials[adapter.name][adapter.key_word];
        let secret = shown.as_str().unwrap_or_default().to_owned();
        Ok(Self { dialect, pipeline, store, secret, sent: Mutex::default() })
    }
}

#[async_trait]
impl Upstream for SimulatedSystem {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        if let Ok(mut sent) = self.sent.lock() {
            sent.push(words::request(&request).replace(&self.secret, MASK));
        }
        let length = request.body.len().to_string();
        let request = request.with("content-length", length).with("host", "system");
        Ok(self.dialect.answer(&request, &self.pipeline).await)
    }
}
