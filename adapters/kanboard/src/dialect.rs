//! The front: what Kanboard answers at which path, in the order of its checks.

mod application;
mod changes;
mod credentials;
mod groups;
mod me;
mod members;
mod procedure;
mod refusal;
mod rpc;
#[cfg(test)]
mod tests;
mod users;
mod validation;

use std::sync::LazyLock;

use async_trait::async_trait;
use isogloss_canonical::command::Command;
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::extent::Extent;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};

use crate::dialect::procedure::PROCEDURES;
use crate::dialect::refusal::{Ending, PARSE_ERROR};
use crate::dialect::rpc::Conversation;
use crate::php::Php;
use crate::wire::Shape;

const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=UTF-8";
/// How many values a call may hold on average. A procedure takes five at most.
const VALUES_A_CALL: usize = 50;

/// Kanboard's dialect.
#[derive(Debug)]
pub(crate) struct Kanboard {
    /// How rows look.
    pub(crate) shape: Shape,
    /// The header that credentials may be in, in lower case.
    pub(crate) header: Option<String>,
}

static METHODS: LazyLock<Vec<MethodInfo>> = LazyLock::new(|| {
    PROCEDURES.iter().flat_map(|table| table.iter()).map(|procedure| procedure.method).collect()
});

#[async_trait]
impl Dialect for Kanboard {
    fn methods(&self) -> &'static [MethodInfo] {
        &METHODS
    }

    fn handles(&self, request: &Request) -> bool {
        script(&request.path).is_some()
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let mut response = match script(&request.path) {
            Some(Script::JsonRpc) => self.converse(request, exchange).await,
            Some(Script::HealthCheck) => health(exchange).await,
            None => Response::new(404, "Not Found\n").with("content-type", HTML),
        };
        if request.method == "HEAD" {
            response.body.clear();
        }
        response
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        let is_page = script(&request.path).is_none();
        match fault.kind {
            FaultKind::TooLarge | FaultKind::Malformed if is_page => {
                Response::new(400, "Bad Request\n").with("content-type", HTML)
            }
            // PHP hides a body that it does not take.
            FaultKind::TooLarge | FaultKind::Malformed => json(PARSE_ERROR.written(&Php::Null)),
            FaultKind::Unauthenticated => Ending::Unauthorized.response(),
            FaultKind::Forbidden => Ending::Forbidden.response(),
            _ => Ending::Fatal.response(),
        }
    }
}

impl Kanboard {
    async fn converse(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let most = exchange.batch_limit().saturating_mul(VALUES_A_CALL);
        let Some(payload) = payload(request, most) else {
            return json(PARSE_ERROR.written(&Php::Null));
        };
        let conversation = Conversation::new(self, request, exchange);
        if !Conversation::is_ours(&payload)
            && let Some(answer) = exchange.forward(request.clone()).await
        {
            return answer.unwrap_or_else(|fault| self.refuse(request, &fault));
        }
        json(conversation.answer(&payload).await)
    }
}

/// The two scripts that programs call.
enum Script {
    JsonRpc,
    HealthCheck,
}

/// What follows the script's name is its path info, which nobody looks at:
/// `fixtures/transcripts/kanboard/rpc-http.json`.
fn script(path: &str) -> Option<Script> {
    let path = path.trim_start_matches('/');
    match path.split_once('/').map_or(path, |(script, _)| script) {
        "jsonrpc.php" => Some(Script::JsonRpc),
        "healthcheck.php" => Some(Script::HealthCheck),
        _ => None,
    }
}

/// The body as PHP decodes it, whatever the verb and the type; an array, or nothing. With more
/// values than these it is not read: a value of two bytes takes a hundred in memory.
fn payload(request: &Request, most: usize) -> Option<Php> {
    let kind = request.header("content-type").unwrap_or_default();
    let kind = kind.split([';', ',', ' ']).next().unwrap_or_default();
    // PHP reads such a body itself, and leaves nothing to the script.
    if request.method == "POST" && kind.eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    if Extent::of(&request.body).values > most {
        return None;
    }
    let decoded = serde_json::from_slice(&request.body).ok()?;
    Some(Php::from_json(decoded)).filter(Php::is_array)
}

fn json(body: Result<String, Ending>) -> Response {
    body.map_or_else(Ending::response, |body| Response::new(200, body).with("content-type", JSON))
}

async fn health(exchange: &dyn Exchange) -> Response {
    let (status, message) = match exchange.read(Command::ServerFacts).await {
        Err(fault) if fault.kind != FaultKind::Unsupported => (503, "Database connection failed"),
        _ => (200, "Database connection is OK"),
    };
    let body = format!("{{\"status\":{status},\"message\":\"{message}\"}}");
    Response::new(status, body).with("content-type", JSON)
}
