//! The backend against servers that answer what a test says.

mod evidence;
mod faults;
mod recordings;
mod server;
mod stateful;
mod steps;
mod version;
