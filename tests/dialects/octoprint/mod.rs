//! What only OctoPrint has: sessions with CSRF tokens, pages for people, the wizard, vouchers.

mod anonymous;
mod browser;
mod client;
mod limit;
mod older;
mod pages;
mod sessions;
mod setup;
mod vouching;

use isogloss_testkit::calls::Caller;
use libtest_mimic::Trial;
use serde_json::Value;

use crate::calls::{self, Asked, quoted};
use crate::sessions::{Case, trial};

/// The trials.
pub(crate) fn trials() -> Vec<Trial> {
    let cases = [
        &sessions::CASES[..],
        &older::CASES[..],
        &anonymous::CASES[..],
        &pages::CASES[..],
        &setup::CASES[..],
        &limit::CASES[..],
    ];
    let cases = cases.into_iter().flatten().copied();
    let cases = cases.map(|(name, run): Case| trial(&format!("sessions::{name}"), run));
    cases.chain(vouching::trials()).chain(client::trials()).collect()
}

/// A request `VERB /path` with an API key. An empty key means none.
fn octoprint(key: &str, line: &str, body: &Value) -> Asked {
    calls::method("octoprint", Caller { name: "", secret: key }, line, body)
}

/// A form that a page sends.
fn octoprint_form(path: &str, fields: &[(&str, &str)]) -> Asked {
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", quoted(value));
    let form = fields.iter().map(pair).collect::<Vec<_>>().join("&");
    octoprint("", &format!("POST {path}"), &Value::Null)
        .carrying("application/x-www-form-urlencoded", form)
}
