//! An exchange without a backend. It records what a dialect asks for, and answers with examples or
//! with one kind of fault.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::{SessionKind, SessionStore};
use isogloss_canonical::verb::Verb;
use isogloss_canonical::vouching::Voucher;
use jiff::Timestamp;
use serde_json::Value;

use crate::explain::examples;

/// What a dialect has asked for, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    pub(super) credentials: Vec<Credentials>,
    pub(super) commands: Vec<Command>,
}

/// The exchange.
#[derive(Debug)]
pub(super) struct Rehearsal {
    fault: Option<FaultKind>,
    asked: Mutex<Asked>,
}

impl Rehearsal {
    /// An exchange whose commands all fail with this fault (`None`: all succeed).
    pub(super) fn new(fault: Option<FaultKind>) -> Self {
        Self { fault, asked: Mutex::default() }
    }

    /// What was asked for.
    pub(super) fn asked(&self) -> Asked {
        self.asked.lock().map(|asked| asked.clone()).unwrap_or_default()
    }
}

#[async_trait]
impl Exchange for Rehearsal {
    async fn identify(&self, credentials: Credentials) -> Result<Caller, Fault> {
        let caller = examples::caller(&credentials);
        if let Ok(mut asked) = self.asked.lock() {
            asked.credentials.push(credentials);
        }
        Ok(caller)
    }

    async fn call(&self, _caller: &Caller, command: Command) -> Result<Outcome, Fault> {
        let answer = match self.fault {
            Some(kind) => Err(Fault::new(kind, "rehearsed").about(subject(command.verb()))),
            None => Ok(examples::outcome(&command)),
        };
        if let Ok(mut asked) = self.asked.lock() {
            asked.commands.push(command);
        }
        answer
    }

    fn is_embedded(&self) -> bool {
        false
    }

    async fn vouch(&self, _voucher: Voucher, command: Command) -> Result<Outcome, Fault> {
        self.call(&Caller::Gateway, command).await
    }

    fn sessions(&self) -> &dyn SessionStore {
        &Blank
    }

    fn random(&self) -> [u8; 32] {
        [0; 32]
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// The usual subject of a fault of a verb.
fn subject(verb: Verb) -> Subject {
    match verb {
        Verb::CreateUser => Subject::Username,
        Verb::CreateGroup
        | Verb::GetGroup
        | Verb::ListGroups
        | Verb::UpdateGroup
        | Verb::DeleteGroup
        | Verb::ListMembers => Subject::Group,
        Verb::AddMember | Verb::RemoveMember => Subject::Membership,
        Verb::CreateFromDirectory => Subject::Directory,
        Verb::GetUser
        | Verb::ListUsers
        | Verb::UpdateUser
        | Verb::ActivateUser
        | Verb::DeactivateUser
        | Verb::DeleteUser
        | Verb::ChangePassword
        | Verb::IssueKey
        | Verb::RevokeKeys
        | Verb::ListKeys
        | Verb::ReadSettings
        | Verb::MergeSettings
        | Verb::GroupsOf
        | Verb::ListLocks
        | Verb::ServerFacts
        | Verb::AssignIds
        | Verb::FindKey
        | Verb::VerifyPassword
        | Verb::VerifyKey
        | Verb::CountFailure
        | Verb::ClearFailures => Subject::User,
    }
}

/// A session store that is empty and stores nothing.
#[derive(Debug)]
struct Blank;

#[async_trait]
impl SessionStore for Blank {
    async fn recall(&self, _: SessionKind, _: &str) -> Result<Option<Value>, Fault> {
        Ok(None)
    }

    async fn remember(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<(), Fault> {
        Ok(())
    }

    async fn renew(&self, _: SessionKind, _: &str, _: Value, _: Duration) -> Result<bool, Fault> {
        Ok(false)
    }

    async fn forget(&self, _: SessionKind, _: &str) -> Result<bool, Fault> {
        Ok(false)
    }

    async fn count(&self, _: SessionKind, _: &str, _: Duration) -> Result<u64, Fault> {
        Ok(1)
    }

    fn sign(&self, _: SessionKind, _: &str) -> Result<String, Fault> {
        Ok(String::new())
    }
}
