//! The faults of a Dandelion server. The details go to the log only.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::verb::Verb;

/// The server cannot be used: an outage, or a problem of the gateway's own account.
pub(super) fn unavailable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unavailable, detail)
}

/// The server answered what the gateway cannot interpret.
pub(super) fn unexpected(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unexpected, detail)
}

/// The API cannot run this verb.
pub(super) fn unsupported(verb: Verb) -> Fault {
    Fault::new(FaultKind::Unsupported, format!("the API of Dandelion has no {verb}"))
}

/// The server refuses the gateway's own key. That is no fault of the caller.
pub(super) fn key_refused() -> Fault {
    unavailable("the server refuses the gateway's key or its rights")
}

/// The server does not let the gateway issue or revoke this key.
pub(super) fn not_by_gateway(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unsupported, detail).about(Subject::Key)
}

/// The server does not delete this user.
pub(super) fn undeletable(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unsupported, detail).about(Subject::User)
}

/// A fault in the middle of a creation. The caller did nothing wrong, whatever the server says.
pub(super) fn in_creation(fault: Fault) -> Fault {
    if fault.kind.is_callers() {
        return unexpected("a creation failed after its first step").because(fault);
    }
    fault
}
