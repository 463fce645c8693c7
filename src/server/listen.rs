//! Binds addresses. Each connection is checked and has time limits.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::Duration;

use actix_http::error::DispatchError;
use actix_http::{HttpService, Protocol};
use actix_server::{Server, ServerHandle};
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::dev::AppConfig;
use actix_web::{App, web};
use futures_util::future::ready;
use tokio::net::{TcpSocket, TcpStream};

use crate::proxies::Proxies;
use crate::router::Router;
use crate::server::limits::Limits;
use crate::server::listener::Listener;
use crate::server::request::{expected, handle};
use crate::server::wire::{Timeouts, Wire};
use crate::term::Stopping;
use crate::usage::Usage;

/// A bound server, ready to be awaited.
pub struct Bound {
    /// The bound address. Port 0 has been replaced by a real port.
    pub address: SocketAddr,
    /// Completes once the server has stopped.
    pub server: Server,
    /// Stops it.
    pub handle: Handle,
}

/// Stops a server.
#[derive(Clone, Debug)]
pub struct Handle {
    server: ServerHandle,
    stopping: Stopping,
}

impl Handle {
    /// Finishes the running requests. A batch begins no further call.
    pub async fn stop(&self) {
        self.stopping.begin();
        self.server.stop(true).await;
    }
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Bound({})", self.address)
    }
}

/// Binds an address and serves the routes on it. What is answered is counted, if it can be.
pub fn bind(
    address: &str,
    router: Router,
    limits: &Limits,
    (proxies, usage): (&Proxies, Option<&Usage>),
) -> std::io::Result<Bound> {
    let stopping = Stopping::default();
    let listener = web::Data::new(Listener::new(router, limits, (proxies, usage), &stopping));
    let mut builder = Server::build()
        .workers(workers(limits.workers))
        .shutdown_timeout(whole_seconds(limits.shutdown))
        .disable_signals();
    let timeouts = Timeouts::of(limits);
    let draining = builder.graceful_shutdown_signal();
    let connections = move || {
        let (listener, draining) = (listener.clone(), draining.clone());
        let asked = listener.clone();
        let app = App::new().app_data(listener).default_service(web::to(handle));
        let app = app.into_factory().map_err(|error| error.error_response());
        let service = HttpService::build()
            .graceful_shutdown_signal(move || {
                let signal = draining.clone();
                async move { signal.notified().await }
            })
            .client_request_timeout(timeouts.head)
            // A client that closes its side has disconnected: no further command of its request is
            // begun.
            .h1_allow_half_closed(false)
            .expect(fn_service(move |request| ready(expected(&asked, request))))
            .finish(map_config(app, |()| AppConfig::default()));
        fn_service(move |stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            let wire = Wire::new(stream, timeouts);
            ready(Ok::<_, DispatchError>((wire, Protocol::Http1, peer)))
        })
        .and_then(service)
    };
    let mut bound = None;
    for socket in listen(address)? {
        let own = socket.local_addr()?;
        builder = builder.listen(format!("http at {own}"), socket, connections.clone())?;
        bound = bound.or(Some(own));
    }
    let address = bound.ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let server = builder.run();
    Ok(Bound { address, handle: Handle { server: server.handle(), stopping }, server })
}

/// Listens on every address of a name.
fn listen(address: &str) -> std::io::Result<Vec<std::net::TcpListener>> {
    const WAITING: u32 = 1024;
    let listen = |address: SocketAddr| {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(WAITING)?.into_std()
    };
    let all: Vec<_> = address.to_socket_addrs()?.map(listen).collect();
    if all.iter().any(Result::is_ok) {
        return Ok(all.into_iter().flatten().collect());
    }
    all.into_iter().collect()
}

fn whole_seconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis().div_ceil(1000)).unwrap_or(u64::MAX)
}

fn workers(wanted: usize) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    if wanted == 0 { cores() } else { wanted }
}
