//! An origin that answers with the request itself or the name of its JSON-RPC method. After a
//! protocol switch it sends back the same bytes.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use serde_json::{Value, json};

/// A running origin. It ends with the process.
pub(crate) struct OldSystem {
    /// Its base URL.
    pub(crate) url: String,
}

impl OldSystem {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || serve(stream));
            }
        });
        Self { url }
    }
}

fn serve(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).unwrap_or(0) == 0 {
            return;
        }
    }
    if head.to_lowercase().contains("upgrade: websocket") {
        return switch(stream, reader);
    }
    let body = body(&head, &mut reader);
    let answer = match serde_json::from_slice::<Value>(&body) {
        Ok(call) if call["method"].is_string() => {
            let said = format!("the old system ran {}", call["method"].as_str().unwrap());
            json!({"jsonrpc": "2.0", "result": said, "id": call["id"]}).to_string().into_bytes()
        }
        _ => [head.as_bytes(), &body].concat(),
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n",
        answer.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&answer)).unwrap_or_default();
}

fn body(head: &str, reader: &mut impl BufRead) -> Vec<u8> {
    let head = head.to_lowercase();
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name));
    let mut body = Vec::new();
    if let Some(length) = header("content-length: ") {
        body.resize(length.trim().parse().unwrap(), 0);
        reader.read_exact(&mut body).unwrap_or_default();
    } else if header("transfer-encoding: ").is_some() {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut piece = vec![0; size + 2];
            reader.read_exact(&mut piece).unwrap();
            if size == 0 {
                return body;
            }
            body.extend_from_slice(&piece[..size]);
        }
    }
    body
}

fn switch(mut stream: TcpStream, mut reader: BufReader<TcpStream>) {
    let head = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut buffer = [0; 1024];
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        if stream.write_all(&buffer[..count]).is_err() {
            return;
        }
    }
}
