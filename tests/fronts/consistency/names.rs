//! The names that steps are taken with, and what is decided about them: `docs/dialects/names.md`.

use isogloss_canonical::command::Command;
use isogloss_canonical::group::NewGroup;
use libtest_mimic::Trial;

/// ASCII, other letters, an accent that is composed and one that combines, cases, blanks, digits,
/// names that mean something to one of the systems.
pub(super) const NAMES: &[&str] = &[
    "anna",
    "Anna",
    "ANNA",
    "anna ",
    " anna",
    "bob",
    "ren\u{e9}e",
    "rene\u{301}e",
    "REN\u{c9}E",
    "stra\u{df}e",
    "strasse",
    "\u{130}stanbul",
    "istanbul",
    "\u{65e5}\u{672c}",
    "7",
    "default",
    "jsonrpc",
    "guest",
    "o'neill \"x\" <b>",
    "a/b",
    "100%",
    "a-name-of-two-hundred-letters-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

/// Names that every front takes.
pub(super) const PLAIN: &[&str] = &["anna", "bob", "strasse", "istanbul", "guest"];

/// The team that steps let people join.
pub(super) fn team() -> Command {
    Command::CreateGroup(Box::new(NewGroup { name: "crew".to_owned(), ..NewGroup::default() }))
}

pub(super) fn trials() -> Vec<Trial> {
    Vec::new()
}
