//! Prints `docs/deviations.md`. It is generated from the `deviations.toml` of a fixtures folder.
#![allow(clippy::print_stdout, reason = "a program: it prints the document")]

use std::path::Path;

use anyhow::Result;

use isogloss_testkit::ledger::{Ledger, document};

fn main() -> Result<()> {
    let fixtures = std::env::args().nth(1).unwrap_or_else(|| "fixtures".to_owned());
    print!("{}", document(&Ledger::load(Path::new(&fixtures))?.deviations));
    Ok(())
}
