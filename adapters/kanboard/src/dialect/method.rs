//! The type of a row in the table of methods: name, parameters, who may call it, handler.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::credentials::Caller;
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::listing::Rows;
use isogloss_canonical::verb::Verb;
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::{Abort, Failure};
use crate::options::version::NamedNull;
use crate::roles::role_shown;

/// One method of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    /// Its row in the manual.
    pub(crate) info: MethodInfo,
    /// Its parameters, in their order.
    pub(crate) parameters: &'static [Parameter],
    /// Who may call it.
    pub(crate) access: Access,
    /// Its handler.
    pub(crate) run: Run,
}

/// The handler of a method.
pub(crate) type Run = for<'a> fn(&'a Call<'a>) -> Answer<'a>;
/// What a handler returns: the result of the call, once it is there.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + 'a>>;

/// The result of a call.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A value.
    Value(Php),
    /// The rows of a list that is written while it is read.
    Rows(Rows<Failure>),
}

impl From<Php> for Reply {
    fn from(value: Php) -> Self {
        Self::Value(value)
    }
}

impl From<Rows<Failure>> for Reply {
    fn from(rows: Rows<Failure>) -> Self {
        Self::Rows(rows)
    }
}

/// Makes a [`Run`] of an asynchronous handler, or, with `ready`, of one that asks nothing of the
/// gateway and cannot fail.
macro_rules! run {
    (ready $handler:path) => {
        |call| Box::pin(std::future::ready(Ok($handler(call).into())))
    };
    ($handler:path) => {
        |call| Box::pin(async move { $handler(call).await.map(Into::into) })
    };
}
pub(crate) use run;

/// One parameter of a method.
#[derive(Debug)]
pub(crate) struct Parameter {
    /// Its name; callers write it in the same case.
    pub(crate) name: &'static str,
    /// Its value if it is not given; `None`: it is required.
    pub(crate) default: Option<DefaultValue>,
}

/// The value of a parameter that is not given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DefaultValue {
    /// This text.
    Text(&'static str),
    /// Null.
    Null,
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Access {
    /// Every user who has a role, and the application.
    Everybody,
    /// Users, not the application.
    Users,
    /// Managers, administrators and the application.
    Managers,
    /// Administrators and the application.
    Administrators,
}

/// A parameter that has to be given.
pub(crate) const fn required(name: &'static str) -> Parameter {
    Parameter { name, default: None }
}

/// A parameter that may be left out.
pub(crate) const fn optional(name: &'static str, default: DefaultValue) -> Parameter {
    Parameter { name, default: Some(default) }
}

impl Method {
    /// A method for administrators and the application.
    pub(crate) const fn new(
        name: &'static str,
        verbs: &'static [Verb],
        about: &'static str,
        parameters: &'static [Parameter],
        run: Run,
    ) -> Self {
        let info = MethodInfo { name, verbs, about };
        Self { info, parameters, access: Access::Administrators, run }
    }

    /// The same method for other callers.
    pub(crate) const fn open_to(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// The arguments in the order of the parameters. Their number is checked first, then their
    /// names.
    pub(crate) fn arguments(
        &self,
        given: &Php,
        named_null: NamedNull,
    ) -> Result<Vec<Php>, Failure> {
        let entries = given.entries().unwrap_or_default();
        let required = |parameter: &&Parameter| parameter.default.is_none();
        if entries.len() < self.parameters.iter().filter(required).count() {
            return Err(Failure::parameters("Wrong number of arguments"));
        }
        if entries.len() > self.parameters.len() {
            return Err(Failure::parameters("Too many arguments"));
        }
        let by_position = given.is_list();
        let argument = |(position, parameter): (usize, &Parameter)| {
            let value = if by_position {
                entries.get(position).map(|(_, value)| value)
            } else {
                match named_null {
                    NamedNull::Value => given.argument(parameter.name),
                    NamedNull::Missing => given.member(parameter.name),
                }
            };
            value.map_or_else(|| parameter.default_value(), |value| Ok(value.clone()))
        };
        self.parameters.iter().enumerate().map(argument).collect()
    }
}

impl Parameter {
    fn default_value(&self) -> Result<Php, Failure> {
        match self.default {
            Some(DefaultValue::Text(text)) => Ok(Php::from(text)),
            Some(DefaultValue::Null) => Ok(Php::Null),
            None => Err(Failure::parameters(format!("Missing argument: {}", self.name))),
        }
    }
}

impl Access {
    /// Checks that the caller may call a method. `exact` says whether the method's name is written
    /// in its own case: the application is kept from the methods for users only then
    /// (`fixtures/transcripts/kanboard/rpc-methods.json`).
    pub(crate) fn check(self, exact: bool, caller: &Caller) -> Result<(), Failure> {
        let allowed = match caller.user() {
            None => self != Self::Users || !exact,
            Some(user) => self.roles().contains(&role_shown(user)),
        };
        if allowed { Ok(()) } else { Err(Abort::Forbidden.into()) }
    }

    /// The roles of the users who may call.
    const fn roles(self) -> &'static [&'static str] {
        match self {
            Self::Everybody | Self::Users => &["app-user", "app-manager", "app-admin"],
            Self::Managers => &["app-manager", "app-admin"],
            Self::Administrators => &["app-admin"],
        }
    }
}
