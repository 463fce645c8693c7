//! What happens if the reader of standard output has closed it, as `head` does.

use std::process::{Output, Stdio};

use crate::workdir::Workdir;

/// Runs a command with a standard output that nobody reads.
fn unread(workdir: &Workdir, words: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    workdir.command(words).stdout(Stdio::from(writer)).output().unwrap()
}

/// As if SIGPIPE had ended it: the status that a shell reports, and no message.
#[test]
fn a_printing_command_ends_silently() {
    let workdir = Workdir::new();
    workdir.ok(&["init"]);
    let commands: [&[&str]; 12] = [
        &["matrix"],
        &["matrix", "--json"],
        &["matrix", "--markdown"],
        &["dialects"],
        &["dialects", "--json"],
        &["completions", "bash"],
        &["man"],
        &["config", "show"],
        &["config", "check"],
        &["user", "list"],
        &["key", "list", "--json"],
        &["identity", "export"],
    ];
    for words in commands {
        let done = unread(&workdir, words);
        assert_eq!(String::from_utf8_lossy(&done.stderr), "", "{words:?}");
        assert_eq!(done.status.code(), Some(141), "{words:?}");
    }
}

/// Credentials that nobody reads are of no use: no store is made that only they open.
#[test]
fn init_makes_nothing_if_nobody_reads_the_credentials() {
    let workdir = Workdir::new();
    let done = unread(&workdir, &["init"]);
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(told.contains("nothing was changed"), "{told}");
    assert_eq!(done.status.code(), Some(1));
    workdir.ok(&["init"]);
}
