//! Floats as PHP writes them.

/// How many digits a float is written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digits {
    /// As few as distinguish it from every other (`serialize_precision` -1): JSON since PHP 7.1.
    Shortest,
    /// Fourteen (`precision` 14): a cast to string, and JSON before PHP 7.1.
    Fourteen,
}

/// A float as PHP writes it: `1`, `1.5`, `1.0e+25`. `mark` stands before the exponent: `e` in JSON, `E`
/// in a text.
#[must_use]
pub fn text(value: f64, digits: Digits, mark: char) -> String {
    let (spelled, most) = match digits {
        Digits::Shortest => (format!("{value:e}"), 17),
        Digits::Fourteen => (format!("{value:.13e}"), 14),
    };
    let Some((mantissa, exponent)) = spelled.split_once('e') else {
        return not_finite(value).to_owned();
    };
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_end_matches('0');
    let significant = if significant.is_empty() { "0" } else { significant };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    format!("{sign}{}", place_point(significant, exponent, most, mark))
}

fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NAN"
    } else if value > 0.0 {
        "INF"
    } else {
        "-INF"
    }
}

/// Puts the point where the exponent says, or writes the exponent if that is too far away.
fn place_point(digits: &str, exponent: i32, most: i32, mark: char) -> String {
    let (first, rest) = digits.split_at(1);
    if exponent < -4 || exponent >= most {
        let rest = if rest.is_empty() { "0" } else { rest };
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{first}.{rest}{mark}{sign}{}", exponent.abs());
    }
    let Ok(whole) = usize::try_from(exponent + 1) else {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or_default());
        return format!("0.{zeros}{digits}");
    };
    if whole == 0 {
        return format!("0.{digits}");
    }
    if digits.len() <= whole {
        return format!("{digits}{}", "0".repeat(whole - digits.len()));
    }
    let (before, after) = digits.split_at(whole);
    format!("{before}.{after}")
}
