//! The program: reads its arguments and leaves the rest to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    isogloss::cli::run()
}
