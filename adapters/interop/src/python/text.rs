//! Texts as Python's methods see them.

/// Whether Python takes a character for white space: it counts U+001C to U+001F, Unicode does not.
#[must_use]
pub fn is_space(letter: char) -> bool {
    letter.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&letter)
}

/// A text without white space around it: `str.strip`, and `unicode.strip` of Python 2.
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strips_what_python_strips() {
        assert_eq!(strip("\u{1c}\u{a0} ada\u{85}\n"), "ada");
        assert_eq!(strip("\u{200b}ada"), "\u{200b}ada");
    }
}
