//! The sidecar of a remote system. The layer translates ids, and stores in the gateway's own
//! database what the system cannot store.
//!
//! Each remote backend has its own store, with one record for each person that was ever seen in the
//! system. A record has the canonical id, the ids in every id namespace, the keys, and the
//! attributes and fields that the system has no column for. All other fields are always read from
//! the system. The result of each read is reconciled with the records before it is answered
//! (`reconcile.rs`), so that nobody gets the record of a deleted person.

mod fields;
mod groups;
mod keys;
pub mod layer;
mod memo;
mod own_verbs;
mod owned;
mod people;
pub mod policy;
mod read_once;
mod recent;
mod reconcile;
mod resolve;
mod rights;
mod search;
mod teams;
mod verify;
