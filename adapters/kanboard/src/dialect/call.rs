//! What a method's handler is given: the options, the gateway, the caller, the arguments.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::php::value::Php;

use crate::dialect::failure::{Failure, none_if_absent};
use crate::options::Options;

/// A call of a method by a caller who may call it.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The options of the route.
    pub(crate) options: &'a Options,
    /// The gateway.
    pub(crate) exchange: &'a dyn Exchange,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    /// One for each parameter of the method.
    pub(crate) arguments: Vec<Php>,
}

impl Call<'_> {
    /// The argument at this position.
    pub(crate) fn argument(&self, position: usize) -> &Php {
        self.arguments.get(position).unwrap_or(&Php::Null)
    }

    /// Runs a command for the caller.
    pub(crate) async fn run(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.call(self.caller, command).await
    }

    /// The user whose id an argument is; `None` if it can be nobody's. `parameter` is the number
    /// that the id would have in Kanboard's SQL statement.
    pub(crate) fn user_ref(
        &self,
        position: usize,
        parameter: u8,
    ) -> Result<Option<UserRef>, Failure> {
        let id = self.options.database.id(self.argument(position), parameter)?;
        Ok(id.map(|id| UserRef::Native(self.options.namespace.clone(), id.to_string())))
    }

    /// The group whose id an argument is; `None` if it can be no group's.
    pub(crate) fn group_ref(
        &self,
        position: usize,
        parameter: u8,
    ) -> Result<Option<GroupRef>, Failure> {
        let id = self.options.database.id(self.argument(position), parameter)?;
        Ok(id.map(|id| GroupRef::Native(self.options.namespace.clone(), id.to_string())))
    }

    /// Reads a user; `None` if there is none.
    pub(crate) async fn find_user(
        &self,
        user: Option<UserRef>,
    ) -> Result<Option<Box<User>>, Failure> {
        let Some(user) = user else { return Ok(None) };
        let found = none_if_absent(self.run(Command::GetUser(user)).await)?;
        Ok(found.map(Outcome::user).transpose()?)
    }

    /// Reads the user of a name, as the database compares names.
    pub(crate) async fn find_user_by_name(&self, name: &Php) -> Result<Option<Box<User>>, Failure> {
        let database = self.options.database;
        self.find_user(database.bound(name).map(|name| database.user_named(name))).await
    }

    /// Reads a group; `None` if there is none. A rights group of another system is no group of
    /// Kanboard.
    pub(crate) async fn find_group(
        &self,
        group: Option<GroupRef>,
    ) -> Result<Option<Box<Group>>, Failure> {
        let Some(group) = group else { return Ok(None) };
        let found = none_if_absent(self.run(Command::GetGroup(group)).await)?;
        Ok(found.map(Outcome::group).transpose()?.filter(|group| group.namespace.is_none()))
    }
}
