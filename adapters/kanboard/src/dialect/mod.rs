//! The dialect: answers clients of Kanboard. `/jsonrpc.php` is the API, `/healthcheck.php` the
//! health check; any path info may follow.

mod account;
mod batch;
mod call;
mod envelope;
mod failure;
mod groups;
mod identity;
mod keys;
mod members;
mod method;
mod named;
mod projects;
mod server;
mod table;
#[cfg(test)]
mod tests;
mod users;
mod validation;

use async_trait::async_trait;
use isogloss_canonical::command::Command;
use isogloss_canonical::dialect::{Dialect, MethodInfo};
use isogloss_canonical::exchange::{BATCH_LIMIT, Exchange};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::named::Named;
use isogloss_interop::php::json::Unwritable;
use isogloss_interop::php::value::Php;

use crate::dialect::batch::Batch;
use crate::dialect::envelope::{json_response, read_payload};
use crate::dialect::failure::{Abort, HTML, PARSE_ERROR};
use crate::dialect::table::table;
use crate::options::Options;
use crate::options::version::Differences;

/// How many values a call may hold on average. A method takes five at most.
const VALUES_PER_CALL: usize = 50;

/// Kanboard's dialect on one route.
#[derive(Debug)]
pub(crate) struct Kanboard {
    options: Options,
}

/// The scripts that programs call.
enum Script {
    JsonRpc,
    HealthCheck,
}

impl Script {
    /// The script of a path. What follows its name is path info, which Kanboard ignores:
    /// `fixtures/transcripts/kanboard/rpc-http.json`.
    fn of(path: &str, differences: &Differences) -> Option<Self> {
        let path = path.trim_start_matches('/');
        match path.split_once('/').map_or(path, |(script, _)| script) {
            "jsonrpc.php" => Some(Self::JsonRpc),
            "healthcheck.php" if differences.health_check => Some(Self::HealthCheck),
            _ => None,
        }
    }
}

#[async_trait]
impl Dialect for Kanboard {
    fn methods(&self) -> &'static [MethodInfo] {
        &table(self.options.version).infos
    }

    fn handles(&self, request: &Request) -> bool {
        self.script(request).is_some()
    }

    async fn answer(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let mut response = match self.script(request) {
            Some(Script::JsonRpc) => self.answer_rpc(request, exchange).await,
            Some(Script::HealthCheck) => health(exchange).await,
            None => Response::new(404, "Not Found\n").with("content-type", HTML),
        };
        if request.method == "HEAD" {
            response.clear_body();
        }
        response
    }

    fn named(&self, request: &Request) -> Named {
        let is_call = matches!(self.script(request), Some(Script::JsonRpc));
        named::named(&self.options, request, is_call)
    }

    fn forwards(&self, beginning: &[u8]) -> Option<bool> {
        Some(named::is_origins(self.options.version, beginning))
    }

    fn refuse(&self, request: &Request, fault: &Fault) -> Response {
        let is_page = self.script(request).is_none();
        match fault.kind {
            FaultKind::TooLarge | FaultKind::Malformed if is_page => {
                Response::new(400, "Bad Request\n").with("content-type", HTML)
            }
            // PHP drops a body that it does not accept, so that the script finds none.
            FaultKind::TooLarge | FaultKind::Malformed => self.parse_error(),
            FaultKind::Unauthenticated => Abort::Unauthorized.response(),
            FaultKind::Forbidden => Abort::Forbidden.response(),
            FaultKind::Throttled
            | FaultKind::Unavailable
            | FaultKind::Timeout
            | FaultKind::Unexpected => self.unanswered(request, fault),
            FaultKind::UnknownMethod
            | FaultKind::Invalid
            | FaultKind::NotFound
            | FaultKind::Conflict
            | FaultKind::Unsupported => Abort::Uncaught.response(),
        }
    }
}

impl Kanboard {
    /// The dialect with these options.
    pub(crate) const fn new(options: Options) -> Self {
        Self { options }
    }

    async fn answer_rpc(&self, request: &Request, exchange: &dyn Exchange) -> Response {
        let limit = exchange.batch_limit().saturating_mul(VALUES_PER_CALL);
        let minus_zero = self.options.differences().minus_zero;
        let Some(payload) = read_payload(request, limit, minus_zero) else {
            return self.parse_error();
        };
        if !batch::is_translated(self.options.version, &payload)
            && let Some(answer) = exchange.forward(request.clone()).await
        {
            return answer.unwrap_or_else(|fault| self.refuse(request, &fault));
        }
        let answered = Batch::new(&self.options, request, exchange).answer(&payload).await;
        answered.map_or_else(Abort::response, |body| json_response(200, body))
    }

    /// The answer to calls that have none, for example because the time of the whole request is up: an
    /// error for each.
    fn unanswered(&self, request: &Request, fault: &Fault) -> Response {
        let differences = self.options.differences();
        let limit = BATCH_LIMIT.saturating_mul(VALUES_PER_CALL);
        let is_rpc = matches!(self.script(request), Some(Script::JsonRpc));
        let payload = Some(request).filter(|_| is_rpc);
        let payload =
            payload.and_then(|request| read_payload(request, limit, differences.minus_zero));
        let answered = payload.map(|calls| batch::unanswered(&calls, fault, differences.wording));
        match answered {
            Some(Ok(body)) if !body.is_empty() => json_response(200, body),
            Some(_) | None => Abort::Uncaught.response(),
        }
    }

    fn script(&self, request: &Request) -> Option<Script> {
        Script::of(&request.path, self.options.differences())
    }

    fn parse_error(&self) -> Response {
        let body = PARSE_ERROR.write(&Php::Null, self.options.differences().wording);
        body.map_or_else(|Unwritable| Abort::Unwritable.response(), |body| json_response(200, body))
    }
}

async fn health(exchange: &dyn Exchange) -> Response {
    let (status, message) = match exchange.read(Command::ServerFacts).await {
        Err(fault) if fault.kind != FaultKind::Unsupported => (503, "Database connection failed"),
        _ => (200, "Database connection is OK"),
    };
    json_response(status, format!("{{\"status\":{status},\"message\":\"{message}\"}}"))
}
