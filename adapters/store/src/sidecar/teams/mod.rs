//! The records of teams. They have the same states and decisions as those of people.
//!
//! No system's row proves the identity of a team. So the same id with another name is a new team,
//! and so is a team with the id of an absent one. The owner, the co-owners and the members of the
//! old team have no part in the new one.

mod changes;
pub(crate) mod reading;
mod reconcile;
