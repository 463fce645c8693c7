//! What the server's columns hold. It cuts what is longer and says nothing, and a letter that is
//! cut in two makes every list of it fail; so what would be cut is refused.
//!
//! On a latin1 connection each byte of a letter counts as a letter of its own, which its tables
//! then keep in two bytes. Which connection it has is not told, so that the worst is assumed.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};

/// So many letters of a user name (`fixtures/transcripts/dandelion/long-values.json`).
const USERNAME_LETTERS: usize = 255;
/// So many bytes of a theme.
const THEME_BYTES: usize = 255;
/// So many bytes of a full name.
const FULL_NAME_BYTES: usize = 65_535;

/// Refuses a user name that would be cut.
pub(super) fn username(name: &str) -> Result<(), Fault> {
    fits(name.len(), USERNAME_LETTERS).map_err(|fault| fault.about(Subject::Username))
}

/// Refuses a full name that would be cut.
pub(super) fn full_name(name: &str) -> Result<(), Fault> {
    fits(stored(name), FULL_NAME_BYTES)
}

/// Refuses a theme that would be cut.
pub(super) fn theme(theme: Option<&str>) -> Result<(), Fault> {
    fits(theme.map_or(0, stored), THEME_BYTES)
}

/// How many bytes the tables keep a text in, at most.
fn stored(text: &str) -> usize {
    text.bytes().map(|byte| if byte.is_ascii() { 1 } else { 2 }).sum()
}

fn fits(length: usize, most: usize) -> Result<(), Fault> {
    if length <= most { Ok(()) } else { Err(Fault::new(FaultKind::Invalid, "it would be cut")) }
}
