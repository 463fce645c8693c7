//! Who is found among many people is found as fast as among few.

use isogloss::registry;

use crate::gateway::{self, Gateway, Options};
use crate::people;
use crate::table::Table;

/// The people who are many.
const PEOPLE: usize = 20_000;
/// The time that a measurement may be off.
const NOTABLE_MS: u64 = 100;

#[test]
fn a_person_is_found_among_many_as_fast_as_among_few() {
    let table = Table::named("lookups.toml");
    let gateway = Gateway::start(&Options::default());
    let measured = || -> Vec<u64> {
        let rows = table.request.iter().map(|row| {
            let version = registry::adapter(&row.dialect).unwrap().versions[0].name;
            let requests = row.all(&gateway::path(&row.dialect, version), "", 1);
            let answer = String::from_utf8(gateway.ask(&requests[0])).unwrap();
            assert!(answer.contains("ann"), "{} {}: {answer}", row.dialect, row.name);
            gateway.cost_of(&requests).cpu_ms
        });
        rows.collect()
    };
    let few = measured();
    people::add(&gateway, PEOPLE);
    let many = measured();
    for ((row, few), many) in table.request.iter().zip(few).zip(many) {
        let name = format!("{} {}", row.dialect, row.name);
        if std::env::var_os("ISOGLOSS_SHOW_COSTS").is_some() {
            eprintln!("{name}: {few} ms among few, {many} ms among many");
        }
        assert!(many <= few * 3 / 2 + NOTABLE_MS, "{name}: {few} ms, and {many} ms among many");
    }
}
