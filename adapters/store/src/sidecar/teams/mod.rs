//! The records of teams: the same states as people's, and the same decisions.
//!
//! No system proves in a team's row which team it is. So the same id with another name is a new
//! team, and so is whatever has the id of a team that was away; nobody who owned, looked after or
//! belonged to the old one has any part in it.

mod changes;
pub(crate) mod reading;
mod reconcile;
