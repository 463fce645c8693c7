//! The socket itself: `fixtures/sockjs/octoprint.json` has what a real server says on it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::http::Request;
use isogloss_canonical::socket::{Event, Reaction, Socket};
use serde_json::Value;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::sockjs::asked::{Asked, State, read};
use crate::dialect::sockjs::messages::{Transport, connected, history, reauthenticate, timelapse};
use crate::dialect::sockjs::standing::{Claim, STALE, Standing};
use crate::options::Options;

/// The time between two heartbeats.
const HEARTBEAT: Duration = Duration::from_secs(25);
/// The permission that the state of the printer takes.
const STATUS: &str = "STATUS";

/// A socket of a server without a printer.
pub(super) struct PrinterSocket {
    options: Options,
    request: Request,
    transport: Transport,
    /// Who has signed in on it.
    claim: Option<Claim>,
    /// Whether the state of the printer was sent unasked. That happens once.
    is_registered: bool,
    state: State,
}

impl fmt::Debug for PrinterSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrinterSocket").field("transport", &self.transport).finish_non_exhaustive()
    }
}

impl PrinterSocket {
    pub(super) fn new(options: Options, request: Request, transport: Transport) -> Self {
        let (claim, is_registered, state) = (None, false, State::default());
        Self { options, request, transport, claim, is_registered, state }
    }

    /// The messages that follow from an event. `None`: the server aborts the connection.
    async fn messages(
        &mut self,
        event: Event<'_>,
        exchange: &dyn Exchange,
    ) -> Result<Option<Vec<Value>>, Failure> {
        let (options, request) = (self.options.clone(), self.request.clone());
        let mut call = Call::new(&options, &request, exchange);
        let mut said = Vec::new();
        match event {
            Event::Opened => {
                said.push(connected(&call).await?);
                self.register(&call, &mut said).await?;
            }
            Event::Elapsed => self.identify(&mut call, &mut said).await?,
            Event::Heard(frame) => {
                let Ok(asked) = read(self.transport, frame) else { return Ok(None) };
                for asked in asked {
                    self.hear(&mut call, asked, &mut said).await?;
                }
            }
        }
        Ok(Some(said))
    }

    async fn hear(
        &mut self,
        call: &mut Call<'_>,
        asked: Asked,
        said: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        match asked {
            Asked::Nothing => Ok(()),
            Asked::Auth(sent) => {
                if let Some((user, session)) = sent {
                    self.sign_in(call, Claim { user, session }, said).await?;
                } else {
                    self.identify(call, said).await?;
                }
                self.register(call, said).await
            }
            Asked::Subscribe(state) => {
                let is_news = matches!(state, State::Wanted(_)) && state != self.state;
                self.state = state;
                if is_news {
                    self.identify(call, said).await?;
                    if call.needs().await?.allow_key(STATUS) {
                        said.push(history(call));
                    }
                }
                Ok(())
            }
        }
    }

    /// Signs a user in. A wrong session signs out who was signed in before.
    async fn sign_in(
        &mut self,
        call: &mut Call<'_>,
        claim: Claim,
        said: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        match claim.check(call).await? {
            Standing::Valid(caller) => {
                call.caller = caller;
                self.claim = Some(claim);
            }
            Standing::Ended(_) => {
                call.caller = Caller::Nobody;
                self.claim = None;
                said.push(reauthenticate(STALE));
            }
        }
        Ok(())
    }

    /// Finds out who is signed in now. If the session has ended, the client is told so.
    async fn identify(
        &mut self,
        call: &mut Call<'_>,
        said: &mut Vec<Value>,
    ) -> Result<(), Failure> {
        call.caller = Caller::Nobody;
        let Some(claim) = &self.claim else { return Ok(()) };
        match claim.check(call).await? {
            Standing::Valid(caller) => call.caller = caller,
            Standing::Ended(reason) => {
                self.claim = None;
                said.push(reauthenticate(reason));
            }
        }
        Ok(())
    }

    /// Sends the state of the printer once, as soon as the caller may see it.
    async fn register(&mut self, call: &Call<'_>, said: &mut Vec<Value>) -> Result<(), Failure> {
        if self.is_registered || !call.needs().await?.allow_key(STATUS) {
            return Ok(());
        }
        self.is_registered = true;
        if self.state.is_wanted() {
            said.push(history(call));
        }
        said.push(timelapse());
        Ok(())
    }
}

#[async_trait]
impl Socket for PrinterSocket {
    fn period(&self) -> Duration {
        HEARTBEAT
    }

    async fn react(&mut self, event: Event<'_>, exchange: &dyn Exchange) -> Reaction {
        // A failure is the gateway's own, such as a store that does not answer. The client connects
        // again. It is not told that its session has ended.
        let Ok(Some(said)) = self.messages(event, exchange).await else { return Reaction::End };
        let before = match event {
            Event::Opened => self.transport.opening(),
            Event::Elapsed => self.transport.heartbeat(),
            Event::Heard(_) => None,
        };
        let said = said.iter().map(|message| self.transport.frame(message));
        Reaction::Say(before.into_iter().chain(said).collect())
    }
}
