//! A proxy before a system that can fail in every way in which servers and networks fail.

use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// How a request of the gateway fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The connection ends before the request is read.
    Refused,
    /// The request is read and not carried out, and the connection ends.
    ResetBefore,
    /// The request is carried out, and the connection ends without an answer.
    ResetAfter,
    /// The request is carried out, and the answer ends in the middle of its body.
    Truncated,
    /// The answer ends in the middle of its head.
    HeadOnly,
    /// The request is carried out, and the body of the answer is garbled.
    Garbled,
    /// The request is carried out, and a page comes in place of the answer.
    Page,
    /// The request is not carried out: the server, or a proxy before it, answers with this status.
    Status(u16),
    /// Nothing is answered.
    Silent,
    /// The answer comes one byte at a time.
    Trickled,
}

/// How the names of methods begin that change nothing.
const READS: [&str; 2] = ["get", "is"];
/// What one byte of a trickled answer waits for.
const DRIP: Duration = Duration::from_millis(100);

impl Fault {
    pub(crate) const ALL: [Self; 13] = [
        Self::Refused,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::Truncated,
        Self::HeadOnly,
        Self::Garbled,
        Self::Page,
        Self::Status(500),
        Self::Status(502),
        Self::Status(503),
        Self::Status(504),
        Self::Silent,
        Self::Trickled,
    ];

    /// The faults that are made for every request. The others stop at the proof of the caller alike.
    pub(crate) const OF_EVERYTHING: [Self; 4] =
        [Self::Refused, Self::Page, Self::Status(503), Self::Silent];

    pub(crate) fn name(self) -> String {
        match self {
            Self::Status(status) => format!("status-{status}"),
            Self::Refused => "refused".to_owned(),
            Self::ResetBefore => "reset-before-the-answer".to_owned(),
            Self::ResetAfter => "reset-after-the-work".to_owned(),
            Self::Truncated => "truncated".to_owned(),
            Self::HeadOnly => "half-a-head".to_owned(),
            Self::Garbled => "garbled".to_owned(),
            Self::Page => "a-page".to_owned(),
            Self::Silent => "silent".to_owned(),
            Self::Trickled => "trickled".to_owned(),
        }
    }
}

/// Which requests of the gateway fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All of them. No call comes further than the proof of its caller.
    Everything,
    /// Those that change something.
    Writes,
}

/// What fails, and how.
type Failing = Arc<Mutex<Option<(Fault, Scope)>>>;

/// A running proxy. It ends with the process.
pub(crate) struct Proxy {
    pub(crate) url: String,
    failing: Failing,
}

impl Proxy {
    pub(crate) fn before(system: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let failing = Failing::default();
        let shared = Arc::clone(&failing);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let failing = Arc::clone(&shared);
                // A connection that one side closes early ends the thread.
                thread::spawn(move || serve(&client, system, &failing).unwrap_or_default());
            }
        });
        Self { url, failing }
    }

    /// From now on these requests fail.
    pub(crate) fn fail(&self, fault: Fault, scope: Scope) {
        *self.failing.lock().unwrap() = Some((fault, scope));
    }

    /// From now on every request is passed on.
    pub(crate) fn mend(&self) {
        *self.failing.lock().unwrap() = None;
    }
}

/// A message as it was sent.
struct Message {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Message {
    /// Whether a request changes something: by its verb, and of a JSON-RPC call by its method.
    fn writes(&self) -> bool {
        let call: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        let calls = call.as_array().cloned().unwrap_or_else(|| vec![call]);
        let methods: Vec<_> = calls.iter().filter_map(|call| call["method"].as_str()).collect();
        if methods.is_empty() {
            return !self.head.starts_with(b"GET ");
        }
        let reads = |method: &str| READS.iter().any(|start| method.starts_with(start));
        methods.into_iter().any(|method| !reads(method))
    }

