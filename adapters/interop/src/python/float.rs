//! Floats as Python writes them.

/// `repr(float)`: the shortest digits that read back the same.
#[must_use]
pub fn repr(number: f64) -> String {
    layout(number, &format!("{number:e}"), 16)
}

/// `str(float)` in Python 2: twelve digits.
#[must_use]
pub fn text(number: f64) -> String {
    layout(number, &format!("{number:.11e}"), 12)
}

/// Lays out `1.25e1` as Python does: plain from `0.0001` to below `10 ** limit`.
fn layout(number: f64, scientific: &str, limit: i32) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    let digits = if digits.is_empty() { "0" } else { digits };
    if !(-4..limit).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{point}{rest}e{mark}{:02}", exponent.abs());
    }
    if exponent < 0 {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    }
    let whole = usize::try_from(exponent + 1).unwrap_or(1);
    if digits.len() <= whole {
        return format!("{sign}{digits}{}.0", "0".repeat(whole - digits.len()));
    }
    let (front, back) = digits.split_at(whole);
    format!("{sign}{front}.{back}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_read_as_in_python() {
        for (number, repr, text) in [
            (1.0, "1.0", "1.0"),
            (2.5, "2.5", "2.5"),
            (0.1 + 0.2, "0.30000000000000004", "0.3"),
            (1e16, "1e+16", "1e+16"),
            (1e12, "1000000000000.0", "1e+12"),
            (123_456_789_012_345.0, "123456789012345.0", "1.23456789012e+14"),
            (0.0001, "0.0001", "0.0001"),
            (0.000_01, "1e-05", "1e-05"),
            (-0.0, "-0.0", "-0.0"),
            (1_795_293_042.794_927, "1795293042.794927", "1795293042.79"),
        ] {
            assert_eq!((self::repr(number).as_str(), self::text(number).as_str()), (repr, text));
        }
    }
}
