//! What only Dandelion has: its sessions, and groups whose rights are its own.

mod guesses;
mod rights;
mod sessions;

use isogloss_testkit::calls::Caller;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::calls::{self, Asked};
use crate::sessions::{Case, trial};

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let cases = sessions::CASES.into_iter();
    let cases = cases.map(|(name, run): Case| trial(&format!("sessions::{name}"), run));
    cases.chain([rights::trial(), guesses::trial()]).collect()
}

/// A request `VERB /path` with an API key. An empty key means none.
fn dandelion(key: &str, line: &str, form: &Value) -> Asked {
    calls::method("dandelion", Caller { name: "", secret: key }, line, form)
}
