//! A check in progress: the configuration and the findings.

use crate::config::finding::{Finding, Findings, Key, Severity};
use crate::config::load::Loaded;
use crate::systems::Systems;

/// The parts of a configuration that a command uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    Whole,
    /// One route from the command line. A backend that it does not use is no error.
    OneRoute,
}

/// A check in progress.
pub(super) struct Check<'a> {
    /// The configuration.
    pub(super) loaded: &'a Loaded,
    /// The systems that a configuration can name.
    pub(super) systems: Systems,
    /// The findings.
    pub(super) findings: Findings,
}

impl Check<'_> {
    /// Whether a value has an error already. Then errors that result from it are not reported.
    pub(super) fn has_error(&self, key: &Key) -> bool {
        let key = key.to_string();
        self.findings.of(Severity::Error).iter().any(|finding| finding.key == key)
    }

    fn add(&mut self, severity: Severity, key: &Key, told: (String, String)) {
        let place = self.loaded.sources.find(key);
        let ((problem, expected), key) = (told, key.to_string());
        self.findings.add(Finding { severity, place, key, problem, expected });
    }

    /// Adds an error. The gateway does not start.
    pub(super) fn refuse(
        &mut self,
        key: &Key,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.add(Severity::Error, key, (problem.into(), expected.into()));
    }

    /// Adds a warning. The gateway starts and logs it.
    pub(super) fn warn(
        &mut self,
        key: &Key,
        problem: impl Into<String>,
        expected: impl Into<String>,
    ) {
        self.add(Severity::Warning, key, (problem.into(), expected.into()));
    }

    /// Adds an error from a sentence of another part of the gateway: `PROBLEM; expected WHAT`, or
    /// `PROBLEM; known: NAMES`.
    pub(super) fn refuse_with(&mut self, key: &Key, sentence: &str) {
        let parts = sentence.split_once("; expected ");
        let parts = parts.or_else(|| sentence.split_once("; known: "));
        let (problem, expected) = parts.unwrap_or((sentence, ""));
        self.refuse(key, problem, expected);
    }
}
