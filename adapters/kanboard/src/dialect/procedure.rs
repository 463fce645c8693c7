//! A procedure of the API as a row: its name, its parameters, who may call it and what it does.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;

use crate::dialect::refusal::{Ending, Failure};
use crate::dialect::{Kanboard, application, groups, me, members, users};
use crate::php::Php;
use crate::wire::role_shown;

/// Every procedure, by the file that has it.
pub(crate) static PROCEDURES: [&[Procedure]; 5] = [
    &me::PROCEDURES,
    &application::PROCEDURES,
    &users::PROCEDURES,
    &groups::PROCEDURES,
    &members::PROCEDURES,
];

/// What Kanboard reserves among the procedures that have no place in a gateway for people: whoever
/// may not call them hears that, as everywhere before anything else.
const RESERVED: [(&str, Access); 10] = [
    ("getLinkById", Access::Administrator),
    ("getLinkByLabel", Access::Administrator),
    ("getOppositeLinkId", Access::Administrator),
    ("getAllLinks", Access::Administrator),
    ("createLink", Access::Administrator),
    ("updateLink", Access::Administrator),
    ("removeLink", Access::Administrator),
    ("getOverdueTasks", Access::Administrator),
    ("getAllProjects", Access::Administrator),
    ("createProject", Access::Manager),
];

/// One procedure.
#[derive(Debug)]
pub(crate) struct Procedure {
    /// What the manual says of it.
    pub(crate) method: MethodInfo,
    /// Its parameters, in their order.
    pub(crate) parameters: &'static [Parameter],
    /// Who may call it.
    pub(crate) access: Access,
    /// What it does.
    pub(crate) run: Run,
}

/// Carries a procedure out.
pub(crate) type Run = for<'a> fn(&'a Call<'a>) -> Answering<'a>;
/// Its result to be.
pub(crate) type Answering<'a> = Pin<Box<dyn Future<Output = Result<Php, Failure>> + Send + 'a>>;

/// A parameter's name and what it is if it is not given.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name, case and all.
    pub(crate) name: &'static str,
    /// What it is if it is not given.
    pub(crate) otherwise: Otherwise,
}

/// What a parameter is if it is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Otherwise {
    /// It has to be given.
    Refused,
    /// This text.
    Text(&'static str),
    /// Null.
    Null,
}

/// Who may call a procedure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Access {
    /// Everybody who has a role.
    Everybody,
    /// People only, not the application.
    People,
    /// Managers and administrators.
    Manager,
    /// Administrators.
    Administrator,
}

/// A procedure for administrators and the application.
pub(crate) const fn reserved(
    name: &'static str,
    verbs: &'static [Verb],
    about: &'static str,
    parameters: &'static [Parameter],
    run: Run,
) -> Procedure {
    let method = MethodInfo { name, verbs, about };
    Procedure { method, parameters, access: Access::Administrator, run }
}

/// A parameter that has to be given.
pub(crate) const fn required(name: &'static str) -> Parameter {
    Parameter { name, otherwise: Otherwise::Refused }
}

/// A parameter that need not be given.
pub(crate) const fn optional(name: &'static str, otherwise: Otherwise) -> Parameter {
    Parameter { name, otherwise }
}

/// Procedures that are about projects: the old system's, where there still is one.
const ABOUT_PROJECTS: [&str; 7] = [
    "getMyDashboard",
    "getMyActivityStream",
    "createMyPrivateProject",
    "getMyProjectsList",
    "getMyOverdueTasks",
    "getMyProjects",
    "getProjectById",
];

/// Whether a procedure is answered here even where an old system could be asked.
pub(crate) fn is_ours(name: &str) -> bool {
    let named = |own: &str| own.eq_ignore_ascii_case(name);
    let rows = PROCEDURES.iter().flat_map(|table| table.iter());
    let mut rows = rows.map(|row| row.method.name);
    rows.any(named) && !ABOUT_PROJECTS.iter().any(|own| named(own))
}

