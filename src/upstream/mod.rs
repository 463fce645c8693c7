//! The HTTP client of backends.
//!
//! Idle connections are closed before the usual five seconds of servers. If a server closes one at the
//! moment when a request is sent on it, a request of a command that only reads is sent once more, on a
//! new connection. Redirects and proxy variables are ignored. Answers are limited in time and size. A
//! request with `Connection: close` gets a connection of its own.

pub mod address;
pub(crate) mod caller;
pub(crate) mod sent;

use std::error::Error;
use std::io;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use bytes::BytesMut;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use reqwest::{Certificate, Client, ClientBuilder, Identity, Method, RequestBuilder, Url};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::upstream::address::BaseAddress;

/// Idle connections are closed after this time. PHP and node close theirs after 5 s.
pub(crate) const IDLE: Duration = Duration::from_secs(4);

/// How a socket says that the server has closed the connection.
const CLOSED: [io::ErrorKind; 3] =
    [io::ErrorKind::ConnectionReset, io::ErrorKind::ConnectionAborted, io::ErrorKind::BrokenPipe];

/// How one system is reached.
#[derive(Clone, Debug)]
pub struct Reach {
    /// The base URL. Requests go to paths below it.
    pub url: String,
    /// The limit for connecting.
    pub connect_timeout: Duration,
    /// The limit for a whole exchange.
    pub timeout: Duration,
    /// The largest answer, in bytes.
    pub response_limit: usize,
    /// A file of additional certificate authorities (PEM).
    pub ca_file: Option<std::path::PathBuf>,
    /// A file with the gateway's client certificate and key (PEM).
    pub identity_file: Option<std::path::PathBuf>,
}

/// A system reached over HTTP.
#[derive(Debug)]
pub struct HttpUpstream {
    client: Client,
    /// Opens a new connection for each request.
    fresh: Client,
    base: Url,
    response_limit: usize,
}

impl HttpUpstream {
    /// Prepares the client. Nothing is sent yet. The error says what is wrong.
    pub fn new(reach: &Reach) -> Result<Self, String> {
        BaseAddress::read(&reach.url).map_err(|why| format!("url: {why}"))?;
        let base = Url::parse(&reach.url).map_err(|error| format!("url: {error}"))?;
        let built = |builder: ClientBuilder| {
            let client = builder.timeout(reach.timeout).build();
            client.map_err(|error| format!("client: {error}"))
        };
        let client = built(builder(reach)?)?;
        let fresh = built(builder(reach)?.pool_max_idle_per_host(0))?;
        Ok(Self { client, fresh, base, response_limit: reach.response_limit })
    }

    /// Builds a request below the base URL.
    fn ask(&self, client: &Client, request: &Request) -> Result<RequestBuilder, Fault> {
        let (path, query) = (&*request.path, request.query.as_deref());
        let method = Method::from_bytes(request.method.as_bytes())
            .map_err(|error| Fault::new(FaultKind::Unexpected, "verb").because(error))?;
        if has_dot_segments(path) {
            // A path with the name `..` would be another path, for example that of the list.
            return Err(Fault::new(FaultKind::Invalid, "a name that is a dot segment of the path"));
        }
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(query);
        let mut ask = client.request(method, url);
        for (name, value) in &request.headers {
            ask = ask.header(name, value.as_ref());
        }
        Ok(ask.body(request.body.clone()))
    }

    /// Sends a request. If the server has closed the connection without a word, and the command only
    /// reads, it is sent once more on a new connection.
    async fn answer(&self, request: &Request) -> Result<reqwest::Response, Fault> {
        let alone = request.header("connection").is_some_and(|value| value == "close");
        let client = if alone { &self.fresh } else { &self.client };
        let first = match self.ask(client, request)?.send().await {
            Err(error) if is_closed(&error) && sent::may_repeat() => {
                self.ask(&self.fresh, request)?.send().await
            }
            first => first,
        };
        match first {
            Err(error) if error.is_connect() => Err(sent::not_sent(fault(error))),
            result => {
                sent::mark();
                result.map_err(fault)
            }
        }
    }
}

