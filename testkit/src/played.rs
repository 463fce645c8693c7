//! The result of playing one exchange.

use std::fmt;

use crate::comparison::Difference;

/// One exchange, played.
#[derive(Clone, Debug)]
pub struct Played {
    /// The exchange's label.
    pub label: String,
    /// The request in one line.
    pub sent: String,
    /// The differences. An error: there was no answer, or a capture was missing.
    pub verdict: Result<Vec<Difference>, String>,
    /// Whether a listed deviation did not happen: the answer is the recorded one.
    pub needless_deviation: bool,
}

impl Played {
    /// Whether the answer was as expected.
    #[must_use]
    pub fn matched(&self) -> bool {
        self.verdict.as_ref().is_ok_and(Vec::is_empty) && !self.needless_deviation
    }
}

impl fmt::Display for Played {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "- {}\n  {}", self.label, self.sent)?;
        if self.needless_deviation {
            writeln!(f, "  answered as recorded: fixtures/deviations.toml need not list it")?;
        }
        match &self.verdict {
            Ok(differences) => differences.iter().try_for_each(|one| writeln!(f, "  {one}")),
            Err(sentence) => writeln!(f, "  {sentence}"),
        }
    }
}
