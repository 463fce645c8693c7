//! What the columns of the database store. The connection is latin1: each byte that a client sends is
//! one character, and a character that is not ASCII takes two bytes in the table.

/// A value of the column `username`: 255 characters.
pub(super) fn username(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().take(255).collect()
}

/// A value of a `tinytext` column: 255 bytes in the table.
pub(super) fn tiny(bytes: Vec<u8>) -> Vec<u8> {
    cut(bytes, 255)
}

/// A value of a `text` column.
pub(super) fn text(bytes: Vec<u8>) -> Vec<u8> {
    cut(bytes, 65_535)
}

/// The part of a password that bcrypt uses.
pub(super) fn password(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(72)].to_vec()
}

fn cut(bytes: Vec<u8>, limit: usize) -> Vec<u8> {
    let mut size = 0;
    let fits = |byte: &u8| {
        size += if byte.is_ascii() { 1 } else { 2 };
        size <= limit
    };
    bytes.into_iter().take_while(fits).collect()
}

/// What decides whether two names are the same one.
pub(super) fn folded(name: &[u8]) -> Vec<u8> {
    let mut name = name.to_ascii_lowercase();
    name.truncate(name.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1));
    name
}
