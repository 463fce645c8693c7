//! The command line: the commands of the program, and its error messages.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::arguments::{Arguments, Ask};
use crate::cli::print::Closed;

pub mod arguments;
mod config;
mod dialects;
mod explain;
mod id_row;
mod identity;
mod import;
mod import_keys;
mod init;
mod key;
mod manual;
mod matrix;
mod open;
mod owners;
mod print;
mod serve;
mod state;
mod table;
mod usage;
mod user;

/// The exit status if the reader of standard output has closed it: as if SIGPIPE had ended the
/// program, which a shell reports as 128 + 13.
const CLOSED: u8 = 141;

/// Runs the program with its arguments. An error is one sentence on standard error.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match obey(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<Closed>() => ExitCode::from(CLOSED),
        Err(error) => {
            eprintln!("isogloss: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn obey(arguments: Arguments) -> anyhow::Result<()> {
    match arguments.ask {
        Ask::Serve(ask) => serve::run(&ask),
        Ask::Init(ask) => block_on(init::run(&ask)),
        Ask::User(ask) => block_on(user::run(&ask)),
        Ask::Key(ask) => block_on(key::run(&ask)),
        Ask::Identity(ask) => block_on(identity::run(&ask)),
        Ask::Config(ask) => block_on(config::run(&ask)),
        Ask::Matrix(wanted) => matrix::run(&wanted),
        Ask::Dialects { name, json, markdown } => dialects::run(name.as_deref(), json, markdown),
        Ask::Explain { route, at } => block_on(explain::run(&route, &at)),
        Ask::Usage { at } => block_on(usage::run(&at)),
        Ask::State(ask) => block_on(state::run(&ask)),
        Ask::Completions { shell } => manual::completions(shell),
        Ask::Man => manual::man(),
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
