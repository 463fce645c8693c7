//! What the tests share.
//!
//! [`suite`] runs trials in one process and measures them. [`scripted`] is for the unit tests of the
//! adapters: a gateway, a session store and a system that answer by a script. [`contract`] is what every
//! adapter must hold.
//!
//! The rest plays recorded transcripts against any base URL and says what differs.
//! In the order in which a scenario passes through: [`transcript`] reads it, [`profile`] says how
//! its server was configured, [`scene`] starts what it needs (a [`gateway`], a [`directory`]),
//! [`player`] plays it ([`variables`] fills the requests, [`client`] sends them, [`comparison`]
//! judges the answers), [`ledger`] knows which differences are expected, [`leaks`] searches the log.
//! That part knows no dialect and nothing of the gateway but its command line.

pub mod client;
pub mod comparison;
pub mod contract;
pub mod directory;
pub mod facts;
pub mod gateway;
pub mod leaks;
pub mod ledger;
pub mod played;
pub mod player;
pub mod profile;
pub mod replay;
pub mod scene;
pub mod scripted;
pub mod spelling;
pub mod suite;
pub mod transcript;
pub mod variables;
