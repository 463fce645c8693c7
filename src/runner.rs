//! Runs commands on a backend without a check of the caller: for the pipeline after it has
//! authorised the caller, and for reads in the gateway's own name.

use std::sync::Arc;

use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::people::{self, Order, Pages, PeopleQuery};
use serde_json::Value;

/// A backend, with a check of its capability and a log line for each command. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Runner {
    backend: Arc<dyn Backend>,
}

impl Runner {
    /// A runner for this backend.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>) -> Self {
        Self { backend }
    }

    /// A runner for one request of a client. What a command reads is not read again by the next
    /// one.
    #[must_use]
    pub fn for_request(&self) -> Self {
        self.backend.for_request().map_or_else(|| self.clone(), Self::new)
    }

    /// What the backend can do.
    #[must_use]
    pub fn capability(&self) -> &Capability {
        self.backend.capability()
    }

    /// Asks the server for a fact, if the backend knows it.
    pub async fn fact(&self, fact: Fact) -> Option<Result<Value, Fault>> {
        let name = fact.name;
        if !self.capability().knows(name) {
            return None;
        }
        let answer = self.backend.fact(fact).await;
        if let Some(Err(fault)) = &answer {
            tracing::warn!(name, %fault, cause = ?fault.source, "a fact was not answered");
        }
        answer
    }

    /// Lists everybody page by page, if the backend does.
    #[must_use]
    pub fn pages(&self, query: &PeopleQuery) -> Option<Box<dyn Pages>> {
        self.backend.pages(query)
    }

    /// Whether there is anybody. It reads no more than the first page of the list.
    pub async fn has_people(&self) -> Result<bool, Fault> {
        match self.pages(&PeopleQuery::in_order(Order::Created)) {
            Some(pages) => Ok(people::find(pages, |_| Some(())).await?.is_some()),
            None => Ok(!self.execute(Command::ListUsers).await?.users()?.is_empty()),
        }
    }

    /// Runs a command, if the backend has it.
    pub async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        self.backend.capability().check(verb)?;
        let result = self.backend.execute(command).await.and_then(|done| done.checked(verb));
        match &result {
            Ok(_) => tracing::debug!(%verb, "done"),
            Err(fault) if fault.kind.is_callers() => tracing::debug!(%verb, %fault, "refused"),
            Err(fault) => tracing::warn!(%verb, %fault, cause = ?fault.source, "failed"),
        }
        result
    }
}
