//! Everything that the gateway builds from a configuration, in one value: backends, routes with
//! their dialects, pipelines and origins, limits and trusted proxies. A reload will build another
//! one and replace this one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::vouching::Vouching;
use isogloss_store::Store;

use crate::auth::Authority;
use crate::auth::guessing::Policy;
use crate::backends::{Backends, PreparedBackends};
use crate::config::settings::{self, Settings};
use crate::origin::{CONNECT_TIMEOUT, IdleLimits, Origin};
use crate::pipeline::Pipeline;
use crate::proxies::Proxies;
use crate::random::random;
use crate::registry;
use crate::router::{Mode, Route, Router};
use crate::server::limits::Limits;
use crate::upstream::Reach;

/// The largest answer to one forwarded call, in bytes. Such an answer is held in memory. A streamed
/// answer is not.
const ORIGIN_RESPONSE_LIMIT: usize = 64 << 20;

/// One address that the gateway listens on.
#[derive(Debug)]
pub struct Listener {
    /// The address, as configured.
    pub address: String,
    /// Its routes.
    pub router: Router,
    /// The names of the routes' dialects, in the order of the configuration.
    pub dialects: Vec<String>,
}

/// A gateway that can serve.
#[derive(Debug)]
pub struct Gateway {
    /// The addresses to listen on.
    pub listeners: Vec<Listener>,
    /// The limits of each listener.
    pub limits: Limits,
    /// The trusted proxies of each listener.
    pub proxies: Proxies,
}

/// The gateway of a configuration, before a file of the data directory is opened. Nothing is sent
/// to a system yet. `serve` opens it. `config check --connect` tests its systems.
#[derive(Debug)]
pub struct PreparedGateway {
    pub(crate) backends: PreparedBackends,
    pub(crate) routes: Vec<PreparedRoute>,
    authority: Arc<Authority>,
}

/// A route before its backend is opened.
pub(crate) struct PreparedRoute {
    wanted: settings::Route,
    dialect: Arc<dyn Dialect>,
    vouching: Vouching,
    /// The origin, if the route has one.
    pub(crate) origin: Option<Arc<Origin>>,
}

impl PreparedGateway {
    /// Builds what needs no file of the data directory. The error says what cannot be used.
    pub fn new(settings: &Settings) -> anyhow::Result<Self> {
        let backends = PreparedBackends::new(settings)?;
        let lasting = Duration::from_secs(settings.auth.remember_secs);
        let authority = Authority::new(lasting)?.guessing(guess_policy(&settings.auth));
        let mut routes = Vec::with_capacity(settings.route.len());
        for wanted in &settings.route {
            let route = || format!("route {}", wanted.path);
            backends.check(&wanted.backend).with_context(route)?;
            routes.push(PreparedRoute::new(settings, wanted).with_context(route)?);
        }
        Ok(Self { backends, routes, authority: Arc::new(authority) })
    }

    /// Opens the sidecars, and joins each route to its backend. Without a store, every route must be
    /// in the mode `proxy`.
    pub async fn open(self, settings: &Settings, store: Option<&Store>) -> anyhow::Result<Gateway> {
        let backends = match store {
            Some(store) => self.backends.open(&settings.store.directory, store).await?,
            None => Backends::default(),
        };
        let mut routes: BTreeMap<String, Vec<Route>> = BTreeMap::new();
        for route in self.routes {
            let address = route.wanted.listen.as_ref().unwrap_or(&settings.server.listen).clone();
            let pipeline = match (route.wanted.mode, store) {
                (settings::Mode::Proxy, _) => None,
                (settings::Mode::Normal, None) => bail!("{route:?}: no store is open"),
                (settings::Mode::Normal, Some(store)) => {
                    let sessions = backends.sessions(&route.wanted.backend, store);
                    let backend = backends.of(&route.wanted)?;
                    let pipeline = Pipeline::new(backend, sessions, Arc::clone(&self.authority));
                    let is_remote = backends.is_remote(&route.wanted.backend);
                    Some(if is_remote { pipeline.over_system() } else { pipeline })
                }
            };
            routes.entry(address).or_default().push(route.joined_to(pipeline)?);
        }
        Ok(Gateway {
            listeners: routes.into_iter().map(Listener::of).collect(),
            limits: limits(&settings.server),
            proxies: settings.server.trusted_proxies.clone(),
        })
    }
}

