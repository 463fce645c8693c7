//! Several gateways with one PostgreSQL database: what one changes is refused by the others, and what
//! clients see when a gateway or a server fails.
//!
//! The trials need PostgreSQL. `scripts/with-postgres` starts the server that most of them share; those
//! that stop a server start one of their own.
#![allow(clippy::unwrap_used, reason = "a test says by panicking what is wrong")]

mod authority;
mod caller;
mod killed;
mod load;
mod outages;
mod relay;
mod rounds;
mod site;
mod tls;
mod variables;
