//! Explains a request without executing it: its commands, the permission of each one, the requests
//! to a remote system, and the answer to each kind of fault.
//!
//! The route's dialect runs with an exchange that records the commands and answers with an invented
//! person. Nothing is sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::backend::{Backend, Upstream};
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::{Request, Response};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::session_store::{SessionKind, SessionStore};
use isogloss_canonical::verb::Verb;
use isogloss_canonical::vouching::Voucher;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::examples;

/// Explains a request to a dialect with a remote backend or with the store.
pub async fn explain(dialect: &dyn Dialect, request: &Request, behind: Option<Behind>) -> Value {
    let usual = Rehearsal::new(None, behind);
    let answer = dialect.answer(request, &usual).await;
    let mut faults = Vec::new();
    for kind in FaultKind::ALL {
        let trial = Rehearsal::new(Some(kind), None);
        let answer = dialect.answer(request, &trial).await;
        if !trial.commands().is_empty() {
            faults.push(json!({"fault": format!("{kind:?}"), "answer": shown(&answer)}));
        }
    }
    json!({
        "credentials": usual.lines(|asked| &asked.credentials),
        "commands": usual.commands(),
        "upstream": usual.sent().await,
        "answer": shown(&answer),
        "faults": faults,
    })
}

fn shown(response: &Response) -> Value {
    let body = String::from_utf8_lossy(&response.body).into_owned();
    json!({"status": response.status, "body": body})
}

/// The backend of a route, made with the recorder as its upstream.
#[derive(Clone, Debug)]
pub struct Behind {
    /// The backend.
    pub backend: Arc<dyn Backend>,
    /// The recorder of the requests.
    pub recorder: Arc<Recorder>,
    /// The namespace of its ids.
    pub namespace: IdNamespace,
}

/// An upstream that records requests and sends nothing.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<String>>);

#[async_trait]
impl Upstream for Recorder {
    async fn send(&self, request: Request) -> Result<Response, Fault> {
        let query = request.query.map(|query| format!("?{query}")).unwrap_or_default();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let line = format!("{} {}{query} {body}", request.method, request.path);
        push(&self.0, line.trim_end().to_owned());
        Err(Fault::new(FaultKind::Unavailable, "nothing is sent"))
    }
}

#[derive(Debug, Default)]
struct Asked {
    credentials: Vec<String>,
    commands: Vec<Command>,
}

/// An exchange that records commands, and answers with an example or with one kind of fault.
#[derive(Debug)]
struct Rehearsal {
    fault: Option<FaultKind>,
    behind: Option<Behind>,
    asked: Mutex<Asked>,
}

impl Rehearsal {
    fn new(fault: Option<FaultKind>, behind: Option<Behind>) -> Self {
        Self { fault, behind, asked: Mutex::default() }
    }

    fn lines(&self, of: impl Fn(&Asked) -> &Vec<String>) -> Vec<String> {
        self.asked.lock().map(|asked| of(&asked).clone()).unwrap_or_default()
    }

    fn commands(&self) -> Vec<Value> {
        let line = |command: &Command| {
            let verb = command.verb();
            json!({
                "command": format!("{command:?}"),
                "permission": format!("{:?}", verb.permission()),
            })
        };
        let asked = self.asked.lock();
        asked.map(|asked| asked.commands.iter().map(line).collect()).unwrap_or_default()
    }

    /// The first request that each command would send. Further requests depend on the answer.
    async fn sent(&self) -> Vec<String> {
        let Some(behind) = &self.behind else { return Vec::new() };
        let commands = self.asked.lock().map(|asked| asked.commands.clone()).unwrap_or_default();
        for command in commands {
            let capability = behind.backend.capability();
            let found = command.person().is_none_or(|user| capability.finds_by(user));
            if found && capability.has(command.verb()) {
                let result = behind.backend.execute(command).await;
                tracing::trace!(ok = result.is_ok(), "rehearsed");
            }
        }
        behind.recorder.0.lock().map(|sent| sent.clone()).unwrap_or_default()
    }
}

fn push<T>(list: &Mutex<Vec<T>>, item: T) {
    if let Ok(mut list) = list.lock() {
        list.push(item);
    }
}

#[async_trait]
impl Exchange for Rehearsal {
    async fn identify(&self, credentials: Credentials) -> Result<Caller, Fault> {
        if let Ok(mut asked) = self.asked.lock() {
            asked.credentials.push(format!("{credentials:?}"));
        }
        Ok(examples::caller(&credentials))
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
        self.behind.is_none()
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
