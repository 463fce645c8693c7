//! Checks the numbers: the range of each one.

use std::ops::RangeInclusive;

use toml::Value;

use crate::config::check::report::Check;
use crate::config::finding::Key;

/// An hour in milliseconds.
const HOUR: u64 = 3_600_000;
/// A day in milliseconds.
const DAY: u64 = 24 * HOUR;

/// The range of a number. `*` stands for any name or index.
struct Limit {
    key: &'static [&'static str],
    range: RangeInclusive<u64>,
    unit: &'static str,
}

const fn limit(
    key: &'static [&'static str],
    range: RangeInclusive<u64>,
    unit: &'static str,
) -> Limit {
    Limit { key, range, unit }
}

const MS: &str = "milliseconds";
const BYTES: &str = "bytes";

/// Every number of the configuration.
const LIMITS: &[Limit] = &[
    limit(&["server", "body_limit_bytes"], 1..=1 << 30, BYTES),
    limit(&["server", "request_timeout_ms"], 1..=DAY, MS),
    limit(&["server", "batch_limit"], 1..=100_000, "calls"),
    limit(&["server", "shutdown_timeout_ms"], 0..=HOUR, "milliseconds (0: at once)"),
    limit(&["server", "head_timeout_ms"], 1..=HOUR, MS),
    limit(&["server", "idle_timeout_ms"], 1..=DAY, MS),
    limit(&["server", "websocket_idle_timeout_ms"], 1..=DAY, MS),
    limit(&["server", "websocket_limit"], 0..=100_000, "websockets (0: none)"),
    limit(&["server", "workers"], 0..=512, "threads (0: one for each core)"),
    limit(&["auth", "remember_secs"], 0..=86_400, "seconds (0: never)"),
    limit(&["auth", "guesses"], 1..=1_000_000, "wrong passwords"),
    limit(&["auth", "wait_secs"], 1..=86_400, "seconds"),
    limit(&["auth", "longest_wait_secs"], 1..=86_400, "seconds"),
    limit(&["auth", "account_guesses"], 1..=1_000_000, "wrong passwords"),
    limit(&["auth", "address_guesses"], 1..=1_000_000, "wrong passwords"),
    limit(&["backend", "*", "connect_timeout_ms"], 1..=HOUR, MS),
    limit(&["backend", "*", "timeout_ms"], 1..=DAY, MS),
    limit(&["backend", "*", "response_limit_bytes"], 1..=1 << 32, BYTES),
    limit(&["route", "*", "origin", "connect_timeout_ms"], 1..=HOUR, MS),
    limit(&["route", "*", "origin", "timeout_ms"], 1..=DAY, MS),
    limit(&["route", "*", "origin", "body_limit_bytes"], 1..=1 << 40, BYTES),
    limit(&["state", "timeout_ms"], 100..=60_000, MS),
    limit(&["directory", "timeout_ms"], 1..=HOUR, MS),
];

/// The keys of a dialect's options. The dialect checks them.
const OF_DIALECTS: &[&str] = &["route", "*", "options"];

pub(super) fn check(check: &mut Check<'_>) {
    waits(check);
    for (key, number) in numbers(&check.loaded.tree) {
        let Some(limit) = limit_of(&key) else { continue };
        let fits = u64::try_from(number).is_ok_and(|number| limit.range.contains(&number));
        if !fits {
            let is_small = i128::from(number) < i128::from(*limit.range.start());
            let size = if is_small { "small" } else { "large" };
            let (least, most) = limit.range.clone().into_inner();
            let expected = format!("{least} to {most} {}", limit.unit);
            check.refuse(&key, format!("{number} is too {size}"), expected);
        }
    }
}

/// Refuses a longest wait that is shorter than the first wait.
fn waits(check: &mut Check<'_>) {
    let auth = &check.loaded.settings.auth;
    let (first, longest) = (auth.wait_secs, auth.longest_wait_secs);
    if longest < first {
        let problem = format!("{longest} is less than wait_secs = {first}");
        check.refuse(&Key::of(&["auth", "longest_wait_secs"]), problem, "wait_secs or more");
    }
}

fn limit_of(key: &Key) -> Option<&'static Limit> {
    LIMITS.iter().find(|limit| fits(key.steps(), limit.key) && key.steps().len() == limit.key.len())
}

fn fits(steps: &[String], pattern: &[&str]) -> bool {
    steps.len() >= pattern.len()
        && pattern.iter().zip(steps).all(|(own, step)| *own == "*" || own == step)
}

