//! Checks of JSON texts that do not depend on a system.

use std::collections::BTreeSet;
use std::fmt;

use serde::Deserializer;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};

/// Whether a text is one JSON object that names each member once. If a member appears twice, JSON
/// parsers differ in which value they use. Only with this check does the origin's parser find the
/// same members as the gateway's.
#[must_use]
pub fn has_one_meaning(text: &[u8]) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(text);
    reader.deserialize_map(Members).and_then(|()| reader.end()).is_ok()
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut names = BTreeSet::new();
        while let Some(name) = map.next_key::<String>()? {
            if !names.insert(name) {
                return Err(A::Error::custom("a member is named twice"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::has_one_meaning;

    #[test]
    fn two_members_of_one_name_have_two_meanings() {
        for text in [r#"{"a":1,"b":{"a":1}}"#, " {} ", r#"{"a":1.0}"#] {
            assert!(has_one_meaning(text.as_bytes()), "{text}");
        }
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"a":1,"\u0061":1}"#,
            r#"[{"a":1}]"#,
            r#"{"a":NaN}"#,
            r#"{"a":1}x"#,
            "\u{feff}{}",
            "",
        ] {
            assert!(!has_one_meaning(text.as_bytes()), "{text}");
        }
        assert!(!has_one_meaning(b"{\x00\"\x00a\x00\"\x00:\x001\x00}\x00"));
    }
}
