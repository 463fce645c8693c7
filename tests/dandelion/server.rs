//! The fake behind a port of this machine. Connections are kept, as by a web server in front of PHP.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::Value;

use crate::fake::Fake;
use crate::fake::form::Form;

/// A running fake. Its threads end with the test process.
pub(crate) struct Server {
    pub(crate) url: String,
    fake: Arc<Mutex<Fake>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// Starts a fake with these accounts on a free port.
    pub(crate) fn start(accounts: &Value) -> Self {
        let fake = Arc::new(Mutex::new(Fake::with(accounts)));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::default();
        let (shared, counted) = (Arc::clone(&fake), Arc::clone(&connections));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                AtomicUsize::fetch_add(&counted, 1, Ordering::Relaxed);
                let shared = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { url, fake, connections }
    }

    /// What the server holds now.
    pub(crate) fn fake(&self) -> MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }

    /// How many connections there have been.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }
}

/// A request.
struct Request {
    method: String,
    target: String,
    cookie: String,
    body: Vec<u8>,
}

/// The cookie of the session among the cookies of a request.
fn session(cookies: &str) -> String {
    let mut all = cookies.split(';').map(str::trim);
    all.find(|cookie| cookie.starts_with("PHPSESSID=")).unwrap_or_default().to_owned()
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut cookie) = (0, String::new());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "cookie" => cookie = session(value),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, target, cookie, body })
}

fn serve(stream: TcpStream, fake: &Mutex<Fake>) {
    let Ok(mut answers) = stream.try_clone() else { return };
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let (status, headers, body) = answer(&request, &mut fake.lock().unwrap());
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        if answers.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

fn answer(request: &Request, fake: &mut Fake) -> (u16, String, String) {
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let page = "Content-Type: text/html;charset=UTF-8\r\n";
    if let Some(rest) = path.strip_prefix("/api")
        && (rest.is_empty() || rest.starts_with('/'))
    {
        let form = if request.method == "GET" { query.as_bytes() } else { &request.body };
        let answer = api(request, rest.trim_start_matches('/'), &Form::read(form), fake);
        let kind = "Content-Type: application/json\r\nAccess-Control-Allow-Origin: *\r\n";
        let Some((status, body)) = answer else { return (404, page.to_owned(), String::new()) };
        let kind = if body.is_empty() { page } else { kind };
        return (status, kind.to_owned(), body);
    }
    match path {
        "/login" => {
            let (body, cookie) = fake.login(&Form::read(&request.body));
            let set = cookie.map(|cookie| format!("Set-Cookie: {cookie}; path=/\r\n"));
            (200, format!("{page}{}", set.unwrap_or_default()), body)
        }
        "/logout" => {
            fake.logout(&request.cookie);
            (302, format!("{page}Location: /login\r\n"), String::new())
        }
        _ => (404, page.to_owned(), String::new()),
    }
}

/// Answers a call. `None`: no route of the server has this path.
fn api(request: &Request, rest: &str, form: &Form, fake: &mut Fake) -> Option<(u16, String)> {
    let mut parts: Vec<_> = rest.split('/').collect();
    let session = (parts[0] == "i").then_some(request.cookie.as_str());
    if session.is_some() {
        parts.remove(0);
    }
    if parts.len() > 2 {
        return None;
    }
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    Some(fake.call((&request.method, part(0), part(1)), session, form))
}
