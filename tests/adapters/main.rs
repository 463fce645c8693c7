//! `docs/adapters.md` builds an adapter step by step. These tests compile the code blocks of the
//! page in a workspace of their own. They run the contract suite on that adapter, and start a
//! gateway that has the adapter in its registry.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod served;
mod workspace;

use std::process::{Command, Output};

use crate::workspace::Workspace;

/// A command's output, if it succeeded.
fn succeeded(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}\n{complained}");
    output
}

/// Both builds use the same folder, so they are in one test and never run at the same time.
#[test]
fn the_adapter_of_the_page_is_green_and_served() {
    let workspace = Workspace::write();
    contract(&workspace);
    let mut format = Command::new("rustfmt");
    format.args(["--check", "--edition", "2024", "--config-path"]).arg(workspace::root());
    succeeded(format.arg(workspace.folder.join("duck/src/lib.rs")));
    let program = workspace.program();
    served::tables_know_it(&program);
    served::configurations_may_name_it(&program);
    served::its_clients_are_answered(&program);
}

/// Runs the contract suite.
fn contract(workspace: &Workspace) {
    let tested = succeeded(&mut workspace.cargo("test"));
    let said = String::from_utf8_lossy(&tested.stdout).into_owned();
    let complained = String::from_utf8_lossy(&tested.stderr).into_owned();
    assert!(!complained.contains("warning:"), "{complained}");
    assert!(said.contains("duck::an-outage-is-no-absence"), "the contract did not run: {said}");
}
