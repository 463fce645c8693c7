//! One call of a method, once the envelope is read and the caller is known.

use std::future::{Future, ready};
use std::pin::Pin;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::http::Request;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grant;

use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;
use crate::wire::View;

/// What a method makes of a call.
pub(crate) type Answer = Result<Py, Raised>;

/// A method at work.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// An answer that takes no asking.
pub(crate) fn told<'a>(answer: Answer) -> Running<'a> {
    Box::pin(ready(answer))
}

/// What a method of RhodeCode raises instead of an answer.
#[derive(Debug)]
pub(crate) enum Raised {
    /// An error in a sentence.
    Error(String),
    /// The fields that are not acceptable, and why.
    Invalid(Mapping),
    /// Only for others than this caller.
    Forbidden,
    /// An exception of Python that the method does not catch, by its name.
    Exception(&'static str),
}

impl Raised {
    /// An error in a sentence.
    pub(crate) fn error(sentence: impl Into<String>) -> Self {
        Self::Error(sentence.into())
    }
}

/// A fault that a method has no sentence for: what it would be if RhodeCode's own database failed,
/// never an absence.
impl From<Fault> for Raised {
    fn from(fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Forbidden => Self::Forbidden,
            _ => Self::Exception("OperationalError"),
        }
    }
}

/// One call.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// The version spoken, and the namespace whose ids it uses.
    pub(crate) view: View<'a>,
    /// The gateway.
    pub(crate) exchange: &'a dyn Exchange,
    /// Who asks.
    pub(crate) caller: &'a Caller,
    /// From where.
    pub(crate) address: &'a str,
    /// The arguments that were given.
    pub(crate) args: &'a Mapping,
    /// The request it came in.
    pub(crate) request: &'a Request,
}

impl Call<'_> {
    /// Runs a command for the caller.
    pub(crate) async fn run(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.call(self.caller, command).await
    }

    /// Reads something on the gateway's own behalf, where RhodeCode reads it for anybody.
    pub(crate) async fn peek(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.read(command).await
    }

    /// The version spoken.
    pub(crate) fn version(&self) -> Version {
        self.view.version
    }

    /// An argument, if it is given.
    pub(crate) fn arg(&self, name: &str) -> Option<&Py> {
        self.args.get(name)
    }

    /// An argument that the envelope has made sure of.
    pub(crate) fn required(&self, name: &str) -> &Py {
        self.args.get(name).unwrap_or(&Py::None)
    }

    /// Whether the caller is a super administrator.
    pub(crate) fn is_admin(&self) -> bool {
        self.caller.holds(Grant::Administer)
    }

    /// Refuses all but super administrators.
    pub(crate) fn admins_only(&self) -> Result<(), Raised> {
        if self.is_admin() { Ok(()) } else { Err(Raised::Forbidden) }
    }

    /// A new token: forty hexadecimal digits.
    pub(crate) fn mint(&self) -> String {
        crate::mint(&self.exchange.random())
    }
}
