//! Code that the tests of all crates share.
//!
//! [`calls`] has what the clients of each dialect send, for suites that ask all dialects the same.
//! [`suite`] runs trials in one process and measures them. [`scripted`] is for the unit tests of
//! the adapters: a gateway, a session store and a system with scripted answers. [`contract`] has
//! the rules for every adapter. [`cpu`] measures processor time. [`connections`] asks the kernel for
//! the state of a connection. [`installed`] installs clients and servers from PyPI and npm. [`real`]
//! starts a real server of a system.
//!
//! The other modules play recorded transcripts against a base URL and report differences. In the
//! order of use: [`transcript`] reads a scenario, [`profile`] has the configuration of its server,
//! [`test_server`] starts what it needs (a [`gateway`] with a [`prepared`] store, a [`directory`]), [`player`]
//! plays it ([`variables`] fills the requests, [`client`] sends them, [`comparison`] compares the answers),
//! [`ledger`] has the expected differences, and [`leaks`] searches the log. These modules know no
//! dialect, and of the gateway only its command line.

pub mod calls;
pub mod client;
pub mod comparison;
pub mod connections;
pub mod contract;
pub mod cpu;
pub mod database;
pub mod directory;
pub mod facts;
pub mod gateway;
pub mod installed;
pub mod leaks;
pub mod ledger;
pub mod played;
pub mod player;
pub mod postgres;
pub mod prepared;
pub mod profile;
pub mod real;
pub mod replay;
pub mod scripted;
pub mod spelling;
pub mod suite;
pub mod test_server;
pub mod transcript;
pub mod variables;
