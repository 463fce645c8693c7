//! Every way in which a call ends other than well, and how RhodeCode's envelope shows it.

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Response;
use isogloss_interop::python::simplejson::write::write;
use isogloss_interop::python::value::Py;

use crate::dialect::envelope;
use crate::options::version::Version;
use crate::wire::Object;

/// What a method of RhodeCode raises instead of an answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An error with this sentence.
    Error(String),
    /// The fields that the schema refuses, each with its error.
    Invalid(Object),
    /// The caller lacks the permission for the method.
    Forbidden,
    /// A Python exception of this name that the method does not catch.
    Exception(&'static str),
}

impl Failure {
    /// An error with this sentence.
    pub(crate) fn error(sentence: impl Into<String>) -> Self {
        Self::Error(sentence.into())
    }

    /// Encodes the failure in the envelope of the request with this id.
    pub(crate) fn respond(self, version: Version, id: &Py, exchange: &dyn Exchange) -> Response {
        match self {
            Self::Error(sentence) => envelope::error(version, id, sentence),
            Self::Invalid(fields) => envelope::error(version, id, fields),
            Self::Forbidden => envelope::error(version, id, "Access was denied to this resource."),
            Self::Exception(name) => exception(version, id, name, exchange),
        }
    }
}

/// The failure for a fault that the method has no sentence for: what RhodeCode answers when its own
/// database fails. It is never an absence.
impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Forbidden => Self::Forbidden,
            FaultKind::Malformed
            | FaultKind::TooLarge
            | FaultKind::UnknownMethod
            | FaultKind::Invalid
            | FaultKind::Unauthenticated
            | FaultKind::NotFound
            | FaultKind::Conflict
            | FaultKind::Unsupported
            | FaultKind::Throttled
            | FaultKind::Unavailable
            | FaultKind::Timeout
            | FaultKind::Unexpected => Self::Exception("OperationalError"),
        }
    }
}

/// An uncaught exception. Version 4.26 names it in headers, which replace the content type:
/// fixtures/transcripts/rhodecode/get-user.json.
fn exception(version: Version, id: &Py, name: &'static str, exchange: &dyn Exchange) -> Response {
    const SENTENCE: &str = "Internal server error";
    if !version.differences().names_exceptions {
        return envelope::error(version, id, SENTENCE);
    }
    Response::new(200, write(&envelope::error_body(id, SENTENCE)))
        .with("RhodeCode-Exception-Id", exception_id(exchange))
        .with("RhodeCode-Exception-Type", name)
}

/// The id of an exception: a number that looks like a memory address.
pub(crate) fn exception_id(exchange: &dyn Exchange) -> String {
    let random = exchange.random();
    let number = random.iter().take(5).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    (140_000_000_000_000 + number).to_string()
}
