//! Completions and the man page. Both are generated from the definition of the command line.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::cli::arguments::Arguments;

/// Prints completions.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "isogloss", &mut text);
    std::io::stdout().write_all(&text)?;
    Ok(())
}

/// Prints the man page.
pub(crate) fn man() -> anyhow::Result<()> {
    let mut text = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut text)?;
    std::io::stdout().write_all(&text)?;
    Ok(())
}
