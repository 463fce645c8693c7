//! The sidecar: the gateway's own record of everybody in a remote system.
//!
//! A record is one row of `users`: canonical id, ids in every namespace, keys, settings. It is in one
//! of three states:
//!
//! ```text
//!             an absence is seen                  somebody else has the id or the name
//!   active ---------------------> suspended -----------------------------------------> tombstone
//!     ^   <---------------------      |                                                    ^
//!     |     the same person proved    '-- an operator confirms, binds or retires ---------'
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
//! Whatever a read of the system shows is *reconciled* with the records in one transaction: all names
//! at once, so that people may swap names or pass them on in a chain. Whom the read does not explain
//! is looked up in the system first ([`LookUp`](reconciled::Reconciled::LookUp)). The decision is a pure
//! function ([`decide`](decision::decide)). It is made again inside the transaction, from the records as
//! they are then; to apply it twice changes nothing more. A read that began before a record last
//! changed changes nothing ([`Stale`](reconciled::Reconciled::Stale)): the system is read again.

mod changes;
pub(crate) mod claims;
pub(crate) mod decision;
pub(crate) mod operator;
mod plan;
pub(crate) mod reading;
mod reconcile;
pub(crate) mod reconciled;
pub(crate) mod record;
pub(crate) mod records;
pub(crate) mod teams;
mod vanishing;
