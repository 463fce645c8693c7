//! The limits on the cost of requests without credentials, and of batches: time, memory, rows in
//! the store, bytes of answers and of the log. `fixtures/costs.toml` has the limits. The number of
//! requests that each call sends to the system behind the gateway: `requests.rs`. No request that writes
//! for a value that the system does not take: `values.rs`. Lists of people in bounded memory:
//! `streamed.rs`. Look-ups among many people: `lookups.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod gateway;
mod kanboard;
mod lists;
mod lookups;
mod octoprint;
mod people;
mod relay;
mod requests;
mod streamed;
mod systems;
mod table;
mod values;

use isogloss::registry;

use crate::gateway::{Cost, Gateway, Options};
use crate::table::{Bounds, Request, Table};

/// If a request takes more milliseconds than this, a request of double length must take about
/// double the time at most.
const NOTABLE_MS: u64 = 200;

#[test]
fn no_request_without_credentials_costs_more_than_its_bound() {
    let table = Table::read();
    let gateway = Gateway::start(&Options::default());
    let mut wrong = Vec::new();
    for request in &table.request {
        for version in registry::adapter(&request.dialect).unwrap().versions {
            let at = gateway::path(&request.dialect, version.name);
            wrong.extend(measured(&gateway, &at, request, &request.bounds(&table.bounds)));
        }
    }
    assert!(wrong.is_empty(), "over their bounds:\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_requests_for_every_dialect() {
    let table = Table::read();
    for adapter in registry::dialects() {
        let rows = table.request.iter().filter(|row| row.dialect == adapter.name).count();
        assert!(rows >= 5, "{}: {rows} requests", adapter.name);
    }
    for row in &table.request {
        assert!(registry::adapter(&row.dialect).is_some() && !row.protects.is_empty());
    }
}

/// A sentence for each limit that is exceeded.
fn measured(gateway: &Gateway, at: &str, request: &Request, bounds: &Bounds) -> Vec<String> {
    let token = if request.csrf { gateway.csrf_token(at) } else { String::new() };
    let half = gateway.cost_of(&request.all(at, &token, 2));
    let whole = request.all(at, &token, 1);
    let cost = gateway.cost_of(&whole);
    let sent = whole.iter().map(|one| one.len() as u64).sum::<u64>();
    let most = bounds.answer_per_byte * sent + bounds.answer_bytes * request.often;
    let rows = [
        ("bytes of the answer", cost.answer, most),
        ("ms of processor time", cost.cpu_ms, bounds.cpu_ms),
        ("ms, and twice that of half the request", cost.cpu_ms, linear(&half)),
        ("MiB of memory", cost.memory_mib, bounds.memory_mib),
        ("rows in the store", cost.rows, bounds.rows),
        ("bytes of the log", cost.log, bounds.log_bytes),
    ];
    if std::env::var_os("ISOGLOSS_SHOW_COSTS").is_some() {
        eprintln!("{at} {}: {cost:?}, half {} ms", request.name, half.cpu_ms);
    }
    let over = rows.into_iter().filter(|(_, cost, bound)| cost > bound);
    let name = &request.name;
    over.map(|(what, cost, bound)| format!("{at}: {name}: {cost} {what}, at most {bound}"))
        .collect()
}

/// The time that a request of double length may take, with a reserve for a busy machine.
fn linear(half: &Cost) -> u64 {
    3 * half.cpu_ms + NOTABLE_MS
}