/// Whether normalising the path would change it (WHATWG URL, "double-dot path segment").
fn has_dot_segments(path: &str) -> bool {
    let plain = path.to_ascii_lowercase().replace("%2e", ".");
    plain.split(['/', '\\']).any(|step| matches!(step, "." | ".."))
}

fn builder(reach: &Reach) -> Result<ClientBuilder, String> {
    // The process may have a provider already. It is the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .pool_idle_timeout(IDLE)
        .connect_timeout(reach.connect_timeout);
    if let Some(path) = &reach.ca_file {
        builder = builder.tls_certs_merge(authorities(path)?);
    }
    if let Some(path) = &reach.identity_file {
        builder = builder.identity(identity(path)?);
    }
    Ok(builder)
}

/// Checks that a file has certificate authorities. The error names the file.
pub fn check_authorities(path: &Path) -> Result<(), String> {
    authorities(path).map(drop)
}

/// Checks that a file has a certificate and its key. The error names the file and shows none of its
/// contents.
pub fn check_identity(path: &Path) -> Result<(), String> {
    let _provider = rustls::crypto::ring::default_provider().install_default();
    let client = Client::builder().no_proxy().identity(identity(path)?).build();
    client.map(drop).map_err(|error| format!("{}: {error}", path.display()))
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, String> {
    let failed = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let text = read(path)?;
    let certificates = Certificate::from_pem_bundle(&text).map_err(|error| failed(&error))?;
    if certificates.is_empty() {
        return Err(failed(&"the file holds no certificate"));
    }
    // reqwest ignores a certificate that it cannot parse.
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| failed(&error))?;
        RootCertStore::empty().add(certificate).map_err(|error| failed(&error))?;
    }
    Ok(certificates)
}

