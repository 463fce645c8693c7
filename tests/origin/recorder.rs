//! An old system that answers each head at once, keeps its connections open, and writes down what
//! arrived on which of them.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// How many heads came before its own, on whichever connection.
    order: usize,
    /// The number of the connection it came on.
    pub(crate) connection: usize,
    /// Its head, as it was sent.
    pub(crate) head: String,
    /// Its body, as its head frames it; `None`: it broke off.
    pub(crate) body: Option<Vec<u8>>,
}

impl Arrived {
    /// The first line without the version.
    pub(crate) fn asks(&self) -> &str {
        self.head.split(" HTTP/1.1\r\n").next().unwrap()
    }
}

/// A running recorder; it ends with the process.
pub(crate) struct Recorder {
    /// Its base URL.
    pub(crate) url: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
    heads: Arc<AtomicUsize>,
}

impl Recorder {
    /// Answers every request with this, byte for byte, and at once.
    pub(crate) fn answering(answer: &'static str) -> Self {
        Self::with(answer, true)
    }

    /// Answers once the body is there.
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

    /// What has arrived, in the order of the heads, once it is this much or time is up.
    pub(crate) fn arrived(&self, wanted: usize) -> Vec<Arrived> {
        poll(|| self.arrived.lock().unwrap().len() >= wanted);
        let mut arrived = self.arrived.lock().unwrap().clone();
        // A request is written down once its body is there: a later one may be whole before it.
        arrived.sort_by_key(|one| one.order);
        arrived
    }

    /// What has arrived, where all requests have been answered: every head that the recorder answered
    /// is counted before its answer, so that only the rest of a body can be missing.
    pub(crate) fn arrived_by_now(&self) -> Vec<Arrived> {
        self.arrived(self.heads.load(Ordering::SeqCst))
    }

    /// Waits until this many heads are there; their bodies may follow.
    pub(crate) fn await_heads(&self, wanted: usize) {
        poll(|| self.heads.load(Ordering::SeqCst) >= wanted);
    }
}

/// Waits until something holds, or time is up.
fn poll(holds: impl Fn() -> bool) {
    let start = Instant::now();
    while !holds() && start.elapsed() < Duration::from_secs(20) {
        thread::sleep(Duration::from_millis(10));
    }
}

/// What every request is answered, and whether before its body is there.
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
        // If the head alone is answered, whoever withholds the body is out of step from here on.
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
