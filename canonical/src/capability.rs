//! What a backend can do, as data: asked once, before a command is sent to it.

use std::collections::BTreeSet;

use crate::command::Verb;
use crate::fault::{Fault, FaultKind};

/// The verbs a backend has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capability(BTreeSet<Verb>);

impl Capability {
    /// Just these.
    #[must_use]
    pub fn of(verbs: impl IntoIterator<Item = Verb>) -> Self {
        Self(verbs.into_iter().collect())
    }

    /// Whether it has this one.
    #[must_use]
    pub fn has(&self, verb: Verb) -> bool {
        self.0.contains(&verb)
    }

    /// An `Unsupported` fault for a verb it does not have.
    pub fn check(&self, verb: Verb) -> Result<(), Fault> {
        if self.has(verb) {
            return Ok(());
        }
        Err(Fault::new(FaultKind::Unsupported, format!("the backend has no {verb}")))
    }
}
