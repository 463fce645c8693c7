//! Checks of JSON texts that do not depend on a system.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

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

/// The texts at these members of each object in a JSON text: of the object that it is, or of each object
/// in the list that it is, up to a number of objects. A text that breaks off counts up to there.
#[must_use]
pub fn texts_at(text: &[u8], members: &[&str], most: usize) -> Vec<BTreeMap<String, String>> {
    let mut found = Vec::new();
    let mut reader = serde_json::Deserializer::from_slice(text);
    // An error is the end of what can be read: what was found before it counts.
    let _read = reader.deserialize_any(Objects { members, most, found: &mut found });
    found
}

/// Reads one object, or a list of them.
struct Objects<'a> {
    members: &'a [&'a str],
    most: usize,
    found: &'a mut Vec<BTreeMap<String, String>>,
}

impl<'de> Visitor<'de> for Objects<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        self.found.push(BTreeMap::new());
        while let Some(name) = map.next_key::<String>()? {
            if !self.members.contains(&name.as_str()) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: Text = map.next_value()?;
            if let (Some(object), Text(Some(text))) = (self.found.last_mut(), value) {
                object.insert(name, text);
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Objects { members, most, found } = self;
        while found.len() < most
            && list.next_element_seed(Objects { members, most: 0, found: &mut *found })?.is_some()
        {
        }
        Ok(())
    }
}

/// A text, or any other value, which is read and not stored.
struct Text(Option<String>);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(Some(text.to_owned())))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(Text(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Text, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Text, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Text(None))
    }
}

impl<'de> DeserializeSeed<'de> for Objects<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

#[cfg(test)]
mod tests {
    use super::{has_one_meaning, texts_at};

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

    #[test]
    fn texts_are_found_in_one_object_or_in_a_list() {
        let found = |text: &str| {
            let found = texts_at(text.as_bytes(), &["a", "b"], 2);
            found.iter().map(|one| format!("{one:?}")).collect::<Vec<_>>().join(" ")
        };
        for (text, expected) in [
            (r#"{"a":"x","c":{"a":"y"},"b":"z"}"#, r#"{"a": "x", "b": "z"}"#),
            (r#"[{"a":"x"},{"b":"y"},{"a":"z"}]"#, r#"{"a": "x"} {"b": "y"}"#),
            (r#"{"a":"x","params":["unfinis"#, r#"{"a": "x"}"#),
            (r#"{"a":5,"b":"y"}"#, r#"{"b": "y"}"#),
            (r#"{"a":[0,{"a":"x"}],"b":"y"}"#, r#"{"b": "y"}"#),
            (r#"{"a":{"b":"x"},"b":"y"}"#, r#"{"b": "y"}"#),
            (r#"{"a":1e9,"b":null}"#, "{}"),
            ("[[]]", ""),
            ("nonsense", ""),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
