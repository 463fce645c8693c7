//! A TCP relay between a test and servers: round-robin, or one that can be cut like a network.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// How often a relay that is cut looks whether it is healed.
const PAUSE: Duration = Duration::from_millis(5);

/// A relay on a free port. It ends with the value.
pub(crate) struct Relay {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    targets: Vec<SocketAddr>,
    next: AtomicUsize,
    /// No byte passes, in either direction, and nobody is told.
    cut: AtomicBool,
    ended: AtomicBool,
}

impl Relay {
    /// Each connection goes to the next target that accepts it.
    pub(crate) fn to(targets: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            targets,
            next: AtomicUsize::new(0),
            cut: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let relaying = Arc::clone(&shared);
        thread::spawn(move || {
            for client in listener.incoming() {
                if relaying.ended.load(Ordering::SeqCst) {
                    return;
                }
                let (shared, Ok(client)) = (Arc::clone(&relaying), client) else { return };
                thread::spawn(move || shared.relay(client));
            }
        });
        Self { address, shared }
    }

    pub(crate) const fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts the network, or heals it.
    pub(crate) fn cut(&self, is_cut: bool) {
        self.shared.cut.store(is_cut, Ordering::SeqCst);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        let _woken = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn relay(self: &Arc<Self>, client: TcpStream) {
        self.wait();
        let connect = |_| {
            let at = self.next.fetch_add(1, Ordering::SeqCst) % self.targets.len();
            TcpStream::connect(self.targets[at]).ok()
        };
        let Some(server) = (0..self.targets.len()).find_map(connect) else { return };
        let (Ok(from), Ok(to)) = (client.try_clone(), server.try_clone()) else { return };
        let other = Arc::clone(self);
        thread::spawn(move || other.pump(from, to));
        self.pump(server, client);
    }

    fn wait(&self) {
        while self.cut.load(Ordering::SeqCst) && !self.ended.load(Ordering::SeqCst) {
            thread::sleep(PAUSE);
        }
    }

    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            self.wait();
            if to.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        // Either end may be closed already.
        let _ends =
            (from.shutdown(std::net::Shutdown::Both), to.shutdown(std::net::Shutdown::Both));
    }
}
