//! Whether a command has already sent a request to its system. Only the first request of a command
//! can say that nothing was executed.

use std::cell::Cell;

use isogloss_canonical::fault::{Fault, Sent};

tokio::task_local! {
    /// Whether the command that this task executes has sent a request.
    static HAS_SENT: Cell<bool>;
}

/// Executes one command and counts its requests.
pub(crate) async fn tracked<T>(command: impl Future<Output = T>) -> T {
    HAS_SENT.scope(Cell::new(false), command).await
}

/// A request was sent.
pub(super) fn mark() {
    HAS_SENT.try_with(|sent| sent.set(true)).unwrap_or_default();
}

/// The fault of a request that was not sent. Where requests are not counted, an earlier one may have
/// been sent.
pub(super) fn not_sent(fault: Fault) -> Fault {
    let first = HAS_SENT.try_with(|sent| !sent.get()).unwrap_or_default();
    fault.with_sent(if first { Sent::Never } else { Sent::Maybe })
}
