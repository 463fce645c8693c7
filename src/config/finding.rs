//! The findings of a configuration. Each has its place, its key, what was found and what was
//! expected.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

/// The path of a value: `backend`, `old`, `url`. An element of a list has its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key(Vec<String>);

impl Key {
    /// A key of these steps.
    #[must_use]
    pub fn of(steps: &[&str]) -> Self {
        Self(steps.iter().map(|step| (*step).to_owned()).collect())
    }

    /// A route of the configuration, or a key below it.
    #[must_use]
    pub fn route(index: usize, below: &[&str]) -> Self {
        below
            .iter()
            .fold(Self::of(&["route"]).below(&index.to_string()), |key, step| key.below(step))
    }

    /// A backend of the configuration, or a key below it.
    #[must_use]
    pub fn backend(name: &str, below: &[&str]) -> Self {
        below.iter().fold(Self::of(&["backend", name]), |key, step| key.below(step))
    }

    /// The key of a value inside this one.
    #[must_use]
    pub fn below(&self, step: &str) -> Self {
        let mut steps = self.0.clone();
        steps.push(step.to_owned());
        Self(steps)
    }

    /// Its steps.
    #[must_use]
    pub fn steps(&self) -> &[String] {
        &self.0
    }
}

/// The key as in a file: an element of a list has the name of its list.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_bare = |step: &str| {
            !step.is_empty() && step.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        };
        let mut first = true;
        for (at, step) in self.0.iter().enumerate() {
            let is_index = step.chars().all(|c| c.is_ascii_digit())
                && at == 1
                && self.0.first().is_some_and(|table| table == "route");
            if is_index {
                continue;
            }
            if !first {
                f.write_str(".")?;
            }
            first = false;
            if is_bare(step) { f.write_str(step)? } else { write!(f, "{step:?}")? }
        }
        Ok(())
    }
}

/// The place of a configuration value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A file, `environment variable NAME`, `command line` or `built-in configuration`.
    pub file: Arc<str>,
    /// The line, if it is known.
    pub line: Option<usize>,
}

impl Place {
    /// A place without lines.
    #[must_use]
    pub fn named(file: &str) -> Self {
        Self { file: file.into(), line: None }
    }

    /// The same file, at a line.
    #[must_use]
    pub fn at(&self, line: usize) -> Self {
        Self { file: Arc::clone(&self.file), line: Some(line) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// Whether the gateway starts with this finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It does not start.
    Error,
    /// It starts and logs the finding.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whether the gateway starts with this finding.
    pub severity: Severity,
    /// The place of the value.
    pub place: Place,
    /// The key of the value. Empty for a whole file.
    pub key: String,
    /// What was found. Never a secret.
    pub problem: String,
    /// What was expected.
    pub expected: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.problem)?;
        if self.expected.is_empty() { Ok(()) } else { write!(f, "; expected {}", self.expected) }
    }
}

/// All findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds one.
    pub fn add(&mut self, finding: Finding) {
        if !self.0.contains(&finding) {
            self.0.push(finding);
        }
    }

    /// Adds the findings of another step.
    pub fn extend(&mut self, more: Self) {
        more.0.into_iter().for_each(|finding| self.add(finding));
    }

    /// The findings of one severity, in the order of their lines.
    #[must_use]
    pub fn of(&self, severity: Severity) -> Vec<&Finding> {
        let mut found: Vec<_> = self.0.iter().filter(|one| one.severity == severity).collect();
        found.sort_by_key(|one| (Arc::clone(&one.place.file), one.place.line));
        found
    }

    /// Whether the gateway does not start.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|one| one.severity == Severity::Error)
    }

    /// The findings as JSON: a list of file, line, key, problem, expected and severity.
    #[must_use]
    pub fn json(&self) -> Value {
        let all = self.of(Severity::Error).into_iter().chain(self.of(Severity::Warning));
        let row = |one: &Finding| {
            json!({
                "file": &*one.place.file,
                "line": one.place.line,
                "key": one.key,
                "problem": one.problem,
                "expected": one.expected,
                "severity": if one.severity == Severity::Error { "error" } else { "warning" },
            })
        };
        Value::Array(all.map(row).collect())
    }

    /// An error that lists every finding of severity `Error`, if there is one.
    pub fn verdict(&self) -> Result<(), ConfigError> {
        if self.has_errors() { Err(self.refusal()) } else { Ok(()) }
    }

    /// The error that lists every finding of severity `Error`.
    #[must_use]
    pub fn refusal(&self) -> ConfigError {
        let refused = "the configuration is refused";
        ConfigError(match self.of(Severity::Error).as_slice() {
            [only] => format!("{refused}: {only}"),
            errors => {
                let lines: Vec<_> = errors.iter().map(|one| format!("\n  {one}")).collect();
                format!("{refused}: {} problems{}", errors.len(), lines.concat())
            }
        })
    }
}

/// The reasons for refusing a configuration, one line for each.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_as_it_is_written() {
        assert_eq!(Key::route(3, &["origin", "url"]).to_string(), "route.origin.url");
        assert_eq!(Key::backend("../../x", &["url"]).to_string(), "backend.\"../../x\".url");
    }

    #[test]
    fn a_refusal_names_every_problem() {
        let finding = |line| Finding {
            severity: Severity::Error,
            place: Place::named("gateway.toml").at(line),
            key: "server.workers".to_owned(),
            problem: "too many".to_owned(),
            expected: "0 to 512".to_owned(),
        };
        let mut all = Findings::default();
        all.add(finding(7));
        all.add(finding(3));
        assert_eq!(
            all.verdict().unwrap_err().to_string(),
            "the configuration is refused: 2 problems\
             \n  gateway.toml:3: server.workers: too many; expected 0 to 512\
             \n  gateway.toml:7: server.workers: too many; expected 0 to 512"
        );
    }
}
