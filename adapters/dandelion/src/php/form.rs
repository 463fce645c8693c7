//! Queries and form bodies as Dandelion reads them: by PHP's `mb_parse_str`, and then each value
//! decoded a second time.

/// The parameters of a query or a form body.
#[derive(Debug, Default)]
pub(crate) struct Form(Vec<(String, Field)>);

/// How many parameters are read: PHP's `max_input_vars`, unless it is told another number.
const MOST: usize = 1_000;

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    /// `name=value`, decoded twice.
    Text(String),
    /// `name[]=value`: counts as given, but as nothing.
    Array,
}

impl Form {
    /// Reads a form; whatever it is, it never fails. What type the client calls it does not count.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        Self(pairs.take(MOST).filter_map(member).collect())
    }

    /// A parameter; the last, if it is given several times.
    pub(crate) fn get(&self, name: &str) -> Option<&Field> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, field)| field)
    }

    /// A parameter's text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Field::Text(text)) => Some(text),
            Some(Field::Array) | None => None,
        }
    }
}

fn member(pair: &[u8]) -> Option<(String, Field)> {
    let end = pair.iter().position(|byte| *byte == b'=');
    let (name, value) = match end {
        Some(end) => (&pair[..end], &pair[end + 1..]),
        None => (pair, &[][..]),
    };
    let (name, is_array) = variable(&questioned(&unescaped(name)))?;
    if is_array {
        return Some((name, Field::Array));
    }
    // Once by PHP, which makes invalid bytes question marks
    // (`fixtures/transcripts/dandelion/non-ascii.json`), and once more by Dandelion: the password
    // `a+b %41` is `a b A` (`fixtures/transcripts/dandelion/resetpassword.json`).
    let once = questioned(&unescaped(value));
    Some((name, Field::Text(twice(&once))))
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

/// Takes `%41` and `+` back.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        let escape = match rest {
            [b'%', high, low, ..] => Some((*high, *low)),
            _ => None,
        };
        let decoded = escape.and_then(|(high, low)| Some(digit(high)? * 16 + digit(low)?));
        rest = if decoded.is_some() { &tail[2..] } else { tail };
        out.push(decoded.unwrap_or(if *first == b'+' { b' ' } else { *first }));
    }
    out
}

fn digit(byte: u8) -> Option<u8> {
    let value = char::from(byte).to_digit(16)?;
    u8::try_from(value).ok()
}

/// Text whose invalid bytes are question marks.
fn questioned(bytes: &[u8]) -> String {
    text(bytes, |text, _| text.push('?'))
}

/// Decodes a second time. The original keeps invalid bytes and can never show that record again;
/// here they are read as Latin-1, as its database does.
fn twice(once: &str) -> String {
    text(&unescaped(once.as_bytes()), |text, bytes| {
        text.extend(bytes.iter().copied().map(char::from));
    })
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

    fn check(form: &str, name: &str, expected: Option<&str>) {
        assert_eq!(Form::read(form.as_bytes()).text(name), expected, "{form}");
    }

    #[test]
    fn values_are_decoded_twice() {
        check("pw=a%2Bb+%2541", "pw", Some("a b A"));
        check("pw=a+b%20c", "pw", Some("a b c"));
        check("pw=100%25&x", "pw", Some("100%"));
        check("apikey", "apikey", Some(""));
        check("a=1&a=2", "a", Some("2"));
        check("A=1", "a", None);
    }

    #[test]
    fn a_thousand_parameters_are_read() {
        check(&format!("&&{}a=1", "x&&".repeat(999)), "a", Some("1"));
        check(&format!("{}a=1", "x&".repeat(1000)), "a", None);
    }

    #[test]
    fn invalid_bytes_are_mended() {
        check("n=%FF%FE", "n", Some("??"));
        check("n=%E9", "n", Some("?"));
        check("n=%25E9", "n", Some("é"));
        check("n=%C3%A9", "n", Some("é"));
        check("n=a%00b", "n", Some("a\0b"));
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
