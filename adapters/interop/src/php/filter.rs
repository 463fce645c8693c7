//! Parameters as PHP's `filter_var` reads them.

/// Reads a whole number as `FILTER_VALIDATE_INT` does on 32 bits: blanks around it and a sign are
/// allowed; leading zeros, fractions and exponents are not.
#[must_use]
pub fn int(text: &str) -> Option<i32> {
    let text = trimmed(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let canonical = digits == "0" || !digits.starts_with('0');
    if !canonical || digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// Reads a switch as `FILTER_VALIDATE_BOOLEAN` does; any text that it does not know is off.
#[must_use]
pub fn flag(text: &str) -> bool {
    ["1", "true", "on", "yes"].iter().any(|word| word.eq_ignore_ascii_case(trimmed(text)))
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\n', '\r', '\u{b}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_as_php_reads_them() {
        let read = [" 51 ", "\t-7\n", "+3", "0", "-0", "2147483647"].map(int);
        assert_eq!(read, [51, -7, 3, 0, 0, i32::MAX].map(Some));
        for text in ["", " ", "x", "g1", "01", "1.0", "1e0", "--1", "+", "2147483648", "٣"] {
            assert_eq!(int(text), None, "{text:?}");
        }
    }

    #[test]
    fn unknown_switches_are_off() {
        assert!(["true", "TRUE", "1", "on", "Yes", " 1 "].iter().all(|text| flag(text)));
        assert!(!["", "false", "0", "off", "no", "banana", "2"].iter().any(|text| flag(text)));
    }
}
