//! The steps of a command: authenticate the caller, authorise, check the capability, execute.
//!
//! Only this file reads the permission table, and it does so for every command.

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::exchange::{Exchange, list_whole};
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::json::has_one_meaning;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::people::{KeysToo, Pages, PeopleQuery};
use isogloss_canonical::permission::{Grant, Permission};
use isogloss_canonical::role::Role;
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::user::{UserPatch, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_canonical::vouching::{Voucher, Vouching};
use jiff::Timestamp;
use serde_json::Value;

use crate::auth::request::AuthRequest;
use crate::auth::{Authority, guessing};
use crate::guards;
use crate::origin::Origin;
use crate::origin::incoming::Inbound;
use crate::proxies::Sender;
use crate::random::random;
use crate::runner::Runner;
use crate::sessions::Sessions;
use crate::term::Term;

/// The pipeline of a route, from its dialect to its backend. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Pipeline {
    runner: Runner,
    sessions: Sessions,
    authority: Arc<Authority>,
    origin: Option<Arc<Origin>>,
    is_embedded: bool,
    sender: Sender,
    inbound: Arc<Inbound>,
    vouching: Arc<Vouching>,
    term: Term,
}

impl Pipeline {
    /// Joins a backend to its session store and to the authentication.
    #[must_use]
    pub fn new(backend: Arc<dyn Backend>, sessions: Sessions, authority: Arc<Authority>) -> Self {
        let (sender, vouching, term) = (Sender::default(), Arc::default(), Term::default());
        let runner = Runner::new(backend);
        let (inbound, origin, is_embedded) = (Arc::default(), None, true);
        Self { runner, sessions, authority, origin, is_embedded, sender, inbound, vouching, term }
    }

    /// The pipeline for one request from this sender.
    #[must_use]
    pub fn seen_from(&self, sender: Sender) -> Self {
        Self { sender, ..self.clone() }
    }

    /// For one request, which came in there: for the calls that go to the origin.
    #[must_use]
    pub fn inbound(self, inbound: Arc<Inbound>) -> Self {
        let runner = self.runner.for_request();
        Self { sender: inbound.sender, inbound, runner, ..self }
    }

    /// The pipeline for one request with these limits.
    #[must_use]
    pub fn until(self, term: Term) -> Self {
        Self { term, ..self }
    }

    /// Sets what the route accepts from vouchers.
    #[must_use]
    pub fn believing(self, vouching: Vouching) -> Self {
        Self { vouching: Arc::new(vouching), ..self }
    }

    /// Whether the route accepts this user name from the voucher for this request.
    fn believes(&self, voucher: Voucher, user: &str) -> bool {
        let Sender { client, by_proxy } = self.sender;
        match voucher {
            Voucher::Proxy => self.vouching.proxy && by_proxy,
            Voucher::Network => {
                let near = self.vouching.near.as_ref().zip(client);
                near.is_some_and(|(near, client)| near.takes(client, user))
            }
            Voucher::Wizard => false,
        }
    }

    /// Sets the origin that answers what the dialect does not translate.
    #[must_use]
    pub fn with_origin(self, origin: Option<Arc<Origin>>) -> Self {
        Self { origin, ..self }
    }

    /// Says that the backend is a remote system.
    #[must_use]
    pub fn over_system(self) -> Self {
        Self { is_embedded: false, ..self }
    }

    /// Notes who calls, for counting.
    fn prove(&self, name: &str) {
        self.inbound.proved.get_or_init(|| name.to_owned());
    }

    /// Checks with the table of verbs whether a caller may run a command.
    async fn authorise(&self, caller: &Caller, command: &Command) -> Result<(), Fault> {
        if !caller.is_sealed_by(self.authority.seal()) {
            tracing::error!("a dialect passed a caller that the gateway did not create");
            return Err(Fault::forbidden());
        }
        let allowed = match needed(command) {
            Permission::Gateway => false,
            Permission::Known => is_known(caller),
            Permission::Holder(grant) => caller.holds(grant),
            Permission::Own(grant) => caller.holds(grant) || is_own(caller, command),
            Permission::OwnGroup(grant) => {
                caller.holds(grant) || self.is_own_group(caller, command).await?
            }
        };
        let allowed = allowed && guards::pass(&self.runner, caller, command).await?;
        match (allowed, caller) {
            (true, _) => Ok(()),
            (false, Caller::Nobody) => Err(Fault::refused(Refusal::Missing)),
            (false, _) => Err(Fault::forbidden()),
        }
    }

