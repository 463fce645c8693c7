//! One call of a method: what a handler gets.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::http::Request;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grant;
use isogloss_interop::python::value::Py;

use crate::dialect::signature::Signature;
use crate::options::Options;
use crate::options::version::{Differences, Version};
use crate::wire::{self, Object};

/// One call, after its envelope was read and its caller identified.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The options of the route.
    pub(crate) options: &'a Options,
    /// The gateway.
    pub(crate) exchange: &'a dyn Exchange,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    /// The caller's address.
    pub(crate) address: &'a str,
    /// The arguments that were given.
    pub(crate) arguments: &'a Object,
    /// The HTTP request.
    pub(crate) request: &'a Request,
    /// The methods of a version, for `get_method`.
    pub(crate) signatures: fn(Version) -> Vec<&'static Signature>,
}

impl Call<'_> {
    /// Runs a command for the caller.
    pub(crate) async fn run(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.call(self.caller, command).await
    }

    /// Reads in the gateway's own name, where RhodeCode reads a row for any caller.
    pub(crate) async fn read(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.read(command).await
    }

    /// The version of the dialect.
    pub(crate) fn version(&self) -> Version {
        self.options.version
    }

    /// What differs in this version.
    pub(crate) fn differences(&self) -> &'static Differences {
        self.version().differences()
    }

    /// An argument, if it is given.
    pub(crate) fn argument(&self, name: &str) -> Option<&Py> {
        self.arguments.get(name)
    }

    /// An argument, or its default.
    pub(crate) fn argument_or(&self, name: &str, default: impl Into<Py>) -> Py {
        self.argument(name).cloned().unwrap_or_else(|| default.into())
    }

    /// A required argument, which is known to be given.
    pub(crate) fn required(&self, name: &str) -> &Py {
        self.argument(name).unwrap_or(&Py::None)
    }

    /// Whether the caller is a super administrator.
    pub(crate) fn is_admin(&self) -> bool {
        self.caller.holds(Grant::Administer)
    }

    /// A new token.
    pub(crate) fn new_token(&self) -> String {
        wire::token(&self.exchange.random())
    }
}
