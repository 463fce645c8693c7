//! A client that sends exactly the request of a transcript, with any verb and any body. It adds
//! only the headers `Host`, `Accept-Encoding: identity` and `Content-Length`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value};

use crate::spelling;
use crate::variables::Variables;

/// How long one read may take.
const TIMEOUT: Duration = Duration::from_mins(2);
/// The verbs that announce an empty body.
const EXPECT_BODY: &[&str] = &["POST", "PUT", "PATCH"];

/// The base URL of a server: `http://127.0.0.1:8080/prefix`.
#[derive(Clone, Debug)]
pub struct Base {
    host: String,
    port: u16,
    prefix: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers, names in lower case. If a name appears twice, the last value counts. The first
    /// cookie of each name is `set-cookie/NAME`.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub raw: Vec<u8>,
    /// The body as JSON, if it is JSON.
    pub json: Option<Value>,
}

impl Base {
    /// Reads a base URL.
    pub fn parse(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("http://").context("a base URL begins with http://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
        let port = port.parse().with_context(|| format!("no port: {port:?}"))?;
        let prefix = format!("/{path}").trim_end_matches('/').to_owned();
        Ok(Self { host: host.to_owned(), port, prefix })
    }

    /// Sends a transcript's request and reads the answer.
    pub fn send(&self, request: &Map<String, Value>, variables: &Variables) -> Result<Answer> {
        let verb =
            request.get("method").and_then(Value::as_str).context("a request has no verb")?;
        let bytes = self.spell(verb, request, variables)?;
        let address = (self.host.as_str(), self.port).to_socket_addrs()?.next();
        let mut stream = TcpStream::connect_timeout(&address.context("no address")?, TIMEOUT)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        stream.set_nodelay(true)?;
        // A server may answer and close before it has read the whole request. Then the answer still
        // counts.
        let sent = stream.write_all(&bytes);
        match (sent, read_answer(&mut BufReader::new(stream), verb)) {
            (_, Ok(answer)) => Ok(answer),
            (Err(failed), Err(_)) => Err(failed).context("sending"),
            (Ok(()), Err(failed)) => Err(failed),
        }
    }

    fn spell(
        &self,
        verb: &str,
        request: &Map<String, Value>,
        variables: &Variables,
    ) -> Result<Vec<u8>> {
        let path = request.get("path").and_then(Value::as_str).context("a request has no path")?;
        let path = variables.fill_text(path)?;
        let mut headers = headers(request, variables)?;
        let body = body(request, variables, &mut headers)?;
        let has = |name: &str| headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
        let mut head = format!("{verb} {}{path} HTTP/1.1\r\n", self.prefix);
        if !has("host") {
            let host = &self.host;
            let suffix = if self.port == 80 { String::new() } else { format!(":{}", self.port) };
            head.extend(["Host: ", host, &suffix, "\r\n"]);
        }
        if !has("accept-encoding") {
            head += "Accept-Encoding: identity\r\n";
        }
        let announced = body.as_ref().map(Vec::len);
        let empty = EXPECT_BODY.contains(&verb.to_ascii_uppercase().as_str()).then_some(0);
        if let Some(length) = announced.or(empty)
            && !has("content-length")
            && !has("transfer-encoding")
        {
            head.extend(["Content-Length: ", &length.to_string(), "\r\n"]);
        }
        let mut bytes = head.into_bytes();
        for (name, value) in &headers {
            bytes.extend(format!("{name}: ").bytes());
            bytes.extend(latin1(value)?);
            bytes.extend(b"\r\n");
        }
        bytes.extend(b"\r\n");
        bytes.extend(body.unwrap_or_default());
        Ok(bytes)
    }
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.raw).into_owned()
    }
}

pub(crate) type Headers = Vec<(String, String)>;

pub(crate) fn headers(request: &Map<String, Value>, variables: &Variables) -> Result<Headers> {
    let given = request.get("headers").and_then(Value::as_object).into_iter().flatten();
    let filled = given.map(|(name, value)| {
        let value = value.as_str().with_context(|| format!("header {name} is no text"))?;
        Ok((name.clone(), variables.fill_text(value)?))
    });
    filled.collect()
}

/// The body. Its content type is added to the headers, unless the headers have one.
pub(crate) fn body(
    request: &Map<String, Value>,
    variables: &Variables,
    headers: &mut Headers,
) -> Result<Option<Vec<u8>>> {
    let mut typed = |content_type: &str| {
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            headers.push(("Content-Type".to_owned(), content_type.to_owned()));
        }
    };
    if let Some(json) = request.get("json") {
        typed("application/json");
        return Ok(Some(spelling::json(&variables.fill(json)?).into_bytes()));
    }
    if let Some(form) = request.get("form") {
        typed("application/x-www-form-urlencoded");
        let fields = form.as_object().context("a form is an object")?;
        return Ok(Some(spelling::form(&variables.fill_members(fields)?).into_bytes()));
    }
    let Some(text) = request.get("text") else { return Ok(None) };
    let text = text.as_str().context("a text body is a text")?;
    Ok(Some(variables.fill_text(text)?.into_bytes()))
}

fn latin1(text: &str) -> Result<Vec<u8>> {
    let bytes = text.chars().map(|c| u8::try_from(u32::from(c)));
    bytes.collect::<Result<_, _>>().with_context(|| format!("header value {text:?} is not Latin-1"))
}