/// Every whole number, with its key.
fn numbers(tree: &Value) -> Vec<(Key, i64)> {
    let mut found = Vec::new();
    let mut waiting = vec![(Key::default(), tree)];
    while let Some((key, value)) = waiting.pop() {
        if fits(key.steps(), OF_DIALECTS) {
            continue;
        }
        match value {
            Value::Integer(number) => found.push((key, *number)),
            Value::Table(table) => {
                waiting.extend(table.iter().map(|(name, value)| (key.below(name), value)));
            }
            Value::Array(array) => {
                let all = array.iter().enumerate();
                waiting.extend(all.map(|(index, value)| (key.below(&index.to_string()), value)));
            }
            Value::String(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::environment::Variables;
    use crate::config::finding::{Findings, Severity};
    use crate::config::load::{DEFAULTS, Loaded, read_with};
    use crate::registry::SYSTEMS;

    /// The default configuration, with every commented example switched on.
    fn everything() -> String {
        let is_key = |line: &str| {
            let word = line.split([' ', '=']).next().unwrap_or_default();
            line.starts_with('[')
                || line.starts_with('"') && line.contains("\" = ")
                || line.contains(" = ") && {
                    !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
                }
        };
        let switch = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if is_key(rest) => rest.to_owned() + "\n",
            _ => line.to_owned() + "\n",
        };
        DEFAULTS.lines().map(switch).collect()
    }

    fn loaded() -> Loaded {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), everything()).unwrap();
        let loaded = read_with(Some(file.path()), Variables::default()).unwrap();
        loaded.findings.verdict().unwrap();
        loaded
    }

    /// The keys without a value. Routes are left out: the text above them has their keys.
    fn missing(value: &serde_json::Value, key: &Key) -> Vec<String> {
        match value {
            serde_json::Value::Null => vec![key.to_string()],
            serde_json::Value::Object(all) => {
                // The embedded store has none of the keys of a remote backend.
                let all = all.iter().filter(|(name, _)| *name != "route" && *name != "people");
                all.flat_map(|(name, value)| missing(value, &key.below(name))).collect()
            }
            serde_json::Value::Bool(_)
            | serde_json::Value::Number(_)
            | serde_json::Value::String(_)
            | serde_json::Value::Array(_) => Vec::new(),
        }
    }

    #[test]
    fn every_key_is_in_the_manual() {
        let settings = serde_json::to_value(loaded().settings).unwrap();
        assert_eq!(missing(&settings, &Key::default()), Vec::<String>::new());
        let route = settings["route"][0].as_object().unwrap();
        for name in route.keys() {
            let is_there = ["#   {}  ", "#   {}\n", "\n{} = ", "[route.{}]"]
                .iter()
                .any(|form| DEFAULTS.contains(&form.replace("{}", name)));
            assert!(is_there, "route.{name} is not in gateway.toml");
        }
        let origin =
            settings["route"].as_array().unwrap().iter().find_map(|one| one["origin"].as_object());
        assert!(origin.unwrap().values().all(|value| !value.is_null()), "{origin:?}");
    }

    #[test]
    fn every_number_of_the_manual_has_a_limit_and_every_limit_is_in_the_manual() {
        let loaded = loaded();
        let found = numbers(&loaded.tree);
        for (key, _) in &found {
            assert!(limit_of(key).is_some(), "{key} has no limit");
        }
        for limit in LIMITS {
            let is_there = found.iter().any(|(key, _)| fits(key.steps(), limit.key));
            assert!(is_there, "{:?} is not in gateway.toml", limit.key);
        }
    }
    /// Replaces the number at a key.
    fn put(tree: &mut Value, steps: &[String], number: u64) {
        let mut at = tree;
        for step in steps {
            at = if at.is_array() {
                &mut at[step.parse::<usize>().unwrap()]
            } else {
                &mut at[step.as_str()]
            };
        }
        *at = Value::Integer(number.try_into().unwrap());
    }

    #[test]
    fn a_number_next_to_its_range_is_refused() {
        let found = numbers(&loaded().tree);
        for limit in LIMITS {
            let (key, _) = found
                .iter()
                .find(|(key, _)| limit_of(key).is_some_and(|own| own.key == limit.key))
                .unwrap();
            let (least, most) = limit.range.clone().into_inner();
            let beside = least.checked_sub(1).into_iter().chain([most + 1]);
            for (number, fits) in [(least, true), (most, true)]
                .into_iter()
                .chain(beside.map(|number| (number, false)))
            {
                let mut loaded = loaded();
                put(&mut loaded.tree, key.steps(), number);
                let mut checked =
                    Check { loaded: &loaded, systems: SYSTEMS, findings: Findings::default() };
                check(&mut checked);
                let errors = checked.findings.of(Severity::Error);
                let refused = errors.iter().any(|one| one.key == key.to_string());
                assert_eq!(refused, !fits, "{key} = {number}");
            }
        }
    }
}
