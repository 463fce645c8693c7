//! What only Kanboard has: a count of failed sign-ins, and batches.

mod batches;
mod locks;

use isogloss_testkit::calls::Caller;
use libtest_mimic::Trial;
use serde_json::{Value, json};

use crate::calls::{self, Asked};
use crate::sessions::{Case, trial};

/// The application's login.
const LOGIN: &str = "jsonrpc:0123456789abcdef0123456789abcdef";

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let cases = locks::CASES.into_iter().chain(batches::CASES);
    cases.map(|(name, run): Case| trial(&format!("concurrency::{name}"), run)).collect()
}

/// A request for a method, with the login `name:secret`.
fn kanboard(login: &str, method: &str, params: &Value) -> Asked {
    let (name, secret) = login.split_once(':').unwrap_or((login, ""));
    calls::method("kanboard", Caller { name, secret }, method, params)
}

/// A request with any body.
fn kanboard_body(login: &str, body: &Value) -> Asked {
    kanboard(login, "", &json!([])).carrying("application/json", body.to_string())
}
