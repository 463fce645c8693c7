//! Builds the gateway out of its configuration, and runs it until it is told to stop.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use futures_util::future::join_all;
use isogloss_canonical::vouching::Vouching;
use isogloss_store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::auth::Authority;
use crate::auth::guessing::Policy;
use crate::backends::Backends;
use crate::config::settings::{self, Settings};
use crate::origin::{CONNECT_TIMEOUT, IdleLimits, Origin};
use crate::pipeline::Pipeline;
use crate::provision::bootstrap;
use crate::random::random;
use crate::router::{Route, Router};
use crate::upstream::Reach;
use crate::{registry, server};

/// Opens the embedded store of a configuration, which must be initialised.
pub async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let directory = &settings.store.directory;
    let missing =
        || anyhow!("{} is not initialised; `isogloss init` does that", directory.display());
    if !directory.is_dir() {
        return Err(missing());
    }
    let turn = bootstrap::take(directory).await?;
    if !bootstrap::is_initialised(&turn)? {
        return Err(missing());
    }
    bootstrap::open(&turn, registry::numbered(settings.named_namespaces())).await
}

/// Serves until a signal comes, then finishes what is in flight and closes the store.
pub async fn serve(settings: &Settings, store: Store) -> anyhow::Result<()> {
    let mut stop = Stop::listen().context("signals cannot be heard")?;
    let mut servers = Vec::new();
    let backends = Backends::open(settings, &store).await?;
    for (address, (router, names)) in listeners(settings, &backends, &store)? {
        let bound = server::listen::bind(&address, router, &settings.server)
            .with_context(|| format!("cannot listen on {address}"))?;
        announce(&format!("listening on http://{} ({names})", bound.address));
        servers.push(bound);
    }
    let handles: Vec<_> = servers.iter().map(|bound| bound.handle.clone()).collect();
    let stopper = tokio::spawn(async move {
        let signal = stop.came().await;
        tracing::info!(signal, "stopping: finishing what is in flight");
        join_all(handles.iter().map(server::listen::Handle::stop)).await;
    });
    let ended = join_all(servers.into_iter().map(|bound| bound.server)).await;
    stopper.abort();
    backends.close().await;
    store.close().await;
    tracing::info!("stopped");
    ended.into_iter().collect::<Result<(), _>>().map_err(|error| anyhow!(error))
}

/// The routers by address, each with the names of its dialects.
fn listeners(
    settings: &Settings,
    backends: &Backends,
    store: &Store,
) -> anyhow::Result<BTreeMap<String, (Router, String)>> {
    let lasting = Duration::from_secs(settings.auth.remember_secs);
    let authority = Arc::new(Authority::new(lasting)?.guessing(Policy::from(&settings.auth)));
    let pipeline = |route: &settings::Route| -> anyhow::Result<Pipeline> {
        let sessions = backends.sessions(&route.backend, store);
        Ok(Pipeline::new(backends.of(route)?, sessions, Arc::clone(&authority)))
    };
    let mut routes: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for route in &settings.route {
        let address = route.listen.as_ref().unwrap_or(&settings.server.listen);
        routes.entry(address.clone()).or_default().push(mount(settings, route, pipeline(route)?)?);
    }
    let listener = |(address, routes): (String, Vec<Route>)| {
        let names: Vec<_> = routes.iter().map(|route| route.name.clone()).collect();
        (address, (Router::new(routes), names.join(", ")))
    };
    Ok(routes.into_iter().map(listener).collect())
}

fn mount(
    settings: &Settings,
    route: &settings::Route,
    pipeline: Pipeline,
) -> anyhow::Result<Route> {
    let limits = IdleLimits {
        exchange: Duration::from_millis(settings.server.idle_timeout_ms),
        websocket: Duration::from_millis(settings.server.websocket_idle_timeout_ms),
    };
    let dialect = registry::SYSTEMS
        .dialect(&route.dialect, &route.dialect_options())
        .map_err(|why| anyhow!("route {}: {why}", route.path))?;
    let vouching = dialect.vouching();
    let origin = route.origin.as_ref().map(|wanted| origin(wanted, limits, &vouching));
    let origin = origin.transpose().with_context(|| format!("route {}: origin", route.path))?;
    Ok(Route {
        path: route.path.clone(),
        host: route.host.clone(),
        name: route.dialect.clone(),
        pipeline: pipeline.with_origin(origin.clone()).believing(vouching),
        dialect,
        origin,
    })
}

/// The largest answer to a single call that an origin is asked for us: such an answer is held in
/// memory, unlike what streams.
const ORIGIN_LIMIT: usize = 64 << 20;

/// How the old system of a route is reached.
pub(crate) fn reach(wanted: &settings::Origin) -> Reach {
    Reach {
        url: wanted.url.as_str().to_owned(),
        connect_timeout: wanted.connect_timeout_ms.map_or(CONNECT_TIMEOUT, Duration::from_millis),
        timeout: Duration::from_millis(wanted.timeout_ms.unwrap_or(30_000)),
        response_limit: ORIGIN_LIMIT,
        ca_file: wanted.ca_file.clone(),
        identity_file: wanted.identity_file.clone(),
    }
}

/// The old system of a route. Its name in `Via` is drawn anew, so that only we are a loop to us.
fn origin(
    wanted: &settings::Origin,
    limits: IdleLimits,
    vouching: &Vouching,
) -> anyhow::Result<Arc<Origin>> {
    let pseudonym = format!("isogloss-{}", hex::encode(&random()[..8]));
    let made = Origin::new(&reach(wanted), limits, pseudonym);
    Ok(Arc::new(made.map_err(|why| anyhow!(why))?.with_vouching_headers(vouching.headers.clone())))
}

/// Tells a person, or a script that waits for it, where the gateway listens. It serves without a
/// listener too.
fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        tracing::warn!(line, %error, "standard output is not read");
    }
}

/// The signals that are heard.
struct Stop {
    term: Signal,
    int: Signal,
    quit: Signal,
    hangup: Signal,
    /// These ask for nothing; unheard, they would end the process at once.
    ignored: [Signal; 2],
    /// The same of timers, files over a limit (which then fail by themselves) and the power supply.
    _unheard: Vec<Signal>,
}

/// SIGALRM, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO and SIGPWR, as Linux numbers them.
const UNHEARD: [i32; 6] = [14, 25, 26, 27, 29, 30];

impl Stop {
    /// From here on a signal is heard, and no longer ends the process at once.
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            term: signal(SignalKind::terminate())?,
            int: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            ignored: [signal(SignalKind::user_defined1())?, signal(SignalKind::user_defined2())?],
            _unheard: UNHEARD
                .map(|number| signal(SignalKind::from_raw(number)))
                .into_iter()
                .collect::<Result<_, _>>()?,
        })
    }

    /// Waits for a signal that asks for an end.
    async fn came(&mut self) -> &'static str {
        let [one, two] = &mut self.ignored;
        loop {
            tokio::select! {
                _ = self.term.recv() => return "SIGTERM",
                _ = self.int.recv() => return "SIGINT",
                _ = self.quit.recv() => return "SIGQUIT",
                _ = self.hangup.recv() => {
                    tracing::warn!("SIGHUP: the configuration is not read again; restart for that");
                }
                _ = one.recv() => tracing::debug!("SIGUSR1 asks for nothing"),
                _ = two.recv() => tracing::debug!("SIGUSR2 asks for nothing"),
            }
        }
    }
}