impl Gateway {
    /// Builds the gateway of a checked configuration. Nothing is sent to a system yet.
    pub async fn build(settings: &Settings, store: Option<&Store>) -> anyhow::Result<Self> {
        PreparedGateway::new(settings)?.open(settings, store).await
    }
}

impl Listener {
    fn of((address, routes): (String, Vec<Route>)) -> Self {
        let dialects = routes.iter().map(|route| route.name.clone()).collect();
        Self { address, dialects, router: Router::new(routes) }
    }
}

impl PreparedRoute {
    fn new(settings: &Settings, wanted: &settings::Route) -> anyhow::Result<Self> {
        let (server, options) = (&settings.server, settings.dialect_options(wanted));
        let dialect = registry::SYSTEMS.make_dialect(&wanted.dialect, &options);
        let dialect = dialect.map_err(|why| anyhow!(why))?;
        let vouching = dialect.vouching();
        let origin = wanted.origin.as_ref().map(|wanted| origin(server, wanted, &vouching));
        let origin = origin.transpose().context("origin")?;
        Ok(Self { wanted: wanted.clone(), dialect, vouching, origin })
    }

    /// The route with the way to its backend; in the mode `proxy` it has none.
    fn joined_to(self, pipeline: Option<Pipeline>) -> anyhow::Result<Route> {
        let Self { wanted, dialect, vouching, origin } = self;
        let mode = match (pipeline, origin) {
            (Some(pipeline), origin) => {
                let pipeline = pipeline.with_origin(origin.clone()).believing(vouching);
                Mode::Normal { pipeline: Box::new(pipeline), origin }
            }
            (None, Some(origin)) => Mode::Proxy(origin),
            (None, None) => bail!("route {}: the mode proxy needs an origin", wanted.path),
        };
        let settings::Route { path, host, dialect: name, .. } = wanted;
        Ok(Route { path, host, name, dialect, mode })
    }
}

impl fmt::Debug for PreparedRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { wanted, origin, .. } = self;
        f.debug_struct("PreparedRoute")
            .field("wanted", wanted)
            .field("origin", origin)
            .finish_non_exhaustive()
    }
}

/// Builds the origin of a route. Its name in `Via` is random, so that no other gateway has the
/// same.
fn origin(
    server: &settings::Server,
    wanted: &settings::Origin,
    vouching: &Vouching,
) -> anyhow::Result<Arc<Origin>> {
    let idle_limits = IdleLimits {
        exchange: Duration::from_millis(server.idle_timeout_ms),
        websocket: Duration::from_millis(server.websocket_idle_timeout_ms),
    };
    let pseudonym = format!("isogloss-{}", hex::encode(&random()[..8]));
    let origin = Origin::new(&origin_reach(wanted), idle_limits, pseudonym);
    let origin = origin.map_err(|why| anyhow!(why))?;
    let origin = origin.preserving_host(wanted.preserve_host);
    let origin = origin.limiting_bodies(wanted.body_limit_bytes);
    Ok(Arc::new(origin.with_vouching_headers(vouching.headers.clone())))
}

/// How the origin of a route is reached.
fn origin_reach(wanted: &settings::Origin) -> Reach {
    Reach {
        url: wanted.url.as_str().to_owned(),
        connect_timeout: wanted.connect_timeout_ms.map_or(CONNECT_TIMEOUT, Duration::from_millis),
        timeout: Duration::from_millis(wanted.timeout_ms.unwrap_or(30_000)),
        response_limit: ORIGIN_RESPONSE_LIMIT,
        ca_file: wanted.ca_file.clone(),
        identity_file: wanted.identity_file.clone(),
    }
}

/// The limits on wrong passwords.
pub(crate) const fn guess_policy(auth: &settings::Auth) -> Policy {
    Policy {
        guesses: auth.guesses,
        wait: Duration::from_secs(auth.wait_secs),
        longest_wait: Duration::from_secs(auth.longest_wait_secs),
        account_guesses: auth.account_guesses,
        address_guesses: auth.address_guesses,
    }
}

const fn limits(server: &settings::Server) -> Limits {
    Limits {
        body: server.body_limit_bytes,
        request: Duration::from_millis(server.request_timeout_ms),
        batch: server.batch_limit,
        head: Duration::from_millis(server.head_timeout_ms),
        idle: Duration::from_millis(server.idle_timeout_ms),
        websocket_idle: Duration::from_millis(server.websocket_idle_timeout_ms),
        websockets: server.websocket_limit,
        shutdown: Duration::from_millis(server.shutdown_timeout_ms),
        workers: server.workers,
    }
}
