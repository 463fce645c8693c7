//! The recorded conversations and answers, from the gateway.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::sockets::client::{Client, Heard};
use crate::sockets::{SOCKET, Server};

/// The recording.
#[derive(Deserialize)]
struct Recording {
    variables: BTreeMap<String, String>,
    requests: Vec<Exchange>,
    scenarios: Vec<Scenario>,
}

#[derive(Deserialize)]
struct Exchange {
    request: Asked,
    response: Answered,
}

#[derive(Debug, Deserialize)]
struct Asked {
    method: String,
    path: String,
    headers: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Answered {
    status: u16,
    headers: BTreeMap<String, String>,
    text: Option<String>,
}

#[derive(Deserialize)]
struct Scenario {
    name: String,
    transport: String,
    user: String,
    frames: Vec<Frame>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Frame {
    Client(String),
    Server(String),
    Closed(#[expect(dead_code, reason = "it is always true")] bool),
}

fn recording() -> Recording {
    serde_json::from_str(include_str!("../../../fixtures/sockjs/octoprint.json")).unwrap()
}

#[test]
fn every_recorded_conversation_is_the_same() {
    let recording = recording();
    assert!(recording.scenarios.len() > 10, "{} scenarios", recording.scenarios.len());
    let server = Server::start();
    let keys = BTreeMap::from([
        ("sock", server.user("sock", false)),
        ("powerless", server.user("powerless", true)),
    ]);
    for scenario in &recording.scenarios {
        let permissions =
            if scenario.name.starts_with("a guest") { json!(["STATUS"]) } else { json!([]) };
        server.change("PUT /api/access/groups/guests", &json!({"permissions": permissions}));
        let session = server.session(&keys[scenario.user.as_str()]);
        let path = if scenario.transport == "raw" { "/sockjs/websocket" } else { SOCKET };
        let mut client = Client::open(&server.address, path, "").unwrap();
        let filled = |text: &str| {
            let text = text.replace("{{session}}", &session);
            recording
                .variables
                .iter()
                .fold(text, |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
        };
        let mut frames = scenario.frames.iter().peekable();
        loop {
            let heard: Vec<_> = client.all().into_iter().map(|heard| plain(&heard)).collect();
            let mut expected = Vec::new();
            while let Some(frame) = frames.next_if(|frame| !matches!(frame, Frame::Client(_))) {
                expected.push(match frame {
                    // The gateway sends no events.
                    Frame::Server(text) if text.starts_with("a[{\"event\"") => continue,
                    Frame::Server(text) => plain(&Heard::Text(filled(text))),
                    Frame::Closed(_) | Frame::Client(_) => plain(&Heard::End),
                });
            }
            assert_eq!(heard, expected, "{}", scenario.name);
            let Some(Frame::Client(text)) = frames.next() else { break };
            client.say(&filled(text));
        }
    }
}

/// A frame without what differs each time or on purpose: the time, the sentences about permissions, and
/// the permissions of other plugins.
fn plain(heard: &Heard) -> (String, Value) {
    let Heard::Text(text) = heard else { return (format!("{heard:?}"), Value::Null) };
    let (kind, body) = match text.strip_prefix('a') {
        Some(body) => ("sockjs", body),
        None => ("raw", text.as_str()),
    };
    let Ok(mut body) = serde_json::from_str::<Value>(body) else {
        return (text.clone(), Value::Null);
    };
    hide(&mut body);
    // The text too: blanks, and the order of members.
    (format!("{kind} {} {body}", text.contains("\": ")), body)
}

fn hide(body: &mut Value) {
    match body {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| {
            if matches!(name.as_str(), "serverTime" | "description") {
                *value = Value::Null;
            } else {
                hide(value);
            }
        }),
        Value::Array(items) => {
            // The permissions of plugins that the gateway does not stand for.
            items.retain(|item| item.get("plugin").is_none_or(|plugin| plugin == "appkeys"));
            items.iter_mut().for_each(hide);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[test]
fn every_recorded_answer_below_sockjs_is_the_same() {
    let server = Server::start();
    for Exchange { request, response } in recording().requests {
        let (status, headers, text) = answer(&server, &request);
        assert_eq!(status, response.status, "{request:?}");
        for (name, value) in &response.headers {
            // The headers of a switch are those of the protocol.
            if status == 101 && !matches!(name.as_str(), "upgrade" | "sec-websocket-accept") {
                continue;
            }
            let value = value.replace("{{host}}", &server.address);
            assert_eq!(headers.get(name), Some(&value), "{request:?}: {name}");
        }
        let Some(expected) = response.text else { continue };
        let shown = |text: &str| match serde_json::from_str::<Map<String, Value>>(text) {
            Ok(mut body) => {
                assert!(body["entropy"].is_u64(), "{text}");
                body["entropy"] = Value::Null;
                Value::Object(body).to_string()
            }
            Err(_) => text.to_owned(),
        };
        assert_eq!(shown(&text), shown(&expected), "{request:?}");
    }
}

fn answer(server: &Server, request: &Asked) -> (u16, BTreeMap<String, String>, String) {
    use std::io::{Read, Write};

    let mut stream = std::net::TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_mins(1))).unwrap();
    let host = &server.address;
    let mut ask = format!("{} {} HTTP/1.1\r\nHost: {host}\r\n", request.method, request.path);
    for (name, value) in &request.headers {
        ask.extend([name.as_str(), ": ", &value.replace("{{host}}", host), "\r\n"]);
    }
    if !request.headers.contains_key("Connection") {
        ask += "Connection: close\r\n";
    }
    stream.write_all(format!("{ask}\r\n").as_bytes()).unwrap();
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    let (head, body) = loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |length| length.parse().unwrap());
            let is_whole =
                body.len() >= length || request.method == "HEAD" || head.contains(" 101 ");
            if is_whole {
                break (head.to_owned(), body.to_owned());
            }
        }
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "{request:?}: {text}");
        bytes.extend_from_slice(&buffer[..count]);
    };
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_ascii_lowercase(), value.to_owned()))
    };
    (status, lines.filter_map(header).collect(), body)
}
