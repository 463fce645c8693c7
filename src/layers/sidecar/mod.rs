//! The sidecar of a remote system that knows nothing of the gateway: ids are translated, and what
//! the system cannot hold is stored in the gateway's own database.
//!
//! Each such backend has a store of its own, with one record for each person that was ever seen in
//! the system. A record holds the canonical id, the ids in every namespace, the keys, and the
//! attributes and fields that the system has no column for. What the system does hold is always read
//! from the system. Whatever a read shows is reconciled with the records before it is answered
//! (`reconcile.rs`): nobody gets the record of somebody who is gone.

mod fields;
mod groups;
pub mod layer;
mod own_verbs;
mod people;
pub mod policy;
mod recent;
mod reconcile;
mod resolve;
mod search;
mod teams;
mod verify;
