//! One call of the API: what a method is handed, and the ways it can end.

use std::borrow::Cow;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use serde_json::Value;

use crate::dialect::parameters::Parameters;
use crate::dialect::session::{Session, Visit};
use crate::ids::{Gid, Uid};
use crate::rights::{self, Rights};
use crate::wire::NAMESPACE;

/// A call whose caller is proved and whose parameters are in order.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The request it came with.
    pub(crate) visit: &'a Visit<'a>,
    /// Who asks.
    pub(crate) caller: &'a Caller,
    /// Their record.
    pub(crate) user: &'a User,
    /// Their session, if that is how they proved who they are.
    pub(crate) session: Option<&'a Session>,
    /// What they gave.
    pub(crate) given: Parameters,
    /// Whether the answer has the shape that the manual of 6.0 prints.
    pub(crate) older: bool,
}

/// An answer to a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// What was asked for.
    pub(crate) data: Value,
    /// Cookies to be set, each a header's value.
    pub(crate) cookies: Vec<String>,
}

impl<T: Into<Value>> From<T> for Said {
    fn from(data: T) -> Self {
        Self { data: data.into(), cookies: Vec::new() }
    }
}

/// Which module an error names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Blamed {
    /// None: it happened before a module was asked.
    Nobody,
    /// The API as a whole.
    Api,
    /// The module that was called.
    Called,
}

/// An error: status, code, words and module, as clients see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    pub(crate) code: u8,
    pub(crate) words: Cow<'static, str>,
    pub(crate) blamed: Blamed,
}

impl Failure {
    /// Made to measure.
    pub(crate) const fn new(status: u16, code: u8, words: &'static str, blamed: Blamed) -> Self {
        Self { status, code, words: Cow::Borrowed(words), blamed }
    }

    /// What a module says when something is wrong with the request.
    pub(crate) const fn general(words: &'static str) -> Self {
        Self::new(200, 5, words, Blamed::Called)
    }

    /// The caller's group lacks the right.
    pub(crate) const fn permission() -> Self {
        Self::new(200, 4, "Your account doesn't have the proper permissions", Blamed::Called)
    }

    /// The database refused or failed: duplicates, unknown ids and outages look alike here.
    pub(crate) const fn server() -> Self {
        Self::new(500, 6, "Internal Server Error", Blamed::Api)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Forbidden => Self::permission(),
            FaultKind::Malformed
            | FaultKind::TooLarge
            | FaultKind::UnknownMethod
            | FaultKind::Invalid
            | FaultKind::Unauthenticated
            | FaultKind::NotFound
            | FaultKind::Conflict
            | FaultKind::Unsupported
            | FaultKind::Throttled
            | FaultKind::Unavailable
            | FaultKind::Timeout
            | FaultKind::Unexpected => Self::server(),
        }
    }
}

impl<'a> Asked<'a> {
    /// The gateway.
    pub(crate) fn exchange(&self) -> &'a dyn Exchange {
        self.visit.exchange
    }

    /// The space of ids that the caller speaks of.
    pub(crate) fn namespace(&self) -> &'a IdNamespace {
        self.visit.namespace
    }

    /// Runs a command for the caller.
    pub(crate) async fn run(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange().call(self.caller, command).await
    }

    /// Reads on the gateway's behalf, once the dialect's own right has been checked: what an
    /// answer needs is not always for the caller to see.
    pub(crate) async fn look(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange().read(command).await
    }

    /// Reads a person, who may not be there.
    pub(crate) async fn look_up(&self, user: UserRef) -> Result<Option<Box<User>>, Fault> {
        match self.look(Command::GetUser(user)).await {
            Ok(outcome) => outcome.user().map(Some),
            Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Reads everybody, in the order of their ids.
    pub(crate) async fn everybody(&self) -> Result<Vec<User>, Fault> {
        let mut users = self.look(Command::ListUsers).await?.users()?;
        let id = |user: &User| user.native(self.namespace()).and_then(|id| id.parse::<i64>().ok());
        users.sort_by_key(id);
        Ok(users)
    }

    /// Points at the caller.
    pub(crate) fn me(&self) -> UserRef {
        self.user.into()
    }

    /// Whether this is the caller's own id.
    pub(crate) fn is_me(&self, uid: Uid) -> bool {
        self.user.native(self.namespace()) == Some(uid.to_string().as_str())
    }

    /// Points at a person by id.
    pub(crate) fn person(&self, uid: Uid) -> UserRef {
        UserRef::Native(self.namespace().clone(), uid.to_string())
    }

    /// Points at a group by id.
    pub(crate) fn group(id: Gid) -> GroupRef {
        GroupRef::Native(NAMESPACE, id.to_string())
    }

    /// The rights of a person's group.
    pub(crate) async fn rights_of(&self, user: &User) -> Result<Rights, Fault> {
        let group = Self::group(rights::group_of(user));
        match self.look(Command::GetGroup(group)).await {
            Ok(outcome) => Ok(Rights::of(&*outcome.group()?)),
            Err(fault) if fault.is_absence_of(Subject::Group) => Ok(Rights::Missing),
            Err(fault) => Err(fault),
        }
    }

    /// Whether the caller's group has a right.
    pub(crate) async fn may(&self, right: &str) -> Result<bool, Fault> {
        Ok(self.rights_of(self.user).await?.allow(right))
    }

    /// Refuses a caller whose group lacks a right.
    pub(crate) async fn need(&self, right: &str) -> Result<(), Failure> {
        if self.may(right).await? { Ok(()) } else { Err(Failure::permission()) }
    }
}
