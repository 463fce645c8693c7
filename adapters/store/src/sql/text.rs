//! Text as PostgreSQL can store it.
//!
//! PostgreSQL refuses U+0000 in text; SQLite and some systems store it. Two characters are
//! escaped, so that every text comes back unchanged and equal texts stay equal:
//! U+0000 becomes U+0001 `0`, and U+0001 becomes U+0001 `1`.

use std::borrow::Cow;

const ESCAPE: char = '\u{1}';

/// The form that PostgreSQL stores.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['\0', ESCAPE]) {
        return Cow::Borrowed(text);
    }
    let mut all = String::with_capacity(text.len() + 2);
    for one in text.chars() {
        match one {
            '\0' => all.extend([ESCAPE, '0']),
            ESCAPE => all.extend([ESCAPE, '1']),
            other => all.push(other),
        }
    }
    Cow::Owned(all)
}

/// The text of a stored form.
pub(super) fn unescaped(stored: &str) -> String {
    if !stored.contains(ESCAPE) {
        return stored.to_owned();
    }
    let mut text = String::with_capacity(stored.len());
    let mut rest = stored.chars();
    while let Some(one) = rest.next() {
        text.push(match (one, one == ESCAPE) {
            (_, true) if rest.next() == Some('0') => '\0',
            (one, _) => one,
        });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back() {
        for text in ["", "ada", "\0", "\u{1}", "a\0b\u{1}0\u{1}\u{1}1", "\u{1}0", "é\0"] {
            let stored = escaped(text);
            assert!(!stored.contains('\0'), "{text:?}");
            assert_eq!(unescaped(&stored), text);
        }
    }
}
