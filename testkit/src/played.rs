//! What came of one exchange that was played.

use std::fmt;

use crate::comparison::Difference;

/// One exchange, played.
#[derive(Clone, Debug)]
pub struct Played {
    /// The exchange's label.
    pub label: String,
    /// What was sent, in one line.
    pub sent: String,
    /// What came of it; an error: no answer, or a capture that was not there.
    pub verdict: Result<Vec<Difference>, String>,
    /// Whether the answer is the recorded one although a deviation from it was announced.
    pub needless_deviation: bool,
}

impl Played {
    /// Whether the answer was the expected one.
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
