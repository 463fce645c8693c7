//! The configuration values of the environment: `ISOGLOSS__SERVER__LISTEN`.

use std::collections::HashMap;
use std::ffi::OsString;

use crate::config::finding::{Finding, Findings, Key, Place, Severity};

/// The prefix of a variable with a configuration value. Two underscores separate the steps of its
/// key.
const PREFIX: &str = "ISOGLOSS__";
/// The prefix of every variable of the program.
const NAME: &str = "ISOGLOSS_";
/// Variables of the program that are not configuration values.
const OTHERS: [&str; 2] = ["ISOGLOSS_CONFIG", "ISOGLOSS_ADMIN_PASSWORD"];
/// The variables that Kubernetes sets for a service with the name `isogloss`.
const KUBERNETES: [&str; 2] = ["ISOGLOSS_PORT", "ISOGLOSS_SERVICE_"];

/// The variables of the program.
#[derive(Debug, Default)]
pub struct Variables {
    /// Values of the configuration, by the key that the `config` crate knows.
    pub values: HashMap<String, String>,
    /// The same values, each with its place.
    pub places: Vec<(Key, Place)>,
    /// Variables with the prefix that have no meaning.
    pub strays: Vec<String>,
    /// Variables that cannot be read.
    pub findings: Findings,
}

impl Variables {
    /// The variables of this process.
    #[must_use]
    pub fn of_process() -> Self {
        Self::among(std::env::vars_os())
    }

    /// The variables of the program among these.
    #[must_use]
    pub fn among(all: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut found = Self::default();
        for (name, value) in all {
            let Ok(name) = name.into_string() else { continue };
            let upper = name.to_ascii_uppercase();
            if upper.starts_with(PREFIX) {
                found.take(&name, value);
            } else if upper.starts_with(NAME)
                && !OTHERS.contains(&name.as_str())
                && !KUBERNETES.iter().any(|known| name.starts_with(known))
            {
                found.strays.push(name);
            }
        }
        found.strays.sort();
        found.places.sort_by_key(|(key, _)| key.to_string());
        found
    }

    fn take(&mut self, name: &str, value: OsString) {
        let place = place(name);
        let path = name[PREFIX.len()..].to_ascii_lowercase();
        let steps: Vec<_> = path.split("__").collect();
        let key = Key::of(&steps);
        let is_step = |step: &&str| {
            !step.is_empty() && step.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        };
        let mut refuse = |problem: &str, expected: &str| {
            self.findings.add(Finding {
                severity: Severity::Error,
                place: place.clone(),
                key: key.to_string(),
                problem: problem.to_owned(),
                expected: expected.to_owned(),
            });
        };
        if !steps.iter().all(is_step) {
            return refuse(
                "the name is no key of the configuration",
                "a name such as ISOGLOSS__SERVER__LISTEN",
            );
        }
        let Ok(value) = value.into_string() else {
            return refuse("the value is not text", "UTF-8");
        };
        self.values.insert(format!("{PREFIX}{path}"), value);
        self.places.push((key, place));
    }
}

fn place(name: &str) -> Place {
    Place::named(&format!("environment variable {name}"))
}

/// A warning about a variable with the prefix that has no meaning.
#[must_use]
pub fn stray(name: &str) -> Finding {
    Finding {
        severity: Severity::Warning,
        place: place(name),
        key: String::new(),
        problem: "the variable is not used".to_owned(),
        expected: format!("{PREFIX}TABLE__KEY, {}", OTHERS.join(" or ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn among(all: &[(&str, &str)]) -> Variables {
        Variables::among(all.iter().map(|(name, value)| (name.into(), value.into())))
    }

    #[test]
    fn a_variable_of_ours_that_means_nothing_is_found() {
        let found = among(&[
            ("ISOGLOSS_SERVER_LISTEN", "127.0.0.1:1"),
            ("ISOGLOSS_CONFIG", "a"),
            ("ISOGLOSS_SERVICE_HOST", "10.0.0.1"),
            ("ISOGLOSS_PORT_8080_TCP", "x"),
            ("OTHER", "x"),
        ]);
        assert_eq!(found.strays, ["ISOGLOSS_SERVER_LISTEN"]);
        assert!(found.values.is_empty());
    }

    #[test]
    fn a_variable_names_a_key() {
        let found = among(&[("ISOGLOSS__BACKEND__OLD__SECRET", "007")]);
        assert_eq!(found.places[0].0, Key::backend("old", &["secret"]));
        assert!(among(&[("ISOGLOSS__SERVER____LISTEN", "x")]).findings.has_errors());
    }
}
