//! Compares an answer with the recorded one.

use std::fmt;

use anyhow::Result;
use serde_json::{Map, Value};

use crate::client::Answer;
use crate::spelling;
use crate::variables::Variables;

/// One place where an answer differs from the recorded one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The place: `status`, `header allow`, `text`, or a JSON pointer.
    pub place: String,
    /// The recorded value.
    pub recorded: String,
    /// The value of the answer.
    pub answered: String,
}

/// The places of a body that are not compared exactly, as JSON pointers. `*` stands for any one
/// step.
#[derive(Clone, Debug, Default)]
struct Latitude {
    volatile: Vec<String>,
    contains: Vec<String>,
    subset: Vec<String>,
    unordered: Vec<String>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, recorded, answered } = self;
        write!(f, "{place}\n    recorded: {recorded}\n    answered: {answered}")
    }
}

impl Difference {
    fn new(
        place: impl Into<String>,
        recorded: impl Into<String>,
        answered: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), recorded: recorded.into(), answered: answered.into() }
    }
}

/// All differences between an answer and the recorded one.
pub fn compare(
    recorded: &Map<String, Value>,
    answer: &Answer,
    variables: &Variables,
) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    let status = recorded.get("status").and_then(Value::as_u64).unwrap_or_default();
    if status != u64::from(answer.status) {
        differences.push(Difference::new("status", status.to_string(), answer.status.to_string()));
    }
    for name in list(recorded, "absent_headers") {
        if let Some(value) = answer.headers.get(&name.to_ascii_lowercase()) {
            differences.push(Difference::new(format!("header {name}"), "absent", value));
        }
    }
    compare_headers(recorded, answer, variables, &mut differences)?;
    if let Some(json) = recorded.get("json") {
        compare_json(recorded, &variables.fill(json)?, answer, &mut differences);
    } else if let Some(text) = recorded.get("text").and_then(Value::as_str)
        && recorded.get("compare_text") != Some(&Value::Bool(false))
    {
        let text = variables.fill_text(text)?;
        if answer.text() != text {
            differences.push(Difference::new("text", quoted(&text), quoted(&answer.text())));
        }
    }
    Ok(differences)
}