fn read_answer(stream: &mut impl BufRead, verb: &str) -> Result<Answer> {
    let (status, lines) = loop {
        let (status, lines) = read_head(stream)?;
        if status != 100 {
            break (status, lines);
        }
    };
    let bodyless = verb.eq_ignore_ascii_case("HEAD") || matches!(status, 100..=199 | 204 | 304);
    let headers = collect(&lines);
    let raw = if bodyless { Vec::new() } else { read_body(stream, &headers)? };
    let json = serde_json::from_slice(&raw).ok();
    Ok(Answer { status, headers, raw, json })
}

fn read_line(stream: &mut impl BufRead) -> Result<String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).context("reading the answer")?;
    ensure!(line.ends_with(b"\n"), "the server closed the connection without an answer");
    let text: String = line.iter().map(|byte| char::from(*byte)).collect();
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_head(stream: &mut impl BufRead) -> Result<(u16, Headers)> {
    let line = read_line(stream)?;
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("no status line: {line:?}"))?;
    let mut headers = Headers::new();
    loop {
        let line = read_line(stream)?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) = line.split_once(':').with_context(|| format!("no header: {line:?}"))?;
        headers.push((name.to_ascii_lowercase(), value.trim_matches([' ', '\t']).to_owned()));
    }
}

/// Collects the last header of each name, and each cookie by its name.
fn collect(lines: &Headers) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<_, _> = lines.iter().cloned().collect();
    for (_, cookie) in lines.iter().filter(|(name, _)| name == "set-cookie") {
        let pair = cookie.split(';').next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = format!("set-cookie/{}", cookie_name(name).to_ascii_lowercase());
        headers.entry(key).or_insert_with(|| value.to_owned());
    }
    headers
}

/// The name of a cookie without OctoPrint's endings `_P<port>` and `_R<root>`.
fn cookie_name(name: &str) -> &str {
    for (at, _) in name.match_indices("_P") {
        let rest = name[at + 2..].trim_start_matches(|c: char| c.is_ascii_digit());
        let digits = rest.len() < name.len() - at - 2;
        if digits && (rest.is_empty() || rest.starts_with("_R")) {
            return &name[..at];
        }
    }
    name
}

fn read_body(stream: &mut impl BufRead, headers: &BTreeMap<String, String>) -> Result<Vec<u8>> {
    let mut raw = Vec::new();
    let chunked = headers.get("transfer-encoding").is_some_and(|value| value == "chunked");
    if chunked {
        while read_chunk(stream, &mut raw)? {}
        return Ok(raw);
    }
    let Some(length) = headers.get("content-length") else {
        stream.read_to_end(&mut raw)?;
        return Ok(raw);
    };
    let length: u64 = length.parse().with_context(|| format!("no length: {length:?}"))?;
    stream.take(length).read_to_end(&mut raw)?;
    ensure!(raw.len() as u64 == length, "the answer ended after {} of {length} bytes", raw.len());
    Ok(raw)
}

/// Reads one chunk. Returns false at the last one.
fn read_chunk(stream: &mut impl BufRead, raw: &mut Vec<u8>) -> Result<bool> {
    let line = read_line(stream)?;
    let size = line.split(';').next().unwrap_or_default().trim();
    let Ok(size) = u64::from_str_radix(size, 16) else { bail!("no chunk size: {line:?}") };
    let before = raw.len();
    stream.take(size).read_to_end(raw)?;
    ensure!((raw.len() - before) as u64 == size, "a chunk was cut short");
    while !read_line(stream)?.is_empty() {} // after the data, and for the trailers
    Ok(size > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(text: &str) -> Answer {
        read_answer(&mut text.as_bytes(), "GET").unwrap()
    }

    #[test]
    fn reads_chunks_and_cookies() {
        let answer = answer(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\
             Set-Cookie: session_P5000=abc=; Path=/\r\nSet-Cookie: b=2\r\n\r\n4\r\n[1, \r\n2\r\n2]\r\n0\r\n\r\n",
        );
        assert_eq!(answer.json, Some(serde_json::json!([1, 2])));
        assert_eq!(answer.headers["set-cookie/session"], "abc=");
        assert_eq!(answer.headers["set-cookie"], "b=2");
    }

    #[test]
    fn a_short_body_is_an_error() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        assert!(read_answer(&mut text.as_bytes(), "GET").is_err());
        assert!(read_answer(&mut text.as_bytes(), "HEAD").is_ok());
    }

    #[test]
    fn cookie_names_lose_their_port() {
        for (name, plain) in
            [("a_P80", "a"), ("a_P80_R|x", "a"), ("a_Px", "a_Px"), ("a_P80x", "a_P80x"), ("a", "a")]
        {
            assert_eq!(cookie_name(name), plain);
        }
    }

    #[test]
    fn sends_what_it_is_told() {
        let request = serde_json::json!({"method": "DELETE", "path": "/x", "headers": {"A": "ü"}, "text": ""});
        let base = Base::parse("http://localhost:81/p/").unwrap();
        let bytes =
            base.spell("DELETE", request.as_object().unwrap(), &Variables::default()).unwrap();
        let want = b"DELETE /p/x HTTP/1.1\r\nHost: localhost:81\r\nAccept-Encoding: identity\r\nContent-Length: 0\r\nA: \xfc\r\n\r\n";
        assert_eq!(bytes, want);
    }
}
