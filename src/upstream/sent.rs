//! Records whether a command has sent a request to its system, and whether a request of it may be sent
//! again. Only if the first request of a command fails, it is known that nothing was executed.

use std::cell::Cell;

use isogloss_canonical::fault::{Fault, Sent};
use isogloss_canonical::verb::Verb;

tokio::task_local! {
    /// Whether the command that this task executes has sent a request.
    static HAS_SENT: Cell<bool>;
    /// Whether the command only reads, and may be executed twice.
    static READS: bool;
}

/// Executes one command of this verb and records whether it sends a request.
pub(crate) async fn tracked<T>(verb: Verb, command: impl Future<Output = T>) -> T {
    let reads = !verb.changes() && verb.is_repeatable();
    READS.scope(reads, HAS_SENT.scope(Cell::new(false), command)).await
}

/// Whether a request of this command may be sent again if its answer was lost. Outside [`tracked`] it
/// may not.
pub(super) fn may_repeat() -> bool {
    READS.try_with(|reads| *reads).unwrap_or_default()
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