fn list(recorded: &Map<String, Value>, key: &str) -> Vec<String> {
    let items = recorded.get(key).and_then(Value::as_array).into_iter().flatten();
    items.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn compare_headers(
    recorded: &Map<String, Value>,
    answer: &Answer,
    variables: &Variables,
    differences: &mut Vec<Difference>,
) -> Result<()> {
    let plain = |text: &str| text.replace(' ', "").to_lowercase();
    let headers = recorded.get("headers").and_then(Value::as_object).into_iter().flatten();
    for (name, value) in headers {
        let place = format!("header {name}");
        let want = value.as_str().map(|text| variables.fill_text(text)).transpose()?;
        match (want, answer.headers.get(&name.to_ascii_lowercase())) {
            (want, None) => {
                let want =
                    want.map_or_else(|| "there, with any value".to_owned(), |want| quoted(&want));
                differences.push(Difference::new(place, want, "missing"));
            }
            (Some(want), Some(have)) if plain(&want) != plain(have) => {
                differences.push(Difference::new(place, quoted(&want), quoted(have)));
            }
            (_, Some(_)) => {}
        }
    }
    Ok(())
}

fn compare_json(
    recorded: &Map<String, Value>,
    want: &Value,
    answer: &Answer,
    differences: &mut Vec<Difference>,
) {
    let Some(have) = &answer.json else {
        differences.push(Difference::new("body", shown(want), quoted(&answer.text())));
        return;
    };
    let mut latitude = Latitude {
        volatile: list(recorded, "volatile"),
        contains: list(recorded, "contains"),
        subset: list(recorded, "subset"),
        unordered: list(recorded, "unordered"),
    };
    latitude.contains.retain(|pattern| !latitude.unordered.contains(pattern));
    let (mut want, mut have) = (want.clone(), have.clone());
    for pattern in &latitude.unordered {
        let steps: Vec<_> = pattern.split('/').skip(1).collect();
        sort(&mut want, &steps);
        sort(&mut have, &steps);
    }
    latitude.compare("", &want, &have, differences);
}

/// Sorts the arrays at a pattern.
fn sort(value: &mut Value, steps: &[&str]) {
    match (value, steps) {
        (Value::Array(items), []) => items.sort_by_cached_key(spelling::sorted_json),
        (Value::Array(items), [step, rest @ ..]) => {
            let chosen = |index: usize| *step == "*" || *step == index.to_string();
            let chosen = items.iter_mut().enumerate().filter(|(index, _)| chosen(*index));
            chosen.for_each(|(_, item)| sort(item, rest));
        }
        (Value::Object(members), [step, rest @ ..]) => {
            let chosen = members.iter_mut().filter(|(key, _)| *step == "*" || key == step);
            chosen.for_each(|(_, member)| sort(member, rest));
        }
        _ => {}
    }
}

impl Latitude {
    fn compare(&self, place: &str, want: &Value, have: &Value, out: &mut Vec<Difference>) {
        let named = if place.is_empty() { "/" } else { place };
        if kind(want) != kind(have) {
            out.push(Difference::new(named, typed(want), typed(have)));
            return;
        }
        if matches(place, &self.volatile) {
            return;
        }
        match (want, have) {
            (Value::Object(want), Value::Object(have)) => self.objects(place, want, have, out),
            (Value::Array(want), Value::Array(have)) => self.arrays(place, want, have, out),
            _ if same(want, have) => {}
            _ => out.push(Difference::new(named, shown(want), shown(have))),
        }
    }

    fn objects(
        &self,
        place: &str,
        want: &Map<String, Value>,
        have: &Map<String, Value>,
        out: &mut Vec<Difference>,
    ) {
        if matches(place, &self.contains) {
            let lost = want
                .values()
                .filter(|want| !have.values().any(|have| self.alike(place, want, have)));
            out.extend(lost.map(|want| Difference::new(place, shown(want), "no member like it")));
            return;
        }
        for (key, want) in want {
            let place = format!("{place}/{key}");
            match have.get(key) {
                Some(have) => self.compare(&place, want, have, out),
                None => out.push(Difference::new(place, shown(want), "missing")),
            }
        }
        if matches(place, &self.subset) {
            return;
        }
        for (key, have) in have.iter().filter(|(key, _)| !want.contains_key(*key)) {
            out.push(Difference::new(format!("{place}/{key}"), "absent", shown(have)));
        }
    }

    fn arrays(&self, place: &str, want: &[Value], have: &[Value], out: &mut Vec<Difference>) {
        if matches(place, &self.contains) {
            let lost =
                want.iter().filter(|want| !have.iter().any(|have| self.alike(place, want, have)));
            out.extend(lost.map(|want| Difference::new(place, shown(want), "no item like it")));
            return;
        }
        if want.len() != have.len() {
            let items = |items: &[Value]| format!("{} items", items.len());
            let named = if place.is_empty() { "/" } else { place };
            out.push(Difference::new(named, items(want), items(have)));
        }
        for (index, (want, have)) in want.iter().zip(have).enumerate() {
            self.compare(&format!("{place}/{index}"), want, have, out);
        }
    }

    /// Whether two items of a list are equal, by the rules for the first item of the list.
    fn alike(&self, list: &str, want: &Value, have: &Value) -> bool {
        let mut differences = Vec::new();
        self.compare(&format!("{list}/0"), want, have, &mut differences);
        differences.is_empty()
    }
}

fn matches(place: &str, patterns: &[String]) -> bool {
    patterns.iter().any(|pattern| {
        let steps = pattern.split('/');
        steps.clone().count() == place.split('/').count()
            && steps.zip(place.split('/')).all(|(pattern, step)| pattern == "*" || pattern == step)
    })
}

fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if is_integer(&number.to_string()) => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Whether two values that are neither lists nor objects are equal.
fn same(want: &Value, have: &Value) -> bool {
    let (Value::Number(want), Value::Number(have)) = (want, have) else { return want == have };
    let (want, have) = (want.to_string(), have.to_string());
    let negative_zero = |text: &str| text == "-0";
    if is_integer(&want) {
        return want == have
            || negative_zero(&want) && have == "0"
            || negative_zero(&have) && want == "0";
    }
    let real = |text: &str| text.parse::<f64>().ok();
    real(&want) == real(&have)
}

fn typed(value: &Value) -> String {
    format!("{} ({})", shown(value), kind(value))
}

fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

fn quoted(text: &str) -> String {
    cut(&format!("{text:?}"))
}

fn cut(text: &str) -> String {
    const MOST: usize = 300;
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeMap;

    /// The places in which two bodies differ.
    fn places(want: &str, have: &str, latitude: &Value) -> Vec<String> {
        let mut recorded = latitude.as_object().unwrap().clone();
        recorded.insert("json".to_owned(), serde_json::from_str(want).unwrap());
        recorded.insert("status".to_owned(), 200.into());
        let json = serde_json::from_str(have).ok();
        let answer = Answer { status: 200, headers: BTreeMap::new(), raw: have.into(), json };
        let found = compare(&recorded, &answer, &Variables::default()).unwrap();
        found.into_iter().map(|one| one.place).collect()
    }

    #[test]
    fn every_type_counts() {
        for (want, have) in [
            ("1", "\"1\""),
            ("1", "1.0"),
            ("1", "true"),
            ("null", "false"),
            ("[]", "{}"),
            ("12345678901234567890123", "12345678901234567890124"),
            ("\"a\"", "\"A\""),
            ("1", "no JSON"),
        ] {
            assert_eq!(places(want, have, &json!({})).len(), 1, "{want} {have}");
        }
        for (want, have) in [("1.0", "1.00"), ("1e2", "100.0"), ("[1,\"ü\"]", " [1, \"\\u00fc\"]")]
        {
            assert!(places(want, have, &json!({})).is_empty(), "{want} {have}");
        }
    }

    #[test]
    fn every_key_and_item_counts() {
        assert_eq!(places(r#"{"a":1,"b":2}"#, r#"{"b":2,"c":3}"#, &json!({})), ["/a", "/c"]);
        assert_eq!(places("[1,2]", "[1,3,4]", &json!({})), ["/", "/1"]);
        assert_eq!(places(r#"{"a":[{"b":1}]}"#, r#"{"a":[{"b":2}]}"#, &json!({})), ["/a/0/b"]);
    }

    #[test]
    fn latitude_is_as_wide_as_it_says() {
        let volatile = json!({"volatile": ["/*/id"]});
        assert!(places(r#"[{"id":1}]"#, r#"[{"id":2}]"#, &volatile).is_empty());
        assert_eq!(places(r#"[{"id":1}]"#, r#"[{"id":"2"}]"#, &volatile), ["/0/id"]);
        let contains = json!({"contains": ["/a"]});
        assert!(places(r#"{"a":[2,1]}"#, r#"{"a":[1,2,3]}"#, &contains).is_empty());
        assert_eq!(places(r#"{"a":[2,4]}"#, r#"{"a":[1,2,3]}"#, &contains), ["/a"]);
        assert!(places(r#"{"a":{"0":2}}"#, r#"{"a":{"0":1,"1":2}}"#, &contains).is_empty());
        let subset = json!({"subset": ["/0"]});
        assert!(places(r#"[{"a":1}]"#, r#"[{"a":1,"b":2}]"#, &subset).is_empty());
        assert_eq!(places(r#"[{"a":1}]"#, r#"[{"b":2}]"#, &subset), ["/0/a"]);
        let unordered = json!({"unordered": ["/a"]});
        assert!(places(r#"{"a":[2,1]}"#, r#"{"a":[1,2]}"#, &unordered).is_empty());
        assert_eq!(places(r#"{"a":[2,1]}"#, r#"{"a":[1,2,3]}"#, &unordered), ["/a"]);
    }
}
