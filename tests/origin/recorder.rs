//! An origin that answers each request head at once and leaves its connections open. It records
//! what arrived, and on which connection.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// One request, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// The number of heads that arrived before its own, on all connections.
    order: usize,
    /// The number of its connection.
    pub(crate) connection: usize,
    /// Its head, as it was sent.
    pub(crate) head: String,
    /// Its body, with the length that the head gives. `None`: it ended early.
    pub(crate) body: Option<Vec<u8>>,
}

impl Arrived {
    /// The first line without the version.
    pub(crate) fn asks(&self) -> &str {
        self.head.split(" HTTP/1.1\r\n").next().unwrap()
    }
}

/// A running recorder. It ends with the process.
pub(crate) struct Recorder {
    /// Its base URL.
    pub(crate) url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    heads: Arc<AtomicUsize>,
}

impl Recorder {
    /// Answers every request at once with exactly these bytes.
    pub(crate) fn answering(answer: &'static str) -> Self {
        Self::with(answer, true)
    }

    /// Answers each request after its whole body has arrived.
    pub(crate) fn patient() -> Self {
        Self::with(OK, false)
    }

    fn with(answer: &'static str, hasty: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let arrived = Arc::new(Mutex::new(Vec::new()));
        let heads = Arc::new(AtomicUsize::new(0));
        let (kept, counted) = (Arc::clone(&arrived), Arc::clone(&heads));
        thread::spawn(move || {
            for (number, stream) in listener.incoming().flatten().enumerate() {
                let (kept, counted) = (Arc::clone(&kept), Arc::clone(&counted));
                let answer = Canned { answer, hasty };
                thread::spawn(move || serve(stream, number, answer, (&kept, &counted)));
            }
        });
        Self { url, arrived, heads }
    }

    /// Answers every request with two bytes.
    pub(crate) fn start() -> Self {
        Self::answering(OK)
    }

    /// The requests that have arrived, in the order of their heads. It waits for this number, up to
    /// a limit.
    pub(crate) fn arrived(&self, wanted: usize) -> Vec<Arrived> {
        poll(|| self.arrived.lock().unwrap().len() >= wanted);
        let mut arrived = self.arrived.lock().unwrap().clone();
        // A request is recorded when its body has arrived. A later request can be complete before
        // it.
        arrived.sort_by_key(|one| one.order);
        arrived
    }

    /// The requests that have arrived, after all of them were answered. Every head is counted
    /// before it is answered, so only the rest of a body can be missing.
    pub(crate) fn arrived_by_now(&self) -> Vec<Arrived> {
        self.arrived(self.heads.load(Ordering::SeqCst))
    }

    /// Waits until this many heads have arrived. Their bodies may arrive later.
    pub(crate) fn await_heads(&self, wanted: usize) {
        poll(|| self.heads.load(Ordering::SeqCst) >= wanted);
    }
}

/// Waits until a condition is true, up to a limit.
fn poll(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(10));
    }
}

/// The answer to every request, and whether it is sent before the body has arrived.
#[derive(Clone, Copy)]
struct Canned {
    answer: &'static str,
    hasty: bool,
}

fn serve(
    mut stream: TcpStream,
    number: usize,
    Canned { answer, hasty }: Canned,
    (kept, heads): (&Mutex<Vec<Arrived>>, &AtomicUsize),
) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if reader.read_until(b'\n', &mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let head = String::from_utf8_lossy(&head).into_owned();
        let order = heads.fetch_add(1, Ordering::SeqCst);
        // If only the head is answered and the body is missing, the connection is out of step from
        // here on.
        if hasty && stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        let body = body(&head, &mut reader);
        if !hasty && stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
        let broken = body.is_none();
        kept.lock().unwrap().push(Arrived { order, connection: number, head, body });
        if broken {
            return;
        }
    }
}

fn body(head: &str, reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let head = head.to_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let mut body = Vec::new();
    if let Some(length) = header("content-length: ") {
        body.resize(length.trim().parse().unwrap(), 0);
        reader.read_exact(&mut body).ok()?;
    } else if header("transfer-encoding: ").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            let mut piece = vec![0; size + 2];
            reader.read_exact(&mut piece).ok()?;
            if size == 0 {
                break;
            }
            body.extend_from_slice(&piece[..size]);
        }
    }
    Some(body)
}
