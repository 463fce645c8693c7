//! Runs the gateway of a configuration until a signal stops it.

use std::io::Write;

use anyhow::{Context, anyhow};
use futures_util::future::join_all;
use isogloss_store::Store;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::settings::Settings;
use crate::config::values;
use crate::gateway::{Gateway, Listener};
use crate::registry;
use crate::server::listen;
use crate::usage::Writer;

/// Opens the embedded store of a configuration, which must be initialised.
pub async fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    let namespaces = registry::numbered(settings.named_namespaces());
    values::state(settings)?.open(namespaces).await
}

/// Serves until a signal arrives, then finishes the running requests and closes the store, if there
/// is one.
pub async fn serve(settings: &Settings, store: Option<Store>) -> anyhow::Result<()> {
    let mut stop = Stop::listen().context("signals cannot be heard")?;
    let mut servers = Vec::new();
    let gateway = Gateway::build(settings, store.as_ref()).await?;
    let counting = Writer::start(settings.store.directory.clone()).await;
    let usage = counting.as_ref().map(Writer::usage);
    for Listener { address, router, dialects } in &gateway.listeners {
        let bound =
            listen::bind(address, router.clone(), &gateway.limits, (&gateway.proxies, usage))
                .with_context(|| format!("cannot listen on {address}"))?;
        announce(&format!("listening on http://{} ({})", bound.address, dialects.join(", ")));
        servers.push(bound);
    }
    let handles: Vec<_> = servers.iter().map(|bound| bound.handle.clone()).collect();
    let stopper = tokio::spawn(async move {
        let signal = stop.came().await;
        tracing::info!(signal, "stopping: finishing the running requests");
        join_all(handles.iter().map(listen::Handle::stop)).await;
    });
    let ended = join_all(servers.into_iter().map(|bound| bound.server)).await;
    stopper.abort();
    if let Some(counting) = &counting {
        counting.close().await;
    }
    if let Some(store) = store {
        store.close().await;
    }
    tracing::info!("stopped");
    ended.into_iter().collect::<Result<(), _>>().map_err(|error| anyhow!(error))
}

/// Prints the address that the gateway listens on, for people and scripts. A failure to print is
/// ignored.
fn announce(line: &str) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = writeln!(out, "{line}").and_then(|()| out.flush()) {
        tracing::warn!(line, %error, "standard output is not read");
    }
}

/// The signals that the gateway handles.
struct Stop {
    term: Signal,
    int: Signal,
    quit: Signal,
    hangup: Signal,
    /// Signals that are ignored. Without a handler they would end the process.
    ignored: [Signal; 2],
    /// The same for timers, files over a limit (whose writes then fail) and the power supply.
    _unheard: Vec<Signal>,
}

/// SIGALRM, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO and SIGPWR, as Linux numbers them.
const UNHEARD: [i32; 6] = [14, 25, 26, 27, 29, 30];

impl Stop {
    /// Installs the handlers. From here on a signal does not end the process at once.
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

    /// Waits for a signal that stops the gateway.
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
                _ = one.recv() => tracing::debug!("SIGUSR1 is ignored"),
                _ = two.recv() => tracing::debug!("SIGUSR2 is ignored"),
            }
        }
    }
}
