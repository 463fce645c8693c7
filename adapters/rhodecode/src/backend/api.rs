//! Calls to a RhodeCode server, and what its refusals mean.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use isogloss_canonical::backend::Upstream;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::Request;
use isogloss_canonical::secret::Secret;
use serde_json::{Map, Value, json};

/// What is said of a token that is wrong, weak, or not for this place.
pub(super) const REFUSED: &str = "it refuses the gateway's own token";

/// Where the API is, below the base address.
const PATH: &str = "/_admin/api";

/// Version 4.3 takes a form, which is what this type keeps a body from being taken for.
const PLAIN: &str = "text/plain";

/// The arguments of a call.
pub(super) type Arguments = Map<String, Value>;

/// A RhodeCode server's API.
#[derive(Debug)]
pub(super) struct Api {
    upstream: Arc<dyn Upstream>,
    token: Secret,
    /// An answer repeats the call's id; one that is falsy would be taken for a missing one.
    next: AtomicU64,
}

impl Api {
    /// Calls with this token, which must be a super administrator's.
    pub(super) fn new(upstream: Arc<dyn Upstream>, token: Secret) -> Self {
        Self { upstream, token, next: AtomicU64::new(1) }
    }

    /// The same server, called with a caller's own token.
    pub(super) fn with(&self, token: Secret) -> Self {
        Self::new(Arc::clone(&self.upstream), token)
    }

    /// Calls a method and answers its result.
    pub(super) async fn call(&self, method: &str, args: Arguments) -> Result<Value, Fault> {
        let id = json!(self.next.fetch_add(1, Ordering::Relaxed));
        let token = self.token.expose();
        let call = json!({"id": id, "auth_token": token, "method": method, "args": args});
        let request = Request::to("POST", PATH).carrying(PLAIN, call.to_string());
        let response = self.upstream.send(request).await?;
        if response.status != 200 {
            return Err(Fault::new(FaultKind::Unavailable, "it answers with an error status"));
        }
        let answer: Value = serde_json::from_slice(&response.body)
            .map_err(|error| Fault::new(FaultKind::Unexpected, "not JSON").because(error))?;
        let Value::Object(mut answer) = answer else { return Err(unexpected("not an object")) };
        if answer.get("id") != Some(&id) {
            return Err(unexpected("the answer to another call"));
        }
        match (answer.remove("error"), answer.remove("result")) {
            (Some(Value::Null), Some(result)) => Ok(result),
            (Some(Value::String(sentence)), Some(Value::Null)) => Err(refusal(&sentence)),
            (Some(Value::Object(fields)), Some(Value::Null)) => Err(invalid(&fields)),
            _ => Err(unexpected("neither a result nor an error")),
        }
    }

    /// Calls a method about one thing, and answers what is under this name in its result.
    pub(super) async fn about(
        &self,
        method: &str,
        args: Arguments,
        name: &str,
    ) -> Result<Value, Fault> {
        match self.call(method, args).await? {
            Value::Object(mut result) => {
                result.remove(name).ok_or_else(|| unexpected("a result without its subject"))
            }
            _ => Err(unexpected("a result that is no object")),
        }
    }
}

/// One argument.
pub(super) fn only(name: &str, value: impl Into<Value>) -> Arguments {
    Arguments::from_iter([(name.to_owned(), value.into())])
}

/// How a sentence begins and ends, and what it means. What goes on inside is a name that somebody
/// chose, so that it decides nothing.
type Row = (&'static str, &'static str, FaultKind, Option<Subject>);

const REFUSALS: &[Row] = &[
    ("user `", "` does not exist", FaultKind::NotFound, Some(Subject::User)),
    ("user group `", "` does not exist", FaultKind::NotFound, Some(Subject::Group)),
    ("user `", "` already exist", FaultKind::Conflict, Some(Subject::Username)),
    ("email `", "` already exist", FaultKind::Conflict, Some(Subject::Email)),
    ("user group `", "` already exist", FaultKind::Conflict, Some(Subject::Group)),
    ("failed to create user `", "`", FaultKind::Invalid, Some(Subject::User)),
    ("failed to update user `", "`", FaultKind::Invalid, Some(Subject::User)),
    ("failed to delete user ID:", "", FaultKind::Invalid, Some(Subject::User)),
    ("failed to create group `", "`", FaultKind::Invalid, Some(Subject::Group)),
    ("failed to update user group `", "`", FaultKind::Invalid, Some(Subject::Group)),
    ("failed to delete user group ID:", "", FaultKind::Invalid, Some(Subject::Group)),
    // The gateway's own token is wrong, weak, or not for this place: never a caller's doing.
    ("Invalid API KEY", "", FaultKind::Unavailable, None),
    ("API KEY ", " bad role for an API call", FaultKind::Unavailable, None),
    ("Request from ", " not allowed", FaultKind::Unavailable, None),
    ("Access was denied to this resource.", "", FaultKind::Unavailable, None),
    ("userid is not the same as your user", "", FaultKind::Unavailable, None),
    ("No such method: ", "", FaultKind::Unsupported, None),
];

/// What a sentence means. It never gets into the fault: it may quote the whole request.
fn refusal(sentence: &str) -> Fault {
    let fits = |(begin, end, ..): &&Row| {
        sentence.strip_prefix(begin).is_some_and(|rest| rest.ends_with(end))
    };
    match REFUSALS.iter().find(fits) {
        Some((_, _, kind, Some(subject))) => Fault::new(*kind, "").about(*subject),
        Some((.., FaultKind::Unavailable, None)) => Fault::new(FaultKind::Unavailable, REFUSED),
        Some((.., kind, None)) => Fault::new(*kind, "it has no such method"),
        None => unexpected("an error that was never recorded"),
    }
}

/// Version 4.26 says of each field what is wrong with it.
fn invalid(fields: &Map<String, Value>) -> Fault {
    let subject = |name: &String| match name.as_str() {
        "username" => Some(Subject::Username),
        "email" => Some(Subject::Email),
        "password" => Some(Subject::Password),
        name if name.starts_with("user_group") => Some(Subject::Group),
        _ => None,
    };
    let fault = Fault::new(FaultKind::Invalid, "the server's schema refuses it");
    match fields.keys().find_map(subject) {
        Some(subject) => fault.about(subject),
        None => fault,
    }
}

pub(super) fn unexpected(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}
