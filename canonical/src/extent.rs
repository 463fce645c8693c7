//! How many values a JSON text holds, counted before it is parsed. A dialect refuses a small text that
//! would take much memory once parsed.

/// The extent of a JSON text. Of a text that is not JSON it is an upper bound of what a reader
/// finds before it gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// How many values there are, at most.
    pub values: usize,
    /// How deep they are nested.
    pub depth: usize,
}

impl Extent {
    /// Measures a text in one pass, in constant memory.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let (mut values, mut depth, mut deepest) = (1, 0_usize, 0);
        let mut bytes = text.iter();
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => skip_string(&mut bytes),
                b'[' | b'{' => {
                    depth += 1;
                    deepest = deepest.max(depth);
                    values += 1;
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                b',' => values += 1,
                _ => {}
            }
        }
        Self { values, depth: deepest }
    }
}

/// The inside of a string has no values.
fn skip_string(bytes: &mut std::slice::Iter<'_, u8>) {
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return,
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_outside_strings() {
        for (text, values, depth) in [
            ("", 1, 0),
            ("7", 1, 0),
            ("[1,2,3]", 4, 1),
            (r#"{"a":[1,{"b":2}],"c":"[,[,\"{,"}"#, 6, 3),
            ("[[[[", 5, 4),
            ("]]]][", 2, 1),
            ("\"unterminated [,", 1, 0),
        ] {
            assert_eq!(Extent::of(text.as_bytes()), Extent { values, depth }, "{text}");
        }
    }
}
