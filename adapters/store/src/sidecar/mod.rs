//! The sidecar: the gateway's own record of everybody in a system behind a bridge.
//!
//! A record is one row of `users`: canonical id, ids in every namespace, keys, settings. It is in one
//! of three states:
//!
//! ```text
//!             an absence is seen                  somebody else has the id or the name
//!   active ---------------------> suspended -----------------------------------------> tombstone
//!     ^   <---------------------      |                                                    ^
//!     |     the same person proved    '-- an operator confirms, binds or buries ----------'
//!     '------ somebody else has the id, and nothing proves a renaming --------------------'
//! ```
//!
//! - *Active*: the system has this person.
//! - *Suspended*: the system does not show them. Their keys, sessions and remembered passwords open
//!   nothing. Their ids and their name are kept for them. An absence is seen `Once`, `Confirmed` by a
//!   second, different read, or `Held` when many vanished at once: then an operator decides.
//! - *Tombstone*: somebody else has the id or the name. Nothing of theirs ever passes to a successor;
//!   their ids in the other namespaces stay taken. Only an operator can bind a tombstone again.
//!
//! Whatever a read of the system shows is *settled* in one transaction: all names at once, so that
//! people may swap names or pass them on in a chain; whom the read does not explain is looked up in
//! the system first ([`Look`](settlement::Settlement::Look)). Deciding is pure ([`decide`](decide::decide)) and is repeated inside the
//! transaction on what the records are then; running it twice changes nothing more. A read that began
//! before a record last changed changes nothing ([`Stale`](settlement::Settlement::Stale)): it is read again.

mod apply;
pub(crate) mod claims;
pub(crate) mod decide;
pub(crate) mod handle;
pub(crate) mod operate;
mod plan;
pub(crate) mod reading;
pub(crate) mod records;
mod settle;
pub(crate) mod settlement;
pub(crate) mod teams;
mod vanishing;
