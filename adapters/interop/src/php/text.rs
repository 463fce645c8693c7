//! Texts as PHP's string functions treat them.

/// The text without the characters that `trim` removes from both ends.
#[must_use]
pub fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\0', '\u{b}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_feed_and_other_blanks_stay() {
        assert_eq!(trim(" \t\0a b\u{b}\r\n"), "a b");
        assert_eq!(trim("\u{c}a\u{a0}"), "\u{c}a\u{a0}");
    }
}
