//! The integer that a text means when a database compares it with an integer column.

use isogloss_interop::php::numeric;

use crate::database::error::SqlError;

/// SQLite: any spelling of a whole number; `None` matches no row.
pub(super) fn sqlite(text: &str) -> Option<i64> {
    integer(text).or_else(|| numeric::value(text).and_then(whole))
}

/// MariaDB: the number at the beginning, so that `1abc` means 1 and `abc` means 0:
/// `fixtures/transcripts/kanboard/variants/mysql/get-user.json`.
pub(super) fn mysql(text: &str) -> Option<i64> {
    let text = text.trim_start_matches(is_blank);
    let prefix = numeric::prefix(text);
    if prefix.is_empty() {
        return Some(0);
    }
    integer(prefix).or_else(|| prefix.parse().ok().and_then(whole))
}

/// PostgreSQL: an integer of 32 bits, or an error that names the parameter of the statement.
pub(super) fn postgres(text: &str, parameter: u8) -> Result<i64, SqlError> {
    let bare = text.trim_matches(is_blank);
    let digits = bare.strip_prefix(['+', '-']).unwrap_or(bare);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        let says = format!("7 ERROR:  invalid input syntax for type integer: \"{text}\"");
        return Err(rejected("22P02", "Invalid text representation", &says, text, parameter));
    }
    bare.parse::<i32>().map(i64::from).map_err(|_| {
        let says = format!("7 ERROR:  value \"{text}\" is out of range for type integer");
        rejected("22003", "Numeric value out of range", &says, text, parameter)
    })
}

fn rejected(state: &'static str, meaning: &str, says: &str, text: &str, parameter: u8) -> SqlError {
    let shown = if text.is_empty() { "" } else { "..." };
    let context = format!("CONTEXT:  unnamed portal parameter ${parameter} = '{shown}'");
    SqlError::new(state, meaning, format_args!("{says}\n{context}"))
}

fn is_blank(c: char) -> bool {
    c == ' ' || ('\t'..='\r').contains(&c)
}

/// An integer is parsed as such: as floats, two large ones would be equal.
fn integer(text: &str) -> Option<i64> {
    text.trim_matches(' ').parse().ok()
}

/// A number without a fraction, within 64 bits.
#[allow(clippy::cast_possible_truncation, reason = "its range is checked first")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e18).then_some(number as i64)
}
