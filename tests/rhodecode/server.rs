//! The fake behind a port of this machine: HTTP, one request a connection.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};

use crate::fake::Fake;

/// A running fake. Its thread ends with the test process.
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
                thread::spawn(move || answer(stream, &shared));
            }
        });
        Self { url, fake }
    }

    /// What the server holds now.
    pub(crate) fn fake(&self) -> MutexGuard<'_, Fake> {
        self.fake.lock().unwrap()
    }
}

/// A request: method, path, cookie, the caller's address, body.
struct Request {
    method: String,
    path: String,
    cookie: String,
    address: String,
    body: Vec<u8>,
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (mut length, mut cookie, mut address) = (0, String::new(), "127.0.0.1".to_owned());
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "cookie" => value.trim().clone_into(&mut cookie),
            "x-forwarded-for" => value.trim().clone_into(&mut address),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, cookie, address, body })
}

fn answer(mut stream: TcpStream, fake: &Mutex<Fake>) {
    let Some(request) = read(&stream) else { return };
    let (status, cookie, kind, body) = if request.path == "/_admin/api" {
        (200, None, "application/json", api(fake, &request).to_string())
    } else {
        let form = form(&request.body);
        let asked = (request.method.as_str(), request.path.as_str(), request.address.as_str());
        let (status, cookie, body) = fake.lock().unwrap().page(asked, &request.cookie, &form);
        (status, cookie, "text/html", body)
    };
    let cookie = cookie.map(|cookie| format!("Set-Cookie: {cookie}; httponly; Path=/\r\n"));
    let head = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\n{}Location: /\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        cookie.unwrap_or_default(),
        body.len()
    );
    drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())));
}

/// The bytes that a field of a form stands for.
fn decoded(field: &[u8]) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), field);
    while let Some((letter, after)) = rest.split_first() {
        let first;
        let code = after.get(..2).and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        (rest, first) = match (letter, code) {
            (b'%', Some(code)) => (&after[2..], code),
            (b'+', _) => (after, b' '),
            (other, _) => (after, *other),
        };
        bytes.push(first);
    }
    bytes
}

fn form(body: &[u8]) -> BTreeMap<String, String> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(&decoded(bytes)).into_owned();
    let pairs = body.split(|byte| *byte == b'&').filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        Some((text(&pair[..at]), text(&pair[at + 1..])))
    });
    pairs.collect()
}

fn api(fake: &Mutex<Fake>, request: &Request) -> Value {
    let call: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let token = ["api_key", "auth_token"].iter().find_map(|name| call[*name].as_str());
    let args = call["args"].as_object().cloned().unwrap_or_default();
    let method = call["method"].as_str().unwrap_or_default();
    let caller = (token.unwrap_or_default(), request.address.as_str());
    let answer = fake.lock().unwrap().call(caller, method, &args);
    match answer {
        Ok(result) => json!({"error": null, "id": call["id"], "result": result}),
        Err(error) => json!({"error": error, "id": call["id"], "result": null}),
    }
}
