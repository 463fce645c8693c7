//! The failures of a Kanboard server as faults.

use std::borrow::Cow;

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::verb::Verb;
use serde_json::Value;

use crate::wire::directory;

/// The code of a JSON-RPC error for a method that the server does not have.
const UNKNOWN_METHOD: i64 = -32601;

/// The server cannot be used.
pub(super) fn unavailable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unavailable, detail)
}

/// The server answered what Kanboard's manual does not say.
pub(super) fn unexpected(detail: impl Into<Cow<'static, str>>) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}

/// A verb that the backend does not have, or one that points at its subject in a way that Kanboard's
/// API cannot.
pub(super) fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("Kanboard's API has no {verb}"))
}

/// An HTTP status other than 200, in answer to the gateway's own credentials.
pub(super) fn of_status(status: u16) -> Fault {
    match status {
        401 | 403 => unavailable("the server refuses the gateway's credentials"),
        _ => unavailable("the server answers with an error status"),
    }
}

/// A JSON-RPC error. An exception of Kanboard's has the code 0.
pub(super) fn of_error(error: &Value) -> Fault {
    let code = error.get("code").and_then(Value::as_i64);
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    match code {
        Some(0) if message == directory::NOT_CONFIGURED => {
            Fault::new(FaultKind::Unsupported, "the server has no directory")
                .about(Subject::Directory)
        }
        Some(0) if message.starts_with(directory::NOT_REACHED) => {
            unavailable("the server cannot reach its directory").about(Subject::Directory)
        }
        Some(UNKNOWN_METHOD) => {
            Fault::new(FaultKind::Unsupported, "the server does not have the method")
        }
        Some(401 | 403) => of_status(401),
        _ => unexpected(format!("the server answers with the error {code:?}")),
    }
}
