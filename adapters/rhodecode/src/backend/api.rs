//! Requests to the API of a RhodeCode server, and its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use isogloss_canonical::adapter::Service;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::secret::Secret;
use serde_json::{Map, Value, json};

use crate::backend::fault::{Refusal, of_fields, of_sentence, unavailable, unexpected};
use crate::options::version::{Differences, Version};

/// The path of the API, below the base address.
const PATH: &str = "/_admin/api";

/// The content type of a request. Version 4.3 must not take it for a form.
const PLAIN: &str = "text/plain";

/// The arguments of a call.
pub(super) type Arguments = Map<String, Value>;

/// The API of a RhodeCode server.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    /// How the server is configured as a backend.
    pub(super) service: Service,
    /// The server's version.
    pub(super) version: &'static Differences,
    /// The id of the next call, which its answer repeats. RhodeCode takes a zero for a missing id.
    next: AtomicU64,
}

impl Api {
    /// The API that is reached through this upstream.
    pub(super) fn new(upstream: Arc<dyn Upstream>, service: Service, version: Version) -> Self {
        Self { upstream, service, version: version.differences(), next: AtomicU64::new(1) }
    }

    /// Calls a method with the gateway's own token, which must be a super administrator's, and
    /// returns its result.
    pub(super) async fn call(&self, method: &str, args: Arguments) -> Result<Value, Fault> {
        let (id, request) = self.request(&self.service.secret, method, &args);
        answer_to(&id, &self.upstream.send(request).await?)?.map_err(Refusal::into_fault)
    }

    /// Calls a method about one subject, and returns what its result holds under this name.
    pub(super) async fn call_about(
        &self,
        method: &str,
        args: Arguments,
        name: &str,
    ) -> Result<Value, Fault> {
        let Value::Object(mut result) = self.call(method, args).await? else {
            return Err(unexpected("a result that is no object"));
        };
        result.remove(name).ok_or_else(|| unexpected("a result without its subject"))
    }

    /// Sends a request that is no call of the API: to a web page, with the caller's address.
    pub(super) async fn page(&self, request: Request) -> Result<Response, Fault> {
        self.upstream.send_for_caller(request).await
    }

    /// Calls a method with a caller's token and address, and returns its result or the server's
    /// refusal.
    pub(super) async fn call_for_caller(
        &self,
        token: &Secret,
        method: &str,
        args: Arguments,
    ) -> Result<Result<Value, Refusal>, Fault> {
        let (id, request) = self.request(token, method, &args);
        answer_to(&id, &self.upstream.send_for_caller(request).await?)
    }

    /// A call with a token, and its id.
    fn request(&self, token: &Secret, method: &str, args: &Arguments) -> (Value, Request) {
        let id = json!(self.next.fetch_add(1, Ordering::Relaxed));
        let token = token.expose();
        let call = json!({"id": id, "auth_token": token, "method": method, "args": args});
        (id, Request::to("POST", PATH).carrying(PLAIN, call.to_string()))
    }
}

/// The result or the error in the envelope of an answer.
fn answer_to(id: &Value, response: &Response) -> Result<Result<Value, Refusal>, Fault> {
    if response.status != 200 {
        return Err(unavailable("it answers with an error status"));
    }
    let answer: Value = serde_json::from_slice(&response.body)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "not JSON").because(error))?;
    let Value::Object(mut answer) = answer else { return Err(unexpected("not an object")) };
    if answer.get("id") != Some(id) {
        return Err(unexpected("the answer to another call"));
    }
    match (answer.remove("error"), answer.remove("result")) {
        (Some(Value::Null), Some(result)) => Ok(Ok(result)),
        (Some(Value::String(sentence)), Some(Value::Null)) => Ok(Err(of_sentence(&sentence))),
        (Some(Value::Object(fields)), Some(Value::Null)) => Ok(Err(of_fields(&fields))),
        _ => Err(unexpected("neither a result nor an error")),
    }
}

/// A single argument.
pub(super) fn only(name: &str, value: impl Into<Value>) -> Arguments {
    Arguments::from_iter([(name.to_owned(), value.into())])
}
