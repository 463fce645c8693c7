//! An origin that gives the recorded answers, for exchanges that the gateway forwards.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::transcript::{Exchange, Transcript};
use crate::variables::Variables;

/// A running origin. It ends with the process.
#[derive(Debug)]
pub struct Replay {
    /// Its base URL.
    pub url: String,
}

impl Replay {
    /// Answers the JSON-RPC calls of a transcript. It finds each call by its id.
    pub fn start(transcript: Transcript, variables: Variables) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        thread::spawn(move || {
            let mut known = variables;
            for stream in listener.incoming().flatten() {
                // A request that was not recorded gets no answer.
                let _unanswered = answer(stream, &transcript, &mut known);
            }
        });
        Ok(Self { url })
    }
}

fn answer(mut stream: TcpStream, transcript: &Transcript, known: &mut Variables) -> Result<()> {
    let asked: Value = serde_json::from_slice(&read(&mut stream)?)?;
    let recorded = |exchange: &&Exchange| {
        exchange.request.get("json").is_some_and(|call| call["id"] == asked["id"])
    };
    let exchange = transcript.exchanges.iter().find(recorded).context("not recorded")?;
    bind(&exchange.request["json"], &asked, known);
    let said = exchange.response.get("json").context("no JSON was recorded")?;
    for (name, pointer) in &exchange.capture {
        known.set(name, said.pointer(pointer).cloned().unwrap_or_default());
    }
    let body = known.fill(said)?.to_string();
    let status = &exchange.response["status"];
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Recorded\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )?;
    Ok(())
}

fn read(stream: &mut TcpStream) -> Result<Vec<u8>> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(given) = line.to_lowercase().strip_prefix("content-length:") {
            length = given.trim().parse()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(body)
}

/// Takes the values of the recorded request's variables from the actual request.
fn bind(recorded: &Value, asked: &Value, known: &mut Variables) {
    match (recorded, asked) {
        (Value::Object(recorded), Value::Object(asked)) => {
            for (name, value) in recorded {
                bind(value, asked.get(name).unwrap_or(&Value::Null), known);
            }
        }
        (Value::Array(recorded), Value::Array(asked)) => {
            recorded.iter().zip(asked).for_each(|(recorded, asked)| bind(recorded, asked, known));
        }
        (Value::String(text), asked) => {
            let name = text.strip_prefix("{{#").and_then(|rest| rest.strip_suffix("}}"));
            if let Some(name) = name {
                known.set(name, asked.clone());
            }
        }
        _ => {}
    }
}
