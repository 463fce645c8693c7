//! A websocket client that sends raw frames.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use actix_http::ws::{OpCode, Parser};
use bytes::BytesMut;

/// The key of the handshake. It need not be secret.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// What the client hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A message.
    Text(String),
    /// The answer to its ping.
    Pong,
    /// The gateway closes, with this code.
    Close(u16),
    /// The connection is gone.
    End,
}

/// An open websocket.
pub(crate) struct Client {
    stream: TcpStream,
    bytes: BytesMut,
}

impl Client {
    /// Connects. The error is the status line of a refusal.
    pub(crate) fn open(address: &str, path: &str, more: &str) -> Result<Self, String> {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let ask = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
        );
        stream.write_all(ask.as_bytes()).unwrap();
        let mut head = BufReader::with_capacity(1, stream.try_clone().unwrap());
        let mut line = String::new();
        head.read_line(&mut line).unwrap();
        let status = line.trim().to_owned();
        while line != "\r\n" {
            line.clear();
            head.read_line(&mut line).unwrap();
        }
        if !status.starts_with("HTTP/1.1 101") {
            return Err(status);
        }
        Ok(Self { stream, bytes: BytesMut::new() })
    }

    /// Sends a text.
    pub(crate) fn say(&mut self, text: &str) {
        self.send(OpCode::Text, text.as_bytes());
    }

    fn send(&mut self, code: OpCode, payload: &[u8]) {
        let mut frame = BytesMut::new();
        Parser::write_message(&mut frame, payload, code, true, true);
        // The gateway may have closed already, which the next read says.
        drop(self.stream.write_all(&frame));
    }

    /// The next frame. Pings of the gateway are left out.
    pub(crate) fn hear(&mut self) -> Heard {
        loop {
            let parsed = Parser::parse(&mut self.bytes, false, 1 << 20).unwrap();
            match parsed {
                Some((_, OpCode::Ping, _)) => {}
                Some((_, OpCode::Pong, _)) => return Heard::Pong,
                Some((_, OpCode::Close, payload)) => {
                    let payload = payload.unwrap_or_default();
                    let code = payload.get(..2).map_or([0, 0], |code| [code[0], code[1]]);
                    return Heard::Close(u16::from_be_bytes(code));
                }
                Some((_, _, payload)) => {
                    let text = String::from_utf8(payload.unwrap_or_default().to_vec()).unwrap();
                    return Heard::Text(text);
                }
                None => {
                    let mut buffer = [0; 4096];
                    match self.stream.read(&mut buffer) {
                        Ok(count @ 1..) => self.bytes.extend_from_slice(&buffer[..count]),
                        Ok(0) => return Heard::End,
                        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                            return Heard::End;
                        }
                        Err(error) => panic!("the gateway says nothing: {error}"),
                    }
                }
            }
        }
    }

    /// Everything that the gateway says to what was sent so far. A ping marks the end: the gateway
    /// answers in order.
    pub(crate) fn all(&mut self) -> Vec<Heard> {
        self.send(OpCode::Ping, b"end");
        let mut all = Vec::new();
        loop {
            match self.hear() {
                Heard::Pong => return all,
                Heard::Text(text) => all.push(Heard::Text(text)),
                end @ (Heard::Close(_) | Heard::End) => {
                    all.push(end);
                    return all;
                }
            }
        }
    }
}
