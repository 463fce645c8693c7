//! A real server with a gateway in front of it, and a client of both.

use std::path::Path;

use isogloss_testkit::client::{Answer, Base};
use isogloss_testkit::gateway::Gateway;
use isogloss_testkit::profile::Setup;
use isogloss_testkit::real::RealServer;
use isogloss_testkit::variables::Variables;
use serde_json::{Value, json};

/// The system of this suite.
pub(crate) const SYSTEM: &str = "octoprint";

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A real server, and a gateway whose backend it is.
pub(crate) struct Bridge {
    /// The server.
    pub(crate) server: RealServer,
    /// The gateway.
    pub(crate) gateway: Gateway,
}

impl Bridge {
    /// Puts a gateway in front of a server.
    pub(crate) fn over(server: RealServer) -> Self {
        Self::with(server, "", false)
    }

    /// The same, with more of the configuration, and with the server as the origin.
    pub(crate) fn with(server: RealServer, more: &str, origin: bool) -> Self {
        let origin = origin.then(|| server.url.clone());
        let setup = Setup { dialect: SYSTEM.to_owned(), origin, ..Setup::default() };
        let config = format!(
            "{more}\n[backend.people]\nsystem = {SYSTEM:?}\nurl = {:?}\nsecret = {:?}\n",
            server.url,
            application_key(&server)
        );
        let program = Path::new(env!("CARGO_BIN_EXE_isogloss"));
        let empty = tempfile::tempdir().unwrap();
        let accounts = json!({"users": [], "application_keys": []});
        isogloss_testkit::prepared::write(program, &accounts.to_string(), empty.path()).unwrap();
        let gateway = Gateway::on(program, &setup, empty.path(), &config).unwrap();
        Self { server, gateway }
    }

    /// Starts one server with a gateway in front.
    pub(crate) fn start() -> Self {
        let [server] = RealServer::start(root(), SYSTEM).unwrap();
        Self::over(server)
    }

    /// The client of the server itself.
    pub(crate) fn direct(&self) -> Client {
        Client::of(&self.server.url)
    }

    /// The client of the gateway.
    pub(crate) fn through(&self) -> Client {
        Client::of(&self.gateway.url)
    }

    /// Both clients, with names.
    pub(crate) fn both(&self) -> [(&'static str, Client); 2] {
        [("the server", self.direct()), ("the gateway", self.through())]
    }

    /// The key of the administrator.
    pub(crate) fn admin(&self) -> &str {
        &self.server.real.secret
    }
}

/// The application's own key of a server, with which its fixture sets the first password.
pub(crate) fn application_key(server: &RealServer) -> String {
    server.real.ready["headers"]["X-Api-Key"].as_str().unwrap().to_owned()
}

/// A client of a server or of a gateway.
pub(crate) struct Client(Base);

impl Client {
    /// The client of the server or gateway at a URL.
    pub(crate) fn of(url: &str) -> Self {
        Self(Base::parse(url).unwrap())
    }

    /// Sends a request with these headers.
    pub(crate) fn send(&self, verb: &str, path: &str, headers: &Value, body: &Value) -> Answer {
        let mut request = json!({"method": verb, "path": path, "headers": headers});
        if !body.is_null() {
            request["json"] = body.clone();
        }
        let request = request.as_object().unwrap();
        self.0.send(request, &Variables::default()).unwrap()
    }

    /// Sends a request with a key.
    pub(crate) fn keyed(&self, key: &str, verb: &str, path: &str, body: &Value) -> Answer {
        self.send(verb, path, &json!({"X-Api-Key": key}), body)
    }

    /// Sends a request with a key, which must be answered with 200. Answers the body.
    pub(crate) fn done(&self, key: &str, verb: &str, path: &str, body: &Value) -> Value {
        let answer = self.keyed(key, verb, path, body);
        assert_eq!(answer.status, 200, "{verb} {path}: {}", answer.text());
        answer.json.unwrap_or_default()
    }

    /// The name of a key's owner.
    pub(crate) fn owner(&self, key: &str) -> Value {
        self.done(key, "GET", "/api/currentuser", &Value::Null)["name"].clone()
    }
}
