//! Texts that PHP takes for numbers.

/// The number that a text spells; blanks around it are allowed.
#[must_use]
pub fn value(text: &str) -> Option<f64> {
    let text = text.trim_matches(is_blank);
    (prefix(text).len() == text.len()).then(|| text.parse().ok()).flatten()
}

/// Whether PHP allows a character around a number.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

/// The longest beginning of a text that spells a decimal number; empty if there is none.
#[must_use]
pub fn prefix(text: &str) -> &str {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let sign = |at: usize| usize::from(matches!(bytes.get(at), Some(b'+' | b'-')));
    let start = sign(0);
    let whole = digits(start);
    let mut end = start + whole;
    let mut fraction = 0;
    if bytes.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return "";
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let exponent = end + 1 + sign(end + 1);
        let size = if exponent <= bytes.len() { digits(exponent) } else { 0 };
        if size > 0 {
            end = exponent + size;
        }
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_number_does() {
        for (text, number) in [
            ("12ab", "12"),
            ("-1.5e3x", "-1.5e3"),
            ("1e", "1"),
            ("1e+", "1"),
            (".5", ".5"),
            (".", ""),
        ] {
            assert_eq!(prefix(text), number, "{text}");
        }
        assert_eq!((value(" 7 "), value("7x"), value("")), (Some(7.0), None, None));
    }
}
