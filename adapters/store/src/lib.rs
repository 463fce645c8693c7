//! The embedded store: users, groups, keys and sessions in one SQLite file.
//!
//! A directory has `isogloss.sqlite` and `secret.key`. The keys for hashing and encryption are
//! derived from `secret.key`, so a stolen database alone reveals no secret. Reads use connections
//! of their own. Writes use a single connection, one after another, so what a transaction has
//! checked still holds at its commit.

mod access;
mod adapter;
mod attempts;
mod backend;
mod bulk;
mod copying;
mod database;
mod faults;
mod files;
mod groups;
mod halves;
mod hashing;
mod health;
mod held;
mod identities;
mod inner;
mod insert;
mod keys;
mod lease;
mod lock;
mod lookup;
mod members;
mod numbered;
mod page_parts;
mod pages;
mod passwords;
mod pruning;
mod rows;
mod sealing;
mod secret_file;
mod session_store;
mod settings;
mod sidecar;
mod signin;
mod sql;
mod start;
mod store;
mod tables;
mod takeover;
mod transfer;
pub mod usage;
mod user_rows;
mod users;
mod values;
mod write;
mod write_counts;

pub use crate::access::refused;
pub use crate::adapter::ADAPTER;
pub use crate::backend::capability;
pub use crate::bulk::{BatchFault, IdBatches, IdReader, IdRow, KeyRow, Newcomer};
pub use crate::copying::{CopiedTable, Location, copy_state};
pub use crate::database::{check_url, probe};
pub use crate::files::{DATABASE, SECRET_KEY};
pub use crate::halves::check_files;
pub use crate::lock::DirectoryLock;
pub use crate::numbered::Numbered;
pub use crate::sidecar::aliases::Named;
pub use crate::sidecar::claims::Claim;
pub use crate::sidecar::decision::{Absence, State};
pub use crate::sidecar::operator::Bound;
pub use crate::sidecar::reading::{Reading, Seen};
pub use crate::sidecar::reconciled::Reconciled;
pub use crate::sidecar::record::Record;
pub use crate::sidecar::records::{Records, RemoteSystem};
pub use crate::sidecar::teams::reading::{ReconciledTeams, SeenTeam, TeamReading, TeamRecord};
pub use crate::store::Store;
pub use crate::values::RULES;
