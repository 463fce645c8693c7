//! A gateway that answers from a script and records the commands that it gets.

use std::sync::Mutex;

use async_trait::async_trait;
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::credentials::{Caller, Credentials, Proof, Seal};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::{Group, GroupId};
use isogloss_canonical::http::Request;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::user::{Evidence, Role, User, UserId, UserRef};
use isogloss_testkit::scripted::session_store::Sessions;
use jiff::Timestamp;

use crate::dialect::Dandelion;
use crate::ids::NAMESPACE;
use crate::options::{Options, Version};
use crate::roles::foundation::foundation;

pub(super) type Reply = fn(&Command) -> Result<Outcome, Fault>;

/// A gateway that knows one user, the administrator 1, and answers commands from a script.
#[derive(Debug)]
pub(super) struct Script {
    proof: Result<(), Fault>,
    reply: Reply,
    password_changed: Mutex<Timestamp>,
    sessions: Sessions,
    /// The commands, each with whether the gateway runs it in its own name.
    pub(super) commands: Mutex<Vec<(bool, Command)>>,
}

impl Script {
    pub(super) fn new(reply: Reply) -> Self {
        Self {
            proof: Ok(()),
            reply,
            password_changed: Mutex::new(Timestamp::UNIX_EPOCH),
            sessions: Sessions::default(),
            commands: Mutex::default(),
        }
    }

    /// A script that refuses every credential.
    pub(super) fn refusing(fault: Fault, reply: Reply) -> Self {
        Self { proof: Err(fault), ..Self::new(reply) }
    }

    fn user(&self) -> User {
        User { password_changed: *self.password_changed.lock().unwrap(), ..user() }
    }

    /// The answer to a command that every script needs.
    fn own(&self, command: &Command) -> Option<Result<Outcome, Fault>> {
        if matches!(command, Command::GetGroup(_)) {
            return Some(Ok(Outcome::Group(Box::new(administrators()))));
        }
        if matches!(command, Command::GetUser(UserRef::Id(_))) {
            return Some(Ok(Outcome::User(Box::new(self.user()))));
        }
        if matches!(command, Command::ChangePassword(..)) {
            *self.password_changed.lock().unwrap() = self.now();
            return Some(Ok(Outcome::Done));
        }
        None
    }

    pub(super) fn verbs(&self) -> Vec<Verb> {
        self.commands.lock().unwrap().iter().map(|(_, command)| command.verb()).collect()
    }
}

#[async_trait]
impl Exchange for Script {
    async fn identify(&self, _: Credentials) -> Result<Caller, Fault> {
        self.proof.clone()?;
        Ok(Caller::person(self.user(), Proof::Vouched, Seal::new([0; 32])))
    }

    async fn call(&self, caller: &Caller, command: Command) -> Result<Outcome, Fault> {
        let reply = self.own(&command).unwrap_or_else(|| (self.reply)(&command));
        self.commands.lock().unwrap().push((*caller == Caller::Gateway, command));
        reply
    }

    fn sessions(&self) -> &dyn SessionStore {
        &self.sessions
    }

    fn random(&self) -> [u8; 32] {
        [u8::try_from(self.sessions.len()).unwrap(); 32]
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_second(2_000_000_000).unwrap()
    }
}

pub(super) fn user() -> User {
    User {
        id: UserId(uuid::Uuid::nil()),
        ids: [(NAMESPACE, "1".to_owned())].into(),
        username: "admin".to_owned(),
        display_name: None,
        given_name: None,
        family_name: None,
        email: None,
        role: Role::Administrator,
        active: true,
        has_password: true,
        source: None,
        failures: 0,
        locked_until: None,
        addresses: Vec::new(),
        groups: Vec::new(),
        attributes: serde_json::Map::new(),
        created: Timestamp::UNIX_EPOCH,
        password_changed: Timestamp::UNIX_EPOCH,
        sessions_since: Timestamp::UNIX_EPOCH,
        last_login: None,
        evidence: Evidence::default(),
    }
}

pub(super) fn administrators() -> Group {
    let founded = foundation().remove(1);
    Group {
        id: GroupId(uuid::Uuid::nil()),
        namespace: founded.namespace,
        ids: founded.ids,
        name: founded.name,
        description: None,
        owner: None,
        co_owners: Vec::new(),
        active: true,
        grants: Grants::none(),
        confers: founded.confers,
        members: 1,
        attributes: founded.attributes,
        created: Timestamp::UNIX_EPOCH,
        evidence: Evidence::default(),
    }
}

pub(super) fn options() -> Options {
    Options {
        namespace: NAMESPACE,
        version: Version::V6_1,
        public_api_disabled: false,
        empty_errors: false,
    }
}

pub(super) fn dialect() -> Dandelion {
    Dandelion { options: options() }
}

pub(super) fn post(path: &str, form: &str) -> Request {
    Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query: None,
        headers: Vec::new(),
        body: form.to_owned().into(),
        path_prefix: String::new(),
        client: None,
        received: Timestamp::from_second(2_000_000_000).unwrap(),
    }
}

pub(super) fn get(path: &str, query: &str) -> Request {
    let query = Some(query.to_owned());
    Request { method: "GET".to_owned(), query, ..post(path, "") }
}