fn identity(path: &Path) -> Result<Identity, String> {
    let identity = Identity::from_pem(&read(path)?);
    identity.map_err(|_| format!("{}: the file holds no certificate with its key", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}

#[async_trait]
impl Upstream for HttpUpstream {
    async fn send_for_caller(&self, request: Request) -> Result<Response, Fault> {
        self.send(caller::with_address(request)).await
    }

    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let mut answer = self.answer(&request).await?;
        let mut response = Response::new(answer.status().as_u16(), "");
        for (name, value) in answer.headers() {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            response = response.with(name.as_str().to_owned(), value);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(fault)? {
            if body.len() + chunk.len() > self.response_limit {
                return Err(Fault::new(FaultKind::Unavailable, "the answer is over the limit"));
            }
            body.extend_from_slice(&chunk);
        }
        response.body = body.freeze();
        Ok(response)
    }
}

/// Whether the server has closed the connection before it answered anything.
fn is_closed(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(why) = cause {
        let message = why.downcast_ref::<hyper::Error>();
        let socket = why.downcast_ref::<io::Error>().map(io::Error::kind);
        if message.is_some_and(hyper::Error::is_incomplete_message)
            || socket.is_some_and(|kind| CLOSED.contains(&kind))
        {
            return true;
        }
        cause = why.source();
    }
    false
}

/// The fault for a failure to reach the system. The URL can contain a key, so it is left out.
fn fault(error: reqwest::Error) -> Fault {
    let error = error.without_url();
    let kind = if error.is_timeout() { FaultKind::Timeout } else { FaultKind::Unavailable };
    let detail = if error.is_connect() { "connect" } else { "exchange" };
    Fault::new(kind, detail).because(error)
}

#[cfg(test)]
mod tests {
    use isogloss_canonical::fault::Sent;
    use isogloss_canonical::verb::Verb;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    fn upstream(address: std::net::SocketAddr) -> HttpUpstream {
        let reach = Reach {
            url: format!("http://{address}"),
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(5),
            response_limit: 1024,
            ca_file: None,
            identity_file: None,
        };
        HttpUpstream::new(&reach).unwrap()
    }

    /// The `sent` of the fault of a request to this address, after another server has answered some
    /// requests of the command.
    async fn failed(upstream: &HttpUpstream, answered: usize) -> Sent {
        let command = async {
            (0..answered).for_each(|_| sent::mark());
            upstream.send(Request::to("POST", "/")).await.unwrap_err().sent
        };
        sent::tracked(Verb::UpdateUser, command).await
    }

    #[tokio::test]
    async fn only_the_first_request_says_that_nothing_was_executed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let closed = upstream(listener.local_addr().unwrap());
        drop(listener);
        assert_eq!(failed(&closed, 0).await, Sent::Never);
        assert_eq!(failed(&closed, 1).await, Sent::Maybe);
        let alone = closed.send(Request::to("POST", "/")).await.unwrap_err();
        assert_eq!(alone.sent, Sent::Maybe, "its requests are not counted");
    }

    #[tokio::test]
    async fn a_request_without_an_answer_may_have_been_executed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let silent = upstream(listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.read(&mut [0; 1024]).await.unwrap()
        });
        assert_eq!(failed(&silent, 0).await, Sent::Maybe);
        assert!(serving.await.unwrap() > 0);
    }

    /// Reads a request without a body. `false`: the client has closed the connection.
    async fn asked(stream: &mut TcpStream) -> bool {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return false };
            head.push(byte);
        }
        true
    }

    /// A server whose first connection answers one request and closes at the next one without an
    /// answer. Counts the requests.
    async fn closing(listener: TcpListener) -> usize {
        let (mut first, _) = listener.accept().await.unwrap();
        let good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let mut requests = 0;
        if asked(&mut first).await {
            requests += 1;
            first.write_all(good).await.unwrap();
        }
        requests += usize::from(asked(&mut first).await);
        drop(first);
        let (mut second, _) = listener.accept().await.unwrap();
        if asked(&mut second).await {
            requests += 1;
            second.write_all(good).await.unwrap();
        }
        requests
    }

    #[tokio::test]
    async fn a_read_is_sent_again_if_the_connection_was_closed_and_a_write_never() {
        for (verb, requests) in [
            (Verb::GetUser, 3),
            (Verb::FindKey, 3),
            (Verb::UpdateUser, 2),
            (Verb::CreateUser, 2),
            (Verb::VerifyPassword, 2),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let upstream = upstream(address);
            let serving = tokio::spawn(closing(listener));
            let send = || sent::tracked(verb, upstream.send(Request::to("POST", "/")));
            assert_eq!(send().await.unwrap().status, 200);
            let second = send().await;
            assert_eq!(second.is_ok(), requests == 3, "{verb}: {second:?}");
            // The connection after the upstream's.
            drop(TcpStream::connect(address).await);
            assert_eq!(serving.await.unwrap(), requests, "{verb}");
        }
    }

    #[tokio::test]
    async fn a_request_that_closes_the_connection_is_not_sent_on_an_old_one() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let upstream = upstream(listener.local_addr().unwrap());
        let good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        let serving = tokio::spawn(async move {
            let (mut first, _) = listener.accept().await.unwrap();
            assert!(asked(&mut first).await);
            first.write_all(good).await.unwrap();
            let (mut second, _) = listener.accept().await.unwrap();
            assert!(asked(&mut second).await);
            second.write_all(good).await.unwrap();
        });
        assert_eq!(upstream.send(Request::to("GET", "/")).await.unwrap().status, 200);
        let alone = Request::to("POST", "/").with("connection", "close");
        assert_eq!(upstream.send(alone).await.unwrap().status, 200);
        serving.await.unwrap();
    }

    #[test]
    fn a_name_never_becomes_another_path() {
        for path in ["/users/..", "/users/%2E%2e/apikey", "/users/.", "/a\\..\\b"] {
            assert!(has_dot_segments(path), "{path}");
        }
        for path in ["/users/...", "/users/a.b", "/users/%2e%2ea", ""] {
            assert!(!has_dot_segments(path), "{path}");
        }
    }
}
