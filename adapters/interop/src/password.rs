//! Passwords for accounts that are created without one in a system that requires one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::secret::Secret;

/// A password that nobody knows: 256 random bits as 43 letters, digits, `-` and `_`.
///
/// It is short enough for bcrypt, which uses the first 72 bytes only.
#[must_use]
pub fn unknown(random: &[u8; 32]) -> Secret {
    Secret::new(URL_SAFE_NO_PAD.encode(random))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_password_has_43_characters() {
        assert_eq!(unknown(&[0xff; 32]).expose(), format!("{}8", "_".repeat(42)));
    }
}
