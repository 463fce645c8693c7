//! The fields of a query or a form, as PHP and then the server read them.

use std::collections::BTreeMap;

/// The fields that are texts. PHP has decoded them once; the server decodes each value once more when
/// it reads it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(BTreeMap<Vec<u8>, Vec<u8>>);

impl Form {
    /// Reads a query or a body. The last one of two fields with a name counts; a field with brackets
    /// is an array, which the server takes for an absent value.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let pairs = bytes.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
            (decoded(&pair[..at]), decoded(pair.get(at + 1..).unwrap_or_default()))
        });
        Self(pairs.filter(|(name, _)| !name.contains(&b'[')).collect())
    }

    /// The value of a field, decoded a second time. What is no UTF-8 is a question mark.
    pub(crate) fn text(&self, name: &str) -> Option<Vec<u8>> {
        self.0.get(name.as_bytes()).map(|value| valid(&decoded(value)))
    }

    /// The value of a field that `POST /login` reads.
    pub(crate) fn given(&self, name: &str) -> Vec<u8> {
        self.text(name).unwrap_or_default()
    }

    /// The value of a field as an integer: blanks around it, a sign, no leading zeros.
    pub(crate) fn int(&self, name: &str) -> Option<i64> {
        let text = String::from_utf8(self.text(name)?).ok()?;
        let text = text.trim_matches([' ', '\t', '\n', '\r', '\x0b', '\0']);
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        let leading = digits.starts_with('0') && digits != "0";
        if plain && !leading { text.parse().ok() } else { None }
    }

    /// The value of a field as a truth value, if the field is there.
    pub(crate) fn truth(&self, name: &str) -> Option<bool> {
        let text = self.text(name)?.to_ascii_lowercase();
        let text = text.trim_ascii();
        Some([&b"1"[..], b"true", b"on", b"yes"].contains(&text))
    }
}

/// Decodes percent signs and plus signs once.
fn decoded(field: &[u8]) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), field);
    while let Some((letter, after)) = rest.split_first() {
        let digits = after.get(..2).filter(|code| code.iter().all(u8::is_ascii_hexdigit));
        let code = digits.and_then(|code| std::str::from_utf8(code).ok());
        let code = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        let (byte, next) = match (letter, code) {
            (b'%', Some(code)) => (code, &after[2..]),
            (b'+', _) => (b' ', after),
            (other, _) => (*other, after),
        };
        bytes.push(byte);
        rest = next;
    }
    bytes
}

fn valid(bytes: &[u8]) -> Vec<u8> {
    let part = |chunk: std::str::Utf8Chunk<'_>| {
        [chunk.valid().as_bytes(), &b"?".repeat(chunk.invalid().len())].concat()
    };
    bytes.utf8_chunks().flat_map(part).collect()
}
