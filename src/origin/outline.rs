//! Checks a long JSON text while it streams: that it is one object which names each member once.
//!
//! The gateway has read the method of a call at the beginning of the text. A second `method` later in
//! the text would be another call for a server that takes the last one. The text is cut off before it.

use std::collections::BTreeSet;

/// The most members of the object, and the most bytes of a name: a call has few and short ones.
const MOST_NAMES: usize = 64;
const LONGEST_NAME: usize = 256;

/// What has been read of a text so far.
#[derive(Debug, Default)]
pub struct Outline {
    depth: usize,
    object: Progress,
    in_string: bool,
    escaped: bool,
    /// Whether the next string is the name of a member, or this one is.
    name_follows: bool,
    name: Option<Vec<u8>>,
    names: BTreeSet<String>,
}

/// How far the object has been read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Progress {
    #[default]
    NotBegun,
    Within,
    Ended,
}

/// Why a text cannot be forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoMeanings;

impl Outline {
    /// Reads on.
    pub fn read(&mut self, piece: &[u8]) -> Result<(), TwoMeanings> {
        piece.iter().try_for_each(|byte| {
            if self.in_string { self.within_string(*byte) } else { self.between(*byte) }
        })
    }

    fn within_string(&mut self, byte: u8) -> Result<(), TwoMeanings> {
        if let Some(name) = &mut self.name {
            name.push(byte);
            if name.len() > LONGEST_NAME {
                return Err(TwoMeanings);
            }
        }
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' => self.escaped = true,
            b'"' => {
                self.in_string = false;
                if let Some(name) = self.name.take() {
                    self.name_follows = false;
                    let name = serde_json::from_slice(&name).map_err(|_| TwoMeanings)?;
                    if !self.names.insert(name) || self.names.len() > MOST_NAMES {
                        return Err(TwoMeanings);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn between(&mut self, byte: u8) -> Result<(), TwoMeanings> {
        if byte.is_ascii_whitespace() {
            return Ok(());
        }
        match self.object {
            Progress::Within => {}
            Progress::NotBegun if byte == b'{' => self.object = Progress::Within,
            Progress::NotBegun | Progress::Ended => return Err(TwoMeanings),
        }
        match byte {
            b'"' => {
                self.in_string = true;
                self.name = (self.depth == 1 && self.name_follows).then(|| vec![byte]);
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.name_follows |= self.depth == 1;
            }
            b'}' | b']' => {
                self.depth = self.depth.checked_sub(1).ok_or(TwoMeanings)?;
                if self.depth == 0 {
                    self.object = Progress::Ended;
                }
            }
            b',' => self.name_follows |= self.depth == 1,
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a text is taken, however it is cut into pieces.
    fn is_taken(text: &str) -> bool {
        let in_pieces = |size: usize| {
            let mut outline = Outline::default();
            text.as_bytes().chunks(size).try_for_each(|piece| outline.read(piece)).is_ok()
        };
        let whole = in_pieces(1000);
        assert_eq!(whole, in_pieces(1), "{text}");
        whole
    }

    #[test]
    fn a_second_member_of_one_name_is_found() {
        for text in [
            r#"{"method":"a","params":{"method":"b","x":["method"]},"id":1}"#,
            r#" { "a" : "b,\"a\":" , "c" : [1,{"a":2}] } "#,
            "{}",
            r#"{"a":"unfinished"#,
        ] {
            assert!(is_taken(text), "{text}");
        }
        for text in [
            r#"{"method":"a","params":[],"method":"b"}"#,
            r#"{"method":"a","params":[],"m\u0065thod":"b"}"#,
            r#"{"a":"\\","a":1}"#,
            r#"[{"method":"a"}]"#,
            r#"{"a":1}{"b":2}"#,
            r#"x{"a":1}"#,
            "]",
        ] {
            assert!(!is_taken(text), "{text}");
        }
    }
}