/// Finds a procedure, whatever the case of its name, and asks whether the caller may call it.
pub(crate) fn find(name: &str, caller: &Caller) -> Result<&'static Procedure, Failure> {
    let rows = PROCEDURES.iter().flat_map(|table| table.iter());
    let mut named = rows.filter(|row| row.method.name.eq_ignore_ascii_case(name));
    if let Some(procedure) = named.next() {
        procedure.access.check(procedure.method.name == name, caller)?;
        return Ok(procedure);
    }
    let mut reserved = RESERVED.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
    if let Some((_, access)) = reserved.next() {
        access.check(true, caller)?;
    }
    Err(Failure::unknown_method())
}

impl Access {
    /// The application is asked only for what people alone may call, and that by the exact name:
    /// `getme` slips past (`fixtures/transcripts/kanboard/rpc-methods.json`).
    fn check(self, exact: bool, caller: &Caller) -> Result<(), Failure> {
        let Some(user) = caller.user() else {
            let refused = self == Self::People && exact;
            return if refused { Err(Ending::Forbidden.into()) } else { Ok(()) };
        };
        let allowed: &[&str] = match self {
            Self::Everybody | Self::People => &["app-user", "app-manager", "app-admin"],
            Self::Manager => &["app-manager", "app-admin"],
            Self::Administrator => &["app-admin"],
        };
        if allowed.contains(&role_shown(user)) { Ok(()) } else { Err(Ending::Forbidden.into()) }
    }
}

impl Procedure {
    /// The arguments in the order of the parameters: their number is checked first, then names.
    pub(crate) fn arguments(&self, given: &Php) -> Result<Vec<Php>, Failure> {
        let entries = given.entries().unwrap_or_default();
        let refused = |parameter: &&Parameter| parameter.otherwise == Otherwise::Refused;
        if entries.len() < self.parameters.iter().filter(refused).count() {
            return Err(Failure::parameters("Wrong number of arguments"));
        }
        if entries.len() > self.parameters.len() {
            return Err(Failure::parameters("Too many arguments"));
        }
        let positional = given.is_list();
        let argument = |(place, parameter): (usize, &Parameter)| {
            let value = if positional {
                entries.get(place).map(|(_, value)| value)
            } else {
                given.argument(parameter.name)
            };
            value.map_or_else(|| parameter.default(), |value| Ok(value.clone()))
        };
        self.parameters.iter().enumerate().map(argument).collect()
    }
}

impl Parameter {
    fn default(&self) -> Result<Php, Failure> {
        match self.otherwise {
            Otherwise::Text(text) => Ok(Php::from(text)),
            Otherwise::Null => Ok(Php::Null),
            Otherwise::Refused => {
                Err(Failure::parameters(format!("Missing argument: {}", self.name)))
            }
        }
    }
}

/// A call of a procedure by somebody who may.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    /// How the server is set up.
    pub(crate) dialect: &'a Kanboard,
    /// The gateway.
    pub(crate) exchange: &'a dyn Exchange,
    /// Who calls.
    pub(crate) caller: &'a Caller,
    /// One for each parameter.
    pub(crate) arguments: Vec<Php>,
}

impl Call<'_> {
    /// The argument at this place.
    pub(crate) fn argument(&self, place: usize) -> &Php {
        self.arguments.get(place).unwrap_or(&Php::Null)
    }

    /// Asks the gateway.
    pub(crate) async fn ask(&self, command: Command) -> Result<Outcome, Fault> {
        self.exchange.call(self.caller, command).await
    }

    /// The person that an argument points at; `None` if it can point at nobody. `parameter` is
    /// its number in the statement that Kanboard would send.
    pub(crate) fn person(&self, place: usize, parameter: u8) -> Result<Option<UserRef>, Failure> {
        let shape = &self.dialect.shape;
        let id = shape.database.id(self.argument(place), parameter).map_err(Failure::exception)?;
        Ok(id.map(|id| UserRef::Native(shape.namespace.clone(), id.to_string())))
    }

    /// The group that an argument points at.
    pub(crate) fn group(&self, place: usize, parameter: u8) -> Result<Option<GroupRef>, Failure> {
        let shape = &self.dialect.shape;
        let id = shape.database.id(self.argument(place), parameter).map_err(Failure::exception)?;
        Ok(id.map(|id| GroupRef::Native(shape.namespace.clone(), id.to_string())))
    }
}
