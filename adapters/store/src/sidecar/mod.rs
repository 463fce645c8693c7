//! The sidecar: the gateway's own records of all people in a remote system.
//!
//! A record is one row of `users`: canonical id, ids in every id namespace, keys, settings. It has
//! one of three states:
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
//! - *Suspended*: the system does not show this person. Keys, sessions and remembered passwords
//!   give no access. The ids and the name stay reserved. An absence is `Once` (one read),
//!   `Confirmed` (a second, different read agreed), or `Held` (many people vanished at once, and an
//!   operator decides).
//! - *Tombstone*: somebody else has the id or the name. A successor never gets anything of the
//!   record. Its ids in other id namespaces are never used again. Only an operator can bind a
//!   tombstone to a person again.
//!
//! Each read of the system is *reconciled* with the records in one transaction. All names change
//! together, so that people can swap names, or each take the name of the next one. A person whose
//! record the read does not explain is looked up in the system first
//! ([`LookUp`](reconciled::Reconciled::LookUp)). The decision is a pure function
//! ([`decide`](decision::decide)). It is made again inside the transaction, with the records at
//! that time. Applying it twice has no further effect. A read that began before a record last
//! changed has no effect ([`Stale`](reconciled::Reconciled::Stale)): the system is read again.

pub(crate) mod aliases;
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
