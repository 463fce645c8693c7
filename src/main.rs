//! The program. It calls the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    isogloss::cli::run()
}
