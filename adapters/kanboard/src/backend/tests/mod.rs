//! The backend against servers that answer what a test says.

mod evidence;
mod faults;
mod server;
mod steps;
mod version;
