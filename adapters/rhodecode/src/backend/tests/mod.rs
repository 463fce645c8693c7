//! The backend's tests: against recorded servers, and against scripted ones.

mod evidence;
mod facts;
mod faults;
mod groups;
mod passwords;
mod recorded;
mod rights;
mod rows;
mod script;
mod server;
mod shapes;
mod steps;
