//! A relay before a system. It counts the requests and the connections that it forwards.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value;

/// A running relay. It ends with the process.
#[derive(Debug)]
pub(crate) struct Relay {
    /// Its base URL.
    pub(crate) url: String,
    passed: Arc<Mutex<Passed>>,
}

/// What was forwarded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Passed {
    /// The requests in their order: `GET /path`, or `POST /path method` for a JSON-RPC call, `POST
    /// /path method+method` for a batch.
    pub(crate) requests: Vec<String>,
    /// How many connections there were.
    pub(crate) connections: usize,
    /// The most requests that waited for their answers at the same moment.
    pub(crate) at_once: usize,
    waiting: usize,
}

impl Passed {
    fn begin(&mut self, request: String) {
        self.requests.push(request);
        self.waiting += 1;
        self.at_once = self.at_once.max(self.waiting);
    }

    fn end(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }
}

impl Relay {
    /// Forwards to this address.
    pub(crate) fn before(system: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let passed: Arc<Mutex<Passed>> = Arc::default();
        let kept = Arc::clone(&passed);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                kept.lock().unwrap().connections += 1;
                // A connection that one side closes early ends the thread.
                thread::spawn(move || forward(&client, system, &kept).unwrap_or_default());
            }
        });
        Self { url, passed }
    }

    /// What was forwarded since the last call of this function.
    pub(crate) fn take(&self) -> Passed {
        std::mem::take(&mut self.passed.lock().unwrap())
    }
}

fn forward(
    mut client: &TcpStream,
    system: SocketAddr,
    kept: &Mutex<Passed>,
) -> std::io::Result<()> {
    let system = TcpStream::connect(system)?;
    client.set_nodelay(true)?;
    system.set_nodelay(true)?;
    let (mut client_in, mut system_in) = (BufReader::new(client), BufReader::new(&system));
    loop {
        let Some((head, body)) = message(&mut client_in)? else { return Ok(()) };
        kept.lock().unwrap().begin(named(&head, &body));
        (&system).write_all(&[head.into_bytes(), body].concat())?;
        let answer = message(&mut system_in)?;
        kept.lock().unwrap().end();
        let Some((head, body)) = answer else { return Ok(()) };
        let last = head.to_lowercase().contains("connection: close");
        client.write_all(&[head.into_bytes(), body].concat())?;
        if last {
            return Ok(());
        }
    }
}

/// The head of the next message, and its body as it was sent. `None`: the connection is closed.
fn message(from: &mut impl BufRead) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let lower = head.to_lowercase();
    let header = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name));
    let mut body = Vec::new();
    if let Some(length) = header("content-length: ") {
        body.resize(length.trim().parse().unwrap(), 0);
        from.read_exact(&mut body)?;
    } else if header("transfer-encoding: ").is_some() {
        while !body.ends_with(b"\r\n0\r\n\r\n") && body != b"0\r\n\r\n" {
            from.read_until(b'\n', &mut body)?;
        }
    }
    Ok(Some((head, body)))
}

/// A request in a failure message.
fn named(head: &str, body: &[u8]) -> String {
    let line = head.split(" HTTP/").next().unwrap_or_default();
    let line = line.split('?').next().unwrap_or_default();
    let call: Value = serde_json::from_slice(body).unwrap_or_default();
    let method = |call: &Value| call.get("method").and_then(Value::as_str).map(str::to_owned);
    let batch = || Some(call.as_array()?.iter().filter_map(method).collect::<Vec<_>>().join("+"));
    match method(&call).or_else(batch) {
        Some(methods) => format!("{line} {methods}"),
        None => line.to_owned(),
    }
}
