//! How a value is written: as JSON, byte by byte as `json_encode` does, and a float as text.

use super::{Key, Php, Unwritable, are_positions};

impl Php {
    /// Writes it as `json_encode` does with slashes and Unicode unescaped.
    pub(crate) fn write(&self, out: &mut String) -> Result<(), Unwritable> {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => out.push_str(&value.to_string()),
            Self::Float(value) if value.is_finite() => {
                out.push_str(&float_text(*value, Digits::Shortest));
            }
            Self::Float(_) => return Err(Unwritable),
            Self::Text(text) => write_text(text, out),
            Self::Array(entries) if are_positions(entries) => return write_list(entries, out),
            Self::Array(entries) | Self::Object(entries) => return write_object(entries, out),
        }
        Ok(())
    }
}

fn write_list(entries: &[(Key, Php)], out: &mut String) -> Result<(), Unwritable> {
    out.push('[');
    for (place, (_, value)) in entries.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        value.write(out)?;
    }
    out.push(']');
    Ok(())
}

fn write_object(entries: &[(Key, Php)], out: &mut String) -> Result<(), Unwritable> {
    out.push('{');
    for (place, (key, value)) in entries.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        match key {
            Key::Index(index) => write_text(&index.to_string(), out),
            Key::Name(name) => write_text(name, out),
        }
        out.push(':');
        value.write(out)?;
    }
    out.push('}');
    Ok(())
}

/// The two line separators are escaped, U+007F is not:
/// `fixtures/transcripts/kanboard/create-user-special-characters.json`.
fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{2028}' | '\u{2029}' => {
                let escaped = format!("\\u{:04x}", u32::from(c));
                out.push_str(&escaped);
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}

/// How many digits a float is written with.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Digits {
    /// As few as tell it from every other (`serialize_precision` -1).
    Shortest,
    /// Fourteen (`precision` 14).
    Fourteen,
}

/// A float as PHP writes it: `1`, `1.5`, `1.0e+25`; `1.0E+25` when it becomes a text.
pub(super) fn float_text(value: f64, digits: Digits) -> String {
    let (spelled, most, mark) = match digits {
        Digits::Shortest => (format!("{value:e}"), 17, 'e'),
        Digits::Fourteen => (format!("{value:.13e}"), 14, 'E'),
    };
    let Some((mantissa, exponent)) = spelled.split_once('e') else {
        return if value.is_nan() {
            "NAN"
        } else if value > 0.0 {
            "INF"
        } else {
            "-INF"
        }
        .to_owned();
    };
    let sign = if mantissa.starts_with('-') { "-" } else { "" };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_end_matches('0');
    let significant = if significant.is_empty() { "0" } else { significant };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    format!("{sign}{}", place_point(significant, exponent, most, mark))
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
