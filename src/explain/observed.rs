//! An exchange that forwards everything to a pipeline, and records it.

use std::sync::Mutex;

use async_trait::async_trait;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::vouching::Voucher;
use jiff::Timestamp;

use crate::explain::rehearsal::Asked;
use crate::explain::words;

/// The exchange.
#[derive(Debug)]
pub(super) struct Observed<'a> {
    inner: &'a dyn Exchange,
    has_origin: bool,
    asked: Mutex<Asked>,
    forwarded: Mutex<Vec<String>>,
}

impl<'a> Observed<'a> {
    /// Observes an exchange of a route that has an origin, or not.
    pub(super) fn new(inner: &'a dyn Exchange, has_origin: bool) -> Self {
        Self { inner, has_origin, asked: Mutex::default(), forwarded: Mutex::default() }
    }

    /// What the dialect has asked for, and the calls that it forwards to the origin.
    pub(super) fn end(self) -> (Asked, Vec<String>) {
        let asked = self.asked.into_inner().unwrap_or_default();
        (asked, self.forwarded.into_inner().unwrap_or_default())
    }

    fn note(&self, command: &Command) {
        if let Ok(mut asked) = self.asked.lock() {
            asked.commands.push(command.clone());
        }
    }
}

#[async_trait]
impl Exchange for Observed<'_> {
    async fn identify(&self, credentials: Credentials) -> Result<Caller, Fault> {
        if let Ok(mut asked) = self.asked.lock() {
            asked.credentials.push(credentials.clone());
        }
        self.inner.identify(credentials).await
    }

    async fn call(&self, caller: &Caller, command: Command) -> Result<Outcome, Fault> {
        self.note(&command);
        self.inner.call(caller, command).await
    }

    async fn read(&self, command: Command) -> Result<Outcome, Fault> {
        self.note(&command);
        self.inner.read(command).await
    }

    async fn vouch(&self, voucher: Voucher, command: Command) -> Result<Outcome, Fault> {
        self.note(&command);
        self.inner.vouch(voucher, command).await
    }

    async fn forward(&self, request: Request) -> Option<Result<Response, Fault>> {
        if !self.has_origin {
            return None;
        }
        if let Ok(mut forwarded) = self.forwarded.lock() {
            forwarded.push(words::request(&request));
        }
        Some(Ok(Response::new(200, "(the answer of the origin)")))
    }

    fn is_embedded(&self) -> bool {
        self.inner.is_embedded()
    }

    fn over(&self) -> Option<Fault> {
        self.inner.over()
    }

    fn batch_limit(&self) -> usize {
        self.inner.batch_limit()
    }

    fn sessions(&self) -> &dyn SessionStore {
        self.inner.sessions()
    }

    fn random(&self) -> [u8; 32] {
        self.inner.random()
    }

    fn now(&self) -> Timestamp {
        self.inner.now()
    }
}
