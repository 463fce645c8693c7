//! Everything that a configuration decides while the gateway serves, in one value: backends, routes
//! with their dialects, pipelines and origins, limits and trusted proxies. A reload will build
//! another one and swap it in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use isogloss_canonical::vouching::Vouching;
use isogloss_store::Store;

use crate::auth::Authority;
use crate::auth::guessing::Policy;
use crate::backends::Backends;
use crate::config::settings::{self, Settings};
use crate::origin::{CONNECT_TIMEOUT, IdleLimits, Origin};
use crate::pipeline::Pipeline;
use crate::proxies::Proxies;
use crate::random::random;
use crate::registry;
use crate::router::{Route, Router};
use crate::server::limits::Limits;
use crate::upstream::Reach;

/// The largest answer to one forwarded call, in bytes. Such an answer is held in memory, unlike
/// what streams.
const ORIGIN_RESPONSE_LIMIT: usize = 64 << 20;

/// One address that the gateway listens on.
#[derive(Debug)]
pub struct Listener {
    /// The address, as configured.
    pub address: String,
    /// Its routes.
    pub router: Router,
    /// The names of their dialects, in the order of the configuration.
    pub dialects: Vec<String>,
}

/// A gateway that can serve.
#[derive(Debug)]
pub struct Gateway {
    /// The addresses to listen on.
    pub listeners: Vec<Listener>,
    /// What each of them takes of a client.
    pub limits: Limits,
    /// The proxies that each of them trusts.
    pub proxies: Proxies,
    backends: Backends,
}

impl Gateway {
    /// Builds the gateway of a checked configuration. Nothing is sent to a system yet.
    pub async fn build(settings: &Settings, store: &Store) -> anyhow::Result<Self> {
        let backends = Backends::open(settings, store).await?;
        Ok(Self {
            listeners: listeners(settings, &backends, store)?,
            limits: limits(&settings.server),
            proxies: settings.server.trusted_proxies.clone(),
            backends,
        })
    }

    /// Closes the databases of the backends.
    pub async fn close(&self) {
        self.backends.close().await;
    }
}

fn listeners(
    settings: &Settings,
    backends: &Backends,
    store: &Store,
) -> anyhow::Result<Vec<Listener>> {
    let lasting = Duration::from_secs(settings.auth.remember_secs);
    let authority = Arc::new(Authority::new(lasting)?.guessing(guess_policy(&settings.auth)));
    let mut routes: BTreeMap<&str, Vec<Route>> = BTreeMap::new();
    for wanted in &settings.route {
        let address = wanted.listen.as_ref().unwrap_or(&settings.server.listen);
        let sessions = backends.sessions(&wanted.backend, store);
        let pipeline = Pipeline::new(backends.of(wanted)?, sessions, Arc::clone(&authority));
        let route = route(&settings.server, wanted, pipeline);
        let route = route.with_context(|| format!("route {}", wanted.path))?;
        routes.entry(address).or_default().push(route);
    }
    let listener = |(address, routes): (&str, Vec<Route>)| Listener {
        address: address.to_owned(),
        dialects: routes.iter().map(|route| route.name.clone()).collect(),
        router: Router::new(routes),
    };
    Ok(routes.into_iter().map(listener).collect())
}

fn route(
    server: &settings::Server,
    wanted: &settings::Route,
    pipeline: Pipeline,
) -> anyhow::Result<Route> {
    let dialect = registry::SYSTEMS.dialect(&wanted.dialect, &wanted.dialect_options());
    let dialect = dialect.map_err(|why| anyhow!(why))?;
    let vouching = dialect.vouching();
    let origin = wanted.origin.as_ref().map(|wanted| origin(server, wanted, &vouching));
    let origin = origin.transpose().context("origin")?;
    Ok(Route {
        path: wanted.path.clone(),
        host: wanted.host.clone(),
        name: wanted.dialect.clone(),
        pipeline: pipeline.with_origin(origin.clone()).believing(vouching),
        dialect,
        origin,
    })
}

/// The old system of a route. Its name in `Via` is drawn anew, so that no other gateway has it.
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
    Ok(Arc::new(origin.with_vouching_headers(vouching.headers.clone())))
}

/// How the old system of a route is reached.
pub(crate) fn origin_reach(wanted: &settings::Origin) -> Reach {
    Reach {
        url: wanted.url.as_str().to_owned(),
        connect_timeout: wanted.connect_timeout_ms.map_or(CONNECT_TIMEOUT, Duration::from_millis),
        timeout: Duration::from_millis(wanted.timeout_ms.unwrap_or(30_000)),
        response_limit: ORIGIN_RESPONSE_LIMIT,
        ca_file: wanted.ca_file.clone(),
        identity_file: wanted.identity_file.clone(),
    }
}

/// How many wrong passwords are taken.
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
        shutdown: Duration::from_millis(server.shutdown_timeout_ms),
        workers: server.workers,
    }
}
