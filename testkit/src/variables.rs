//! Variables: the values of `{{name}}` in a transcript.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::spelling;

/// The values of a scenario: given before it starts, or captured from answers.
#[derive(Clone, Debug, Default)]
pub struct Variables(BTreeMap<String, Value>);

/// One `{{...}}`.
struct Place<'a> {
    typed: bool,
    name: &'a str,
    filter: Option<&'a str>,
}

impl Variables {
    /// Sets one.
    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// Reads one.
    pub fn get(&self, name: &str) -> Result<&Value> {
        self.0.get(name).with_context(|| format!("nothing gives the variable {name:?}"))
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.0.iter()
    }

    /// Replaces every `{{...}}` in a value, keys included.
    pub fn fill(&self, value: &Value) -> Result<Value> {
        Ok(match value {
            Value::Object(members) => Value::Object(self.fill_members(members)?),
            Value::Array(items) => {
                Value::Array(items.iter().map(|item| self.fill(item)).collect::<Result<_>>()?)
            }
            Value::String(text) => match place(text) {
                Some((place, "")) if place.typed => self.typed(place.name)?,
                _ => Value::String(self.fill_text(text)?),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        })
    }

    /// Replaces every `{{...}}` in an object.
    pub fn fill_members(&self, members: &Map<String, Value>) -> Result<Map<String, Value>> {
        let filled =
            members.iter().map(|(key, member)| Ok((self.fill_text(key)?, self.fill(member)?)));
        filled.collect()
    }

    /// Replaces every `{{...}}` in a text.
    pub fn fill_text(&self, text: &str) -> Result<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            if let Some((place, after)) = place(rest) {
                out.push_str(&self.filtered(&place)?);
                rest = after;
            } else {
                out.push('{');
                rest = &rest[1..];
            }
        }
        Ok(out + rest)
    }

    /// The value with its JSON type. A text that is JSON is parsed.
    fn typed(&self, name: &str) -> Result<Value> {
        let value = self.get(name)?;
        let said = value.as_str().and_then(|text| serde_json::from_str(text).ok());
        Ok(said.unwrap_or_else(|| value.clone()))
    }

    fn filtered(&self, place: &Place<'_>) -> Result<String> {
        let text = spelling::text(self.get(place.name)?);
        Ok(match place.filter {
            None => text,
            Some("b64") => STANDARD.encode(text),
            Some("url") => spelling::percent(&text),
            Some(other) => bail!("no filter is called {other:?}"),
        })
    }
}

/// The place at the start of a text, and the rest of the text.
fn place(text: &str) -> Option<(Place<'_>, &str)> {
    let inner = text.strip_prefix("{{")?;
    let (inner, rest) = inner.split_once("}}")?;
    let (typed, inner) = inner.strip_prefix('#').map_or((false, inner), |inner| (true, inner));
    let (name, filter) =
        inner.split_once('|').map_or((inner, None), |(name, filter)| (name, Some(filter)));
    let word = |text: &str, more: &str| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c);
        !text.is_empty() && text.chars().all(fits)
    };
    let fits = word(name, "_") && filter.is_none_or(|filter| word(filter, ""));
    fits.then_some((Place { typed, name, filter }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables() -> Variables {
        let mut variables = Variables::default();
        variables.set("id", 7);
        variables.set("text_id", "12");
        variables.set("name", "a b/c");
        variables.set("login", "admin:ü");
        variables
    }

    #[test]
    fn a_whole_typed_place_keeps_the_type() {
        let filled = variables().fill(&json!(["{{#id}}", "{{#text_id}}", "{{#name}}", "x{{#id}}"]));
        assert_eq!(filled.unwrap(), json!([7, 12, "a b/c", "x7"]));
    }

    #[test]
    fn places_in_text_and_keys_are_replaced() {
        let filled =
            variables().fill(&json!({"{{id}}": "{{name|url}} {{login|b64}} {{{id}} {{No}}"}));
        assert_eq!(filled.unwrap(), json!({"7": "a%20b%2Fc YWRtaW46w7w= {7 {{No}}"}));
    }

    #[test]
    fn what_nothing_gives_is_an_error() {
        assert!(variables().fill(&json!("{{nothing}}")).is_err());
    }
}
