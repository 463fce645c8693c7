//! Converts a merged configuration to the settings, and finds every value of a wrong type. Such a
//! value is reported and replaced by its default, and the rest is read.

use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};
use toml::Value;

use crate::config::finding::{Finding, Findings, Key, Severity};
use crate::config::sources::Sources;

/// The most problems that are reported.
const MOST: usize = 1000;

/// A configuration that is being converted.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The merged values.
    pub merged: Value,
    /// The defaults, which replace wrong values.
    pub defaults: &'a Value,
    /// The place of each value.
    pub sources: &'a mut Sources,
    /// Values of the environment, which are always text.
    pub texts: Vec<Key>,
}

impl Draft<'_> {
    /// The settings, with every problem of their structure. `None`: even the defaults are wrong.
    pub fn read<T: DeserializeOwned>(&mut self) -> (Option<T>, Findings) {
        let mut findings = Findings::default();
        for _ in 0..MOST {
            let error = match serde_path_to_error::deserialize(self.merged.clone()) {
                Ok(settings) => return (Some(settings), findings),
                Err(error) => error,
            };
            let told = error.inner().message().to_owned();
            let key = self.culprit(key(error.path()), &told);
            if self.reads_as_value(&key) {
                continue;
            }
            let (problem, expected) = words(&told, at(&self.merged, key.steps()));
            let place = self.sources.find(&key);
            let severity = Severity::Error;
            findings.add(Finding { severity, place, key: key.to_string(), problem, expected });
            if !self.replace(&key) {
                break;
            }
        }
        (None, findings)
    }

    /// The key of the wrong value. If a key itself is wrong, the given path is the path of its
    /// table.
    fn culprit(&self, key: Key, told: &str) -> Key {
        let quoted = told
            .strip_prefix("unknown field `")
            .or_else(|| told.strip_prefix("unknown variant `"))
            .and_then(|rest| rest.split_once('`'));
        match quoted {
            Some((name, _)) if at(&self.merged, key.below(name).steps()).is_some() => {
                key.below(name)
            }
            _ => key,
        }
    }

    /// Parses a text of the environment as TOML, if another type is expected.
    fn reads_as_value(&mut self, key: &Key) -> bool {
        let Some(index) = self.texts.iter().position(|own| own == key) else { return false };
        self.texts.remove(index);
        let Some(Value::String(text)) = at_mut(&mut self.merged, key.steps()) else { return false };
        let Ok(table) = format!("value = {text}").parse::<toml::Table>() else { return false };
        let value = match table.get("value") {
            Some(value) if table.len() == 1 => value.clone(),
            _ => return false,
        };
        if let Some(place) = at_mut(&mut self.merged, key.steps()) {
            *place = value;
        }
        true
    }

    /// Replaces a value by its default, or removes it. Returns whether that changed anything.
    fn replace(&mut self, key: &Key) -> bool {
        let Some((last, around)) = key.steps().split_last() else { return false };
        let default = at(self.defaults, key.steps()).cloned();
        match at_mut(&mut self.merged, around) {
            Some(Value::Table(table)) => match default {
                Some(default) if table.get(last) != Some(&default) => {
                    table.insert(last.clone(), default).is_some()
                }
                _ => table.remove(last).is_some(),
            },
            Some(Value::Array(array)) => {
                let Ok(index) = last.parse::<usize>() else { return false };
                if index >= array.len() {
                    return false;
                }
                array.remove(index);
                let around: Vec<_> = around.iter().map(String::as_str).collect();
                self.sources.forget_element(&Key::of(&around), index);
                true
            }
            Some(
                Value::String(_)
                | Value::Integer(_)
                | Value::Float(_)
                | Value::Boolean(_)
                | Value::Datetime(_),
            )
            | None => false,
        }
    }
}

fn key(path: &Path) -> Key {
    path.iter().fold(Key::default(), |key, segment| match segment {
        Segment::Seq { index } => key.below(&index.to_string()),
        Segment::Map { key: name } => key.below(name),
        Segment::Enum { .. } | Segment::Unknown => key,
    })
}

/// The value of a key.
#[must_use]
pub fn at<'v>(value: &'v Value, steps: &[String]) -> Option<&'v Value> {
    steps.iter().try_fold(value, |value, step| match value {
        Value::Table(table) => table.get(step),
        Value::Array(array) => step.parse().ok().and_then(|index: usize| array.get(index)),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => None,
    })
}

fn at_mut<'v>(value: &'v mut Value, steps: &[String]) -> Option<&'v mut Value> {
    steps.iter().try_fold(value, |value, step| match value {
        Value::Table(table) => table.get_mut(step),
        Value::Array(array) => step.parse().ok().and_then(|index: usize| array.get_mut(index)),
        Value::String(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Datetime(_) => None,
    })
}

/// The texts of what was found and what was expected. The value itself can be a secret, so it is
/// not shown.
fn words(told: &str, found: Option<&Value>) -> (String, String) {
    let (problem, expected) = told.split_once(", expected ").unwrap_or((told, ""));
    let expected = match expected.strip_prefix("one of ").unwrap_or(expected) {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "a string" | "string" | "path string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    };
    let kind = found.map_or("nothing", Value::type_str);
    if problem.starts_with("invalid type") {
        return (format!("the value is of the wrong type: {kind}"), expected);
    }
    if problem.starts_with("invalid value") {
        return (format!("the value does not fit: {kind}"), expected);
    }
    match problem.strip_prefix("missing field ") {
        Some(field) => (format!("{field} is missing"), expected),
        None => (renamed(problem).unwrap_or_else(|| unknown(problem)), expected),
    }
}

fn unknown(problem: &str) -> String {
    problem.replace("unknown field", "unknown key")
}

/// Keys of earlier releases, and the names that they have now.
const RENAMED: [(&str, &str); 1] = [("realm", "id_namespace")];

fn renamed(problem: &str) -> Option<String> {
    let (old, new) = RENAMED.iter().find(|(old, _)| problem == format!("unknown field `{old}`"))?;
    Some(format!("the key `{old}` is now called `{new}`; rename it"))
}
