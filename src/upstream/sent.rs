//! Records whether a command has sent a request to its system. Only if the first request of a
//! command fails, it is known that nothing was executed.

use std::cell::Cell;

use isogloss_canonical::fault::{Fault, Sent};

tokio::task_local! {
    /// Whether the command that this task executes has sent a request.
    static HAS_SENT: Cell<bool>;
}

/// Executes one command and records whether it sends a request.
pub(crate) async fn tracked<T>(command: impl Future<Output = T>) -> T {
    HAS_SENT.scope(Cell::new(false), command).await
}

/// Records that a request was sent.
pub(super) fn mark() {
    HAS_SENT.try_with(|sent| sent.set(true)).unwrap_or_default();
}

/// The fault of a request that was not sent. Outside [`tracked`] it is unknown whether an earlier
/// request was sent.
pub(super) fn not_sent(fault: Fault) -> Fault {
    let first = HAS_SENT.try_with(|sent| !sent.get()).unwrap_or_default();
    fault.with_sent(if first { Sent::Never } else { Sent::Maybe })
}
