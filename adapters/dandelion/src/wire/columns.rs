//! What the columns of the server's database hold.
//!
//! The server cuts a longer value without an error. The dialect cuts in the same way. The backend
//! refuses such a value instead: a character that is cut in two makes every later list fail.
//!
//! On a latin1 connection, each byte of a character counts as one character, and the tables store
//! it in two bytes. The API does not tell which connection the server has, so the backend assumes
//! latin1.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::secret::Secret;

/// The length of a user name in characters (`fixtures/transcripts/dandelion/long-values.json`).
const USERNAME: usize = 255;
/// The size of a `tinytext` column in bytes: themes, statuses, names of groups.
const TINY_TEXT: usize = 255;
/// The size of a `text` column in bytes: full names, messages.
const TEXT: usize = 65_535;
/// How many bytes of a password bcrypt uses
/// (`fixtures/transcripts/dandelion/resetpassword.json`).
const PASSWORD: usize = 72;

/// A user name as the column stores it.
pub(crate) fn username(text: &str) -> String {
    cut(text, USERNAME).to_owned()
}

/// A value as a `tinytext` column stores it.
pub(crate) fn tiny_text(value: &str) -> String {
    cut(value, TINY_TEXT).to_owned()
}

/// A value as a `text` column stores it.
pub(crate) fn text(value: &str) -> String {
    cut(value, TEXT).to_owned()
}

/// The part of a password that bcrypt uses.
pub(crate) fn password(text: &str) -> Secret {
    cut(text, PASSWORD).into()
}

/// The beginning of a text that fits into this many bytes. No character is cut in two.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Refuses a user name that the server would cut.
pub(crate) fn check_username(name: &str) -> Result<(), Fault> {
    check(name.len(), USERNAME).map_err(|fault| fault.about(Subject::Username))
}

/// Refuses a full name that the server would cut.
pub(crate) fn check_full_name(name: &str) -> Result<(), Fault> {
    check(stored_bytes(name), TEXT)
}

/// Refuses a theme that the server would cut.
pub(crate) fn check_theme(theme: Option<&str>) -> Result<(), Fault> {
    check(theme.map_or(0, stored_bytes), TINY_TEXT)
}

/// How many bytes the tables need for a text, at most.
fn stored_bytes(text: &str) -> usize {
    text.bytes().map(|byte| if byte.is_ascii() { 1 } else { 2 }).sum()
}

fn check(length: usize, limit: usize) -> Result<(), Fault> {
    if length <= limit {
        return Ok(());
    }
    Err(Fault::new(FaultKind::Invalid, "the value is too long for the server's column"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_character_is_cut_in_two() {
        assert_eq!((cut("aé", 2), cut("aé", 3), cut("aé", 9)), ("a", "aé", "aé"));
    }
}
