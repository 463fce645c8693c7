//! JSON-RPC calls to a Kanboard server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::secret::Secret;
use serde_json::{Value, json};

use crate::wire::{NO_DIRECTORY, UNREACHED_DIRECTORY};

/// Where the API is, below the base address.
const PATH: &str = "/jsonrpc.php";

/// The user name that goes with the application's own token.
pub(super) const APPLICATION: &str = "jsonrpc";

/// A Kanboard server's API.
#[derive(Debug)]
pub(super) struct Rpc {
    upstream: Arc<dyn Upstream>,
    authorization: Secret,
    next: AtomicU64,
}

impl Rpc {
    /// Calls as this user (by default as the application, with its token).
    pub(super) fn new(upstream: Arc<dyn Upstream>, user: Option<&str>, secret: &Secret) -> Self {
        let authorization = basic(user.unwrap_or(APPLICATION), secret);
        Self { upstream, authorization, next: AtomicU64::new(1) }
    }

    /// Calls a procedure and answers its result.
    pub(super) async fn call(&self, method: &str, params: Value) -> Result<Value, Fault> {
        let response = self.send(method, params, &self.authorization).await?;
        match response.status {
            200 => {}
            401 | 403 => return Err(unavailable("it refuses the gateway's own credential")),
            _ => return Err(unavailable("it answers with an error status")),
        }
        result(&response)
    }

    /// Whether the server takes this password for this user's.
    pub(super) async fn takes(&self, user: &str, password: &Secret) -> Result<bool, Fault> {
        if user == APPLICATION || user.contains(':') || password.expose().is_empty() {
            return Ok(false);
        }
        let response = self.send("getMe", json!([]), &basic(user, password)).await?;
        match response.status {
            // A server that cannot reach its directory answers 200 to any password, with an error
            // inside: fixtures/transcripts/kanboard/ldap-unreachable.json.
            200 => match result(&response)? {
                Value::Object(row) if row.get("username").is_some_and(Value::is_string) => Ok(true),
                _ => Err(unexpected("getMe answers nobody")),
            },
            401 | 403 => Ok(false),
            _ => Err(unavailable("it answers with an error status")),
        }
    }

    /// Whether the server takes this for the application's token.
    pub(super) async fn is_application(&self, token: &Secret) -> Result<bool, Fault> {
        let response = self.send("getVersion", json!([]), &basic(APPLICATION, token)).await?;
        match response.status {
            200 => result(&response).map(|_| true),
            401 | 403 => Ok(false),
            _ => Err(unavailable("it answers with an error status")),
        }
    }

    async fn send(
        &self,
        method: &str,
        params: Value,
        authorization: &Secret,
    ) -> Result<Response, Fault> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let call = json!({"jsonrpc": "2.0", "method": method, "id": id, "params": params});
        let request = Request::to("POST", PATH)
            .with("authorization", authorization.expose().to_owned())
            .carrying("application/json", call.to_string());
        self.upstream.send(request).await
    }
}

fn basic(user: &str, secret: &Secret) -> Secret {
    let pair = STANDARD.encode(format!("{user}:{}", secret.expose()));
    Secret::new(format!("Basic {pair}"))
}

/// What a procedure answered, or the fault of its error.
fn result(response: &Response) -> Result<Value, Fault> {
    let answer: Value = serde_json::from_slice(&response.body)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "not JSON").because(error))?;
    let Value::Object(mut answer) = answer else { return Err(unexpected("not an object")) };
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        return Err(refusal(error));
    }
    answer.remove("result").ok_or_else(|| unexpected("neither result nor error"))
}

/// A JSON-RPC error: the server does not have the procedure or a directory to ask, or something
/// went wrong there.
fn refusal(error: &Value) -> Fault {
    let code = error.get("code").and_then(Value::as_i64);
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    match code {
        Some(0) if message == NO_DIRECTORY => {
            let fault = Fault::new(FaultKind::Unsupported, "it has no directory to ask");
            fault.about(Subject::Directory)
        }
        Some(0) if message.starts_with(UNREACHED_DIRECTORY) => {
            unavailable("it cannot reach its directory").about(Subject::Directory)
        }
        Some(-32601) => Fault::new(FaultKind::Unsupported, "it has no such procedure"),
        Some(401 | 403) => unavailable("it refuses the gateway's own credential"),
        _ => Fault::new(FaultKind::Unexpected, format!("error {code:?}")),
    }
}

pub(super) fn unavailable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unavailable, detail)
}

pub(super) fn unexpected(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}
