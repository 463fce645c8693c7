//! A gateway with scripted answers to a dialect's commands. It records the commands.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};

use async_trait::async_trait;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::user::User;
use isogloss_canonical::verb::Verb;
use isogloss_canonical::vouching::Voucher;
use jiff::Timestamp;

use crate::scripted::session_store::Sessions;
use crate::suite::lock;

/// The seal of the scripted gateway.
const SEAL: Seal = Seal::new([0; 32]);

/// The function that answers a command.
type Reply = dyn Fn(&Command) -> Result<Outcome, Fault> + Send + Sync;

/// Authenticates a caller.
type Prove = dyn Fn() -> Result<Caller, Fault> + Send + Sync;

/// One command that a dialect ran.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// Its caller.
    pub caller: Caller,
    /// The command.
    pub command: Command,
}

/// A gateway that accepts one caller and gives scripted answers to commands.
pub struct Script {
    caller: Box<Prove>,
    reply: Box<Reply>,
    over: Option<(usize, Fault)>,
    batch_limit: usize,
    is_embedded: bool,
    origin: Option<Response>,
    forwarded: Mutex<Vec<Request>>,
    time: Timestamp,
    sessions: Sessions,
    randoms: AtomicU8,
    asked: Mutex<Vec<Asked>>,
    shown: Mutex<Vec<Credentials>>,
}

impl Script {
    /// The caller is a person, authenticated in this way. Commands answer `Done`.
    #[must_use]
    pub fn person(user: User, proof: Proof) -> Self {
        Self::changing(move || user.clone(), proof)
    }

    /// The same, for a person whose record changes: it is read again at each authentication.
    #[must_use]
    pub fn changing(user: impl Fn() -> User + Send + Sync + 'static, proof: Proof) -> Self {
        Self::of(move || Ok(Caller::person(user(), proof.clone(), SEAL)))
    }

    /// The caller is an application with a key of this id namespace.
    #[must_use]
    pub fn application(namespace: IdNamespace) -> Self {
        Self::of(move || Ok(Caller::application(namespace.clone(), SEAL)))
    }

    /// No credentials are accepted. The reason is this fault.
    #[must_use]
    pub fn nobody(fault: Fault) -> Self {
        Self::of(move || Err(fault.clone()))
    }

    fn of(caller: impl Fn() -> Result<Caller, Fault> + Send + Sync + 'static) -> Self {
        Self {
            caller: Box::new(caller),
            reply: Box::new(|_| Ok(Outcome::Done)),
            over: None,
            batch_limit: 100,
            is_embedded: true,
            origin: None,
            forwarded: Mutex::default(),
            time: Timestamp::UNIX_EPOCH,
            sessions: Sessions::default(),
            randoms: AtomicU8::new(7),
            asked: Mutex::default(),
            shown: Mutex::default(),
        }
    }

    /// Answers every command with this function.
    #[must_use]
    pub fn answering(
        mut self,
        reply: impl Fn(&Command) -> Result<Outcome, Fault> + Send + Sync + 'static,
    ) -> Self {
        self.reply = Box::new(reply);
        self
    }

    /// Fails every command with a fault of this kind.
    #[must_use]
    pub fn failing(self, kind: FaultKind) -> Self {
        self.answering(move |_| Err(Fault::new(kind, "scripted")))
    }

    /// After this many commands, [`Exchange::over`] answers this fault.
    #[must_use]
    pub fn over_after(mut self, commands: usize, fault: Fault) -> Self {
        self.over = Some((commands, fault));
        self
    }

    /// A request may have at most this many calls.
    #[must_use]
    pub fn with_batch_limit(mut self, limit: usize) -> Self {
        self.batch_limit = limit;
        self
    }

    /// The accounts are in a remote system.
    #[must_use]
    pub fn over_system(mut self) -> Self {
        self.is_embedded = false;
        self
    }

    /// The route has an origin, which answers this.
    #[must_use]
    pub fn with_origin(mut self, answer: Response) -> Self {
        self.origin = Some(answer);
        self
    }

    /// What was forwarded to the origin, in order.
    #[must_use]
    pub fn forwarded(&self) -> Vec<Request> {
        lock(&self.forwarded).clone()
    }

    /// Sets the time. The default is the start of 1970.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.time = time;
        self
    }

    /// Sets the session store. The default is an empty one.
    #[must_use]
    pub fn with_sessions(mut self, sessions: Sessions) -> Self {
        self.sessions = sessions;
        self
    }

    /// The session store of the dialect.
    #[must_use]
    pub const fn stored(&self) -> &Sessions {
        &self.sessions
    }

    /// The commands that were run, in order, each with its caller.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.asked).clone()
    }

    /// The verbs of the commands that were run, in order.
    #[must_use]
    pub fn verbs(&self) -> Vec<Verb> {
        lock(&self.asked).iter().map(|asked| asked.command.verb()).collect()
    }

    /// The credentials that the dialect passed, in order.
    #[must_use]
    pub fn shown(&self) -> Vec<Credentials> {
        lock(&self.shown).clone()
    }

    fn run(&self, caller: Caller, command: Command) -> Result<Outcome, Fault> {
        let reply = (self.reply)(&command);
        lock(&self.asked).push(Asked { caller, command });
        reply
    }
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").field("asked", &self.asked).finish_non_exhaustive()
    }
}

#[async_trait]
impl Exchange for Script {
    async fn identify(&self, shown: Credentials) -> Result<Caller, Fault> {
        lock(&self.shown).push(shown);
        (self.caller)()
    }

    async fn call(&self, caller: &Caller, command: Command) -> Result<Outcome, Fault> {
        self.run(caller.clone(), command)
    }

    async fn vouch(&self, _: Voucher, command: Command) -> Result<Outcome, Fault> {
        self.run(Caller::Nobody, command)
    }

    async fn forward(&self, request: Request) -> Option<Result<Response, Fault>> {
        let answer = self.origin.clone()?;
        lock(&self.forwarded).push(request);
        Some(Ok(answer))
    }

    fn is_embedded(&self) -> bool {
        self.is_embedded
    }

    fn over(&self) -> Option<Fault> {
        let (after, fault) = self.over.as_ref()?;
        (lock(&self.asked).len() >= *after).then(|| fault.clone())
    }

    fn batch_limit(&self) -> usize {
        self.batch_limit
    }

    fn sessions(&self) -> &dyn SessionStore {
        &self.sessions
    }

    /// 32 bytes of value 7, then 32 of value 8, and so on: equal in each run, and never the same
    /// twice.
    fn random(&self) -> [u8; 32] {
        [self.randoms.fetch_add(1, Ordering::Relaxed); 32]
    }

    fn now(&self) -> Timestamp {
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::now;

    #[test]
    fn commands_are_answered_and_recorded() {
        let script = Script::person(User::seen("ann"), Proof::Password)
            .answering(|_| Ok(Outcome::Users(Vec::new())))
            .over_after(1, Fault::new(FaultKind::Timeout, "time is up"));
        let anybody = Credentials::Vouched(User::seen("ann").id.into());
        let caller = now(script.identify(anybody.clone())).unwrap();
        assert!(script.over().is_none());
        let outcome = now(script.call(&caller, Command::ListUsers)).unwrap();
        assert_eq!(outcome, Outcome::Users(Vec::new()));
        assert_eq!((script.verbs(), script.shown()), (vec![Verb::ListUsers], vec![anybody]));
        assert_eq!(script.over().map(|fault| fault.kind), Some(FaultKind::Timeout));
        assert_ne!(script.random(), script.random());
    }
}