    fn bytes(&self) -> Vec<u8> {
        [self.head.as_slice(), &self.body].concat()
    }
}

fn serve(
    client: &TcpStream,
    system: SocketAddr,
    failing: &Mutex<Option<(Fault, Scope)>>,
) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    let mut requests = BufReader::new(client);
    if *failing.lock().unwrap() == Some((Fault::Refused, Scope::Everything)) {
        return client.shutdown(Shutdown::Both);
    }
    while let Some(request) = message(&mut requests)? {
        let failing = *failing.lock().unwrap();
        let meets = |(_, scope): &(Fault, Scope)| *scope == Scope::Everything || request.writes();
        let now = failing.filter(meets).map(|(fault, _)| fault);
        match now {
            Some(Fault::Refused | Fault::ResetBefore) => return client.shutdown(Shutdown::Both),
            Some(Fault::Status(status)) => {
                let page = "<html><body><h1>An error</h1></body></html>";
                return answer(client, &format!("{status} Error"), page);
            }
            Some(Fault::Silent) => {
                // The gateway gives up, and closes the connection.
                let _closed = requests.fill_buf()?;
                return Ok(());
            }
            None
            | Some(
                Fault::ResetAfter
                | Fault::Truncated
                | Fault::HeadOnly
                | Fault::Garbled
                | Fault::Page
                | Fault::Trickled,
            ) => {}
        }
        let Some(reply) = ask(system, &request)? else { return Ok(()) };
        if let Some(fault) = now {
            return damage(client, fault, reply);
        }
        (&*client).write_all(&reply.bytes())?;
    }
    Ok(())
}

/// Sends an answer as a fault leaves it, and ends the connection.
fn damage(mut client: &TcpStream, fault: Fault, mut reply: Message) -> std::io::Result<()> {
    match fault {
        Fault::Truncated => {
            let half = reply.body.len() / 2;
            client.write_all(&[&reply.head, &reply.body[..half]].concat())?;
        }
        Fault::HeadOnly => client.write_all(&reply.head[..reply.head.len() / 2])?,
        Fault::Garbled => {
            reply.body.iter_mut().step_by(2).for_each(|byte| *byte = b'}');
            client.write_all(&reply.bytes())?;
        }
        Fault::Page => {
            answer(client, "200 OK", "<html><body>Please sign in</body></html>")?;
        }
        Fault::Trickled => {
            for byte in reply.bytes() {
                client.write_all(&[byte])?;
                thread::sleep(DRIP);
            }
        }
        Fault::Refused
        | Fault::ResetBefore
        | Fault::ResetAfter
        | Fault::Status(_)
        | Fault::Silent => {}
    }
    client.shutdown(Shutdown::Both)
}

/// Answers with a page, and ends the connection.
fn answer(mut client: &TcpStream, status: &str, page: &str) -> std::io::Result<()> {
    let length = page.len();
    write!(
        client,
        "HTTP/1.1 {status}\r\ncontent-type: text/html\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n{page}"
    )
}

/// The system's answer to a request.
fn ask(system: SocketAddr, request: &Message) -> std::io::Result<Option<Message>> {
    let mut stream = TcpStream::connect(system)?;
    stream.set_nodelay(true)?;
    stream.write_all(&request.bytes())?;
    message(&mut BufReader::new(stream))
}

/// The next message. `None`: the connection is closed.
fn message(from: &mut impl BufRead) -> std::io::Result<Option<Message>> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if from.read_until(b'\n', &mut head)? == 0 {
            return Ok(None);
        }
    }
    let lower = String::from_utf8_lossy(&head).to_lowercase();
    let header = |name: &str| lower.lines().find_map(|line| line.strip_prefix(name));
    let mut body = Vec::new();
    if let Some(length) = header("content-length: ") {
        body.resize(length.trim().parse().unwrap_or_default(), 0);
        from.read_exact(&mut body)?;
    } else if header("transfer-encoding: ").is_some() {
        while !body.ends_with(b"\r\n0\r\n\r\n") && body != b"0\r\n\r\n" {
            if from.read_until(b'\n', &mut body)? == 0 {
                break;
            }
        }
    }
    Ok(Some(Message { head, body }))
}
