//! The failures of an OctoPrint server as faults.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::verb::Verb;

/// The server cannot be used now.
pub(super) fn unavailable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unavailable, detail)
}

/// The server answers something that it does not document.
pub(super) fn unexpected(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}

/// A verb that the backend's capability does not name.
pub(super) fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("OctoPrint's API has no {verb}"))
}

/// The server cannot do this to this subject.
pub(super) fn impossible(subject: Subject, detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unsupported, detail).about(subject)
}

/// The server would refuse this value.
pub(super) fn invalid(subject: Subject, detail: &'static str) -> Fault {
    Fault::new(FaultKind::Invalid, detail).about(subject)
}

/// The server refuses the gateway's own key.
pub(super) fn key_refused() -> Fault {
    unavailable("the server refuses the gateway's own key")
}

/// The fault of a status that says nothing about a user.
pub(super) fn of_status(status: u16) -> Fault {
    match status {
        401 | 403 => key_refused(),
        429 => Fault::new(FaultKind::Throttled, "the server was asked too often"),
        500.. => unavailable("the server answers with an error status"),
        _ => unexpected("the server answers with a status that it does not document"),
    }
}
