//! A call of the API, as its handler gets it: the caller is proved, the arguments are read.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::http::Request;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::people::{Order, Pages, PeopleQuery};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};

use crate::dialect::arguments::Arguments;
use crate::dialect::failure::Failure;
use crate::dialect::sessions::{Session, Sessions};
use crate::ids::Uid;
use crate::options::Options;
use crate::roles::memberships;
use crate::roles::rights::Rights;

/// A call of the API.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The options of the route.
    pub(crate) options: &'a Options,
    /// The gateway.
    pub(crate) exchange: &'a dyn Exchange,
    /// The request.
    pub(crate) request: &'a Request,
    /// The sessions of the route.
    pub(crate) sessions: &'a Sessions<'a>,
    /// The caller.
    pub(crate) caller: &'a Caller,
    /// The record of the caller.
    pub(crate) user: &'a User,
    /// The session of the caller; `None` for a call by key.
    pub(crate) session: Option<&'a Session>,
    /// The key that the caller has shown; `None` for a call in a session.
    pub(crate) key: Option<&'a Secret>,
    /// The arguments.
    pub(crate) arguments: Arguments,
}

impl<'a> Call<'a> {
    /// The id namespace whose user ids the caller uses.
    pub(crate) fn namespace(&self) -> &'a IdNamespace {
        &self.options.namespace
    }

    /// Runs a command for the caller.
    pub(crate) async fn run(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.call(self.caller, command).await
    }

    /// Reads in the gateway's own name. The handler has checked the right of the dialect before:
    /// an answer can need data that the caller's canonical permissions do not show.
    pub(crate) async fn read(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.read(command).await
    }

    /// Reads a user; `None` if there is none.
    pub(crate) async fn find_user(&self, user: UserRef) -> Result<Option<Box<User>>, Fault> {
        match self.read(Command::GetUser(user)).await {
            Ok(outcome) => outcome.user().map(Some),
            Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Lists all users, in the order of their ids.
    pub(crate) async fn everybody(&self) -> Result<Box<dyn Pages>, Fault> {
        let order = Order::Native(self.namespace().clone());
        self.exchange.list(None, PeopleQuery::in_order(order)).await
    }

    /// A reference to the caller.
    pub(crate) fn me(&self) -> UserRef {
        self.user.into()
    }

    /// A reference to a user by id.
    pub(crate) fn user_ref(&self, uid: Uid) -> UserRef {
        UserRef::Native(self.namespace().clone(), uid.to_string())
    }

    /// Whether this is the id of the caller.
    pub(crate) fn is_me(&self, uid: Uid) -> bool {
        self.user.native(self.namespace()) == Some(uid.to_string().as_str())
    }

    /// The optional argument `uid`, unless it is the id of the caller.
    pub(crate) fn other_uid(&self) -> Option<Uid> {
        self.arguments.maybe_uid().filter(|uid| !self.is_me(*uid))
    }

    /// Reads the rights of a user's group.
    pub(crate) async fn rights_of(&self, user: &User) -> Result<Rights, Fault> {
        let group = memberships::group(memberships::group_of(user));
        match self.read(Command::GetGroup(group)).await {
            Ok(outcome) => Ok(Rights::of(&*outcome.group()?)),
            Err(fault) if fault.is_absence_of(Subject::Group) => Ok(Rights::Missing),
            Err(fault) => Err(fault),
        }
    }

    /// Refuses a caller whose group lacks a right.
    pub(crate) async fn need(&self, right: &str) -> Result<(), Failure> {
        if self.rights_of(self.user).await?.allow(right) {
            return Ok(());
        }
        Err(Failure::NO_PERMISSION)
    }
}