    /// Whether a voucher may run this command: create an ordinary person or the very first one, or
    /// give groups to a person.
    async fn may_vouch(&self, voucher: Voucher, command: &Command) -> Result<bool, Fault> {
        let proxy = self.vouching.proxy && self.sender.by_proxy;
        Ok(match (voucher, command) {
            (Voucher::Proxy, Command::CreateUser(new)) => {
                proxy && self.vouching.creates && new.role == Role::User
            }
            (Voucher::Proxy, Command::UpdateUser(_, patch)) => {
                proxy && self.vouching.groups && gives_groups_only(patch)
            }
            (Voucher::Wizard, Command::CreateUser(_)) => {
                self.vouching.wizard && !self.runner.has_people().await?
            }
            _ => false,
        })
    }

    /// Unlocks a person before a command gives a new password or activates the account. If this
    /// fails, the command is not executed.
    async fn unlock(&self, user: UserRef) -> Result<(), Fault> {
        let read = Command::GetUser(user);
        match self.runner.execute(read).await.and_then(Outcome::user) {
            Ok(user) => {
                guessing::unlock(&self.sessions, &user).await?;
                let clear = Command::ClearFailures((&*user).into());
                self.runner.execute(clear).await.map(drop)
            }
            // The command will not find the person either.
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn is_own_group(&self, caller: &Caller, command: &Command) -> Result<bool, Fault> {
        let (Some(user), Some(group)) = (caller.user(), command.group()) else { return Ok(false) };
        if !user.active {
            return Ok(false);
        }
        let read = Command::GetGroup(group.clone());
        match self.runner.execute(read).await.and_then(Outcome::group) {
            // A person's name is that of the row which proved them in this request.
            Ok(group) => Ok(group.owner == Some(user.id)
                || group.co_owners.contains(&user.id)
                || group.changers.contains(&user.username)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(false),
            Err(fault) => Err(fault),
        }
    }
}

/// The command of a voucher. The setup wizard creates nobody but the first person: the backend checks it
/// again while it creates them, so that of two wizards one wins.
fn as_first(voucher: Voucher, command: Command) -> Command {
    match (voucher, command) {
        (Voucher::Wizard, Command::CreateUser(mut new)) => {
            new.first = true;
            Command::CreateUser(new)
        }
        (_, command) => command,
    }
}

/// The permission that a command needs. Application keys need an administrator.
fn needed(command: &Command) -> Permission {
    if let Command::RevokeKeys(None, ..) = command {
        return Permission::Holder(Grant::Administer);
    }
    command.verb().permission()
}

/// Whether the caller is authenticated and active.
fn is_known(caller: &Caller) -> bool {
    match caller {
        Caller::Nobody => false,
        Caller::Application(_) | Caller::Gateway => true,
        Caller::Person(person) => person.user().active,
    }
}

fn is_own(caller: &Caller, command: &Command) -> bool {
    is_known(caller) && command.person().is_some_and(|user| caller.is(user))
}

/// Whether a change gives groups to a person, with their role and rights, and changes nothing else.
fn gives_groups_only(patch: &UserPatch) -> bool {
    let UserPatch { role, groups, attributes, .. } = patch.clone();
    *patch == UserPatch { role, groups, attributes, ..UserPatch::default() }
}

/// The commands that a dialect may run in the gateway's own name, because an answer needs them.
const fn for_an_answer(verb: Verb) -> bool {
    matches!(
        verb,
        Verb::GetUser
            | Verb::ListUsers
            | Verb::ReadSettings
            | Verb::ListKeys
            | Verb::GetGroup
            | Verb::ListGroups
            | Verb::ListMembers
            | Verb::GroupsOf
            | Verb::ServerFacts
    )
}

#[async_trait]
impl Exchange for Pipeline {
    async fn identify(&self, credentials: Credentials) -> Result<Caller, Fault> {
        if let Credentials::Named(voucher, name) = &credentials
            && !self.believes(*voucher, name)
        {
            tracing::warn!(?voucher, "the route does not accept this voucher");
            return Err(Fault::refused(Refusal::Unknown));
        }
        let (runner, sessions) = (&self.runner, &self.sessions);
        let request = AuthRequest { runner, sessions, client: self.sender.client };
        let result = self.authority.identify(request, credentials).await;
        match &result {
            Ok(Caller::Person(person)) => self.prove(&person.user().username),
            Ok(Caller::Application(_)) => self.prove("(application)"),
            Ok(Caller::Nobody | Caller::Gateway) => {}
            Err(fault) => tracing::debug!(%fault, "caller refused"),
        }
        result
    }

    async fn call(&self, caller: &Caller, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        if let Err(fault) = self.authorise(caller, &command).await {
            tracing::debug!(%verb, %fault, "not allowed");
            return Err(fault);
        }
        self.term.admit(verb.changes())?;
        if let Some(user) = guessing::unlocked_by(&command) {
            self.unlock(user.clone()).await?;
        }
        self.runner.execute(command).await
    }

    async fn read(&self, command: Command) -> Result<Outcome, Fault> {
        if !for_an_answer(command.verb()) {
            return Err(Fault::forbidden());
        }
        self.runner.execute(command).await
    }

    async fn list(
        &self,
        caller: Option<&Caller>,
        query: PeopleQuery,
    ) -> Result<Box<dyn Pages>, Fault> {
        let Some(pages) = self.runner.pages(&query) else {
            return list_whole(self, caller, query).await;
        };
        if let Some(caller) = caller {
            self.authorise(caller, &Command::ListUsers).await?;
            if let Some(KeysToo { namespace, choice, .. }) = query.keys {
                self.authorise(caller, &Command::ListKeys(None, namespace, choice)).await?;
            }
            self.term.admit(false)?;
        }
        Ok(pages)
    }

    async fn vouch(&self, voucher: Voucher, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        if !self.may_vouch(voucher, &command).await? {
            tracing::warn!(%verb, ?voucher, "the route does not accept this voucher");
            return Err(Fault::forbidden());
        }
        self.runner.execute(as_first(voucher, command)).await
    }

    async fn forward(&self, request: Request) -> Option<Result<Response, Fault>> {
        let origin = self.origin.as_ref()?;
        // The gateway has read the name of the method. The origin must read the same one.
        if !has_one_meaning(&request.body) {
            return Some(Err(Fault::new(
                FaultKind::Malformed,
                "a call that another parser could read differently",
            )));
        }
        Some(origin.send(&request, &self.inbound).await)
    }

    fn is_embedded(&self) -> bool {
        self.is_embedded
    }

    fn holds(&self, attribute: &str) -> bool {
        self.is_embedded || self.runner.capability().stores(attribute)
    }

    fn knows(&self, fact: &str) -> bool {
        !self.is_embedded && self.runner.capability().knows(fact)
    }

    async fn fact(&self, caller: &Caller, fact: Fact) -> Option<Result<Value, Fault>> {
        let own = fact.person.as_ref().is_some_and(|person| caller.is(person));
        let known = caller.is_sealed_by(self.authority.seal());
        if !known || !is_known(caller) || !(own || caller.holds(Grant::Administer)) {
            return Some(Err(Fault::forbidden()));
        }
        if let Err(fault) = self.term.admit(true) {
            return Some(Err(fault));
        }
        self.runner.fact(fact).await
    }

    fn over(&self) -> Option<Fault> {
        self.term.over()
    }

    fn batch_limit(&self) -> usize {
        self.term.batch_limit()
    }

    fn sessions(&self) -> &dyn SessionStore {
        &self.sessions
    }

    fn random(&self) -> [u8; 32] {
        random()
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}
