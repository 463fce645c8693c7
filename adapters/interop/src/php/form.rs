//! Queries and form bodies as PHP's `mb_parse_str` reads them.

use crate::percent;

/// How many parameters are read: PHP's default for `max_input_vars`.
const MOST: usize = 1_000;

/// The parameters of a query or a form body.
#[derive(Default)]
pub struct Form(Vec<(String, Field)>);

/// A parameter's value.
#[derive(Clone, PartialEq, Eq)]
pub enum Field {
    /// `name=value`.
    Text(String),
    /// `name[]=value`: the parameter is given, but no text.
    Array,
}

impl Form {
    /// Reads a form; it never fails. Invalid UTF-8 becomes question marks.
    #[must_use]
    pub fn read(bytes: &[u8]) -> Self {
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Self(pairs.take(MOST).filter_map(member).collect())
    }

    /// Decodes each value a second time, as `urldecode` does for a program that calls it on what
    /// PHP has decoded already: `%2541` is `A`. Invalid UTF-8 is now read as Latin-1.
    #[must_use]
    pub fn decoded_again(mut self) -> Self {
        for (_, field) in &mut self.0 {
            if let Field::Text(text) = field {
                *text = latin1_where_invalid(&percent::decode_form(text.as_bytes()));
            }
        }
        self
    }

    /// A parameter; the last, if it is given several times.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Field> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, field)| field)
    }

    /// A parameter's text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Field::Text(text)) => Some(text),
            Some(Field::Array) | None => None,
        }
    }
}

/// Shows names only, as the values may be secrets.
impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// Shows the kind only, as the text may be a secret.
impl std::fmt::Debug for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Array => "Array",
        })
    }
}

fn member(pair: &[u8]) -> Option<(String, Field)> {
    let end = pair.iter().position(|byte| *byte == b'=');
    let (name, value) = match end {
        Some(end) => (&pair[..end], &pair[end + 1..]),
        None => (pair, &[][..]),
    };
    let (name, is_array) = variable(&questioned(&percent::decode_form(name)))?;
    if is_array {
        return Some((name, Field::Array));
    }
    Some((name, Field::Text(questioned(&percent::decode_form(value)))))
}

/// The name of the PHP variable that a parameter's name stands for, and whether it is an array.
fn variable(name: &str) -> Option<(String, bool)> {
    let name = name.split('\0').next().unwrap_or_default().trim_start_matches(' ');
    let (stem, rest) = name.split_at(name.find('[').unwrap_or(name.len()));
    let stem = stem.replace([' ', '.'], "_");
    match (stem.is_empty(), rest.is_empty(), rest.contains(']')) {
        (true, ..) => None,
        (false, true, _) => Some((stem, false)),
        (false, false, true) => Some((stem, true)),
        (false, false, false) => Some((stem + "_" + &rest[1..], false)),
    }
}

/// Text with a question mark for each invalid sequence.
fn questioned(bytes: &[u8]) -> String {
    text(bytes, |text, _| text.push('?'))
}

fn latin1_where_invalid(bytes: &[u8]) -> String {
    text(bytes, |text, bytes| text.extend(bytes.iter().copied().map(char::from)))
}

fn text(bytes: &[u8], mend: impl Fn(&mut String, &[u8])) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            mend(&mut out, chunk.invalid());
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: &str, name: &str, once: Option<&str>) {
        assert_eq!(Form::read(form.as_bytes()).text(name), once, "{form}");
    }

    fn check_twice(form: &str, name: &str, twice: Option<&str>) {
        assert_eq!(Form::read(form.as_bytes()).decoded_again().text(name), twice, "{form}");
    }

    #[test]
    fn values_are_decoded() {
        check("pw=a%2Bb+%2541", "pw", Some("a+b %41"));
        check("apikey", "apikey", Some(""));
        check("a=1&a=2", "a", Some("2"));
        check("A=1", "a", None);
        check_twice("pw=a%2Bb+%2541", "pw", Some("a b A"));
        check_twice("pw=a+b%20c", "pw", Some("a b c"));
        check_twice("pw=100%25&x", "pw", Some("100%"));
    }

    #[test]
    fn a_thousand_parameters_are_read() {
        check(&format!("&&{}a=1", "x&&".repeat(999)), "a", Some("1"));
        check(&format!("{}a=1", "x&".repeat(1000)), "a", None);
    }

    #[test]
    fn invalid_bytes_are_mended() {
        check_twice("n=%FF%FE", "n", Some("??"));
        check_twice("n=%E9", "n", Some("?"));
        check_twice("n=%25E9", "n", Some("é"));
        check_twice("n=%C3%A9", "n", Some("é"));
        check_twice("n=a%00b", "n", Some("a\0b"));
    }

    #[test]
    fn names_are_php_variables() {
        assert_eq!(Form::read(b"uid[]=5").get("uid"), Some(&Field::Array));
        check("uid[]=5&uid=6", "uid", Some("6"));
        check("+a.b=1", "a_b", Some("1"));
        check("a[b=1", "a_b", Some("1"));
        check("[a]=1&=2&&", "", None);
    }
}
