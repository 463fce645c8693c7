//! The fake behind a port of this machine. Connections are kept, as by a web server in front of PHP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};

use super::fake::Fake;
use super::fake::rpc::Credentials;

/// The path of the API.
const PATH: &str = "/jsonrpc.php";

/// A running fake. Its threads end with the test process.
pub(crate) struct Server {
    pub(crate) url: String,
    fake: Arc<Mutex<Fake>>,
}

impl Server {
    /// Starts a fake with these accounts on a free port.
    pub(crate) fn start(accounts: &Value) -> Self {
        let fake = Arc::new(Mutex::new(Fake::with(accounts)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::clone(&fake);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, fake }
    }

    /// What the server holds now.
    pub(crate) fn fake(&self) -> MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }
}

/// A request: path, headers with names in lower case, body.
struct Request {
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    fn header(&self, name: &str) -> String {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.split('?').next()?.to_owned();
    let mut request = Request { path, headers: Vec::new(), body: Vec::new() };
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        request.headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = request.header("content-length");
    request.body = vec![0; if length.is_empty() { 0 } else { length.parse().ok()? }];
    reader.read_exact(&mut request.body).ok()?;
    Some(request)
}

fn serve(stream: TcpStream, fake: &Mutex<Fake>) {
    let Ok(mut answers) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let text = answer(&request, &mut fake.lock().unwrap());
        if answers.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(request: &Request, fake: &mut Fake) -> String {
    // PHP does not decode the body of a form with several parts.
    let unread = request.header("content-type").starts_with("multipart/form-data");
    let body = if unread { &[][..] } else { &request.body };
    let credentials = Credentials {
        basic: request.header("authorization"),
        own: fake.header.map(|name| request.header(name)).unwrap_or_default(),
    };
    let (status, body) = match request.path.as_str() {
        path if path.starts_with(PATH) => fake.answer(&credentials, body),
        "/healthcheck.php" => {
            (200, Some(json!({"status": 200, "message": "Database connection is OK"})))
        }
        _ => (404, None),
    };
    let kind =
        if matches!(status, 404 | 500) { "text/html; charset=UTF-8" } else { "application/json" };
    let challenge =
        if status == 401 { "WWW-Authenticate: Basic realm=\"JsonRPC\"\r\n" } else { "" };
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\n{challenge}Content-Length: {length}\r\n\r\n{body}"
    )
}
