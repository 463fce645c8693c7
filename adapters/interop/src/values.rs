//! Rules about values that several systems share. Each of them hashes passwords with bcrypt.

use isogloss_canonical::value::{ValueKind, ValueRule};

/// How many bytes of a password bcrypt uses.
const BCRYPT: usize = 72;

/// A password whose end would not count: any password with the same beginning would sign in.
pub const LONGER_THAN_BCRYPT: ValueRule = ValueRule::new(
    ValueKind::Password,
    "longer than 72 bytes: the rest would not count",
    counts_whole,
    || "p".repeat(BCRYPT + 1),
);

/// A password that bcrypt, written in C, ends at a NUL or refuses.
pub const NUL: ValueRule = ValueRule::new(
    ValueKind::Password,
    "with a NUL",
    |text| !text.contains('\0'),
    || "secret\0more".to_owned(),
);

/// Whether bcrypt uses the whole password.
#[must_use]
pub fn counts_whole(password: &str) -> bool {
    password.len() <= BCRYPT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bcrypt_counts_bytes() {
        assert!(counts_whole(&"é".repeat(36)));
        assert!(!counts_whole(&"é".repeat(37)));
    }
}
