//! A method of the API, as a row of the table.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::listing::Rows;
use serde_json::Value;

use crate::dialect::arguments::Parameter;
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;

/// The answer to a call.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// The data that was asked for.
    pub(crate) data: Value,
    /// The rows of a list that is written while it is read, in the place of the data.
    pub(crate) rows: Option<Rows<Failure>>,
    /// The values of the `Set-Cookie` headers.
    pub(crate) cookies: Vec<String>,
}

impl<T: Into<Value>> From<T> for Answer {
    fn from(data: T) -> Self {
        Self { data: data.into(), ..Self::default() }
    }
}

impl Answer {
    /// A list of people.
    pub(crate) fn of_rows(rows: Rows<Failure>) -> Self {
        Self { rows: Some(rows), ..Self::default() }
    }
}

/// What a handler returns.
pub(crate) type Reply<'a> = Pin<Box<dyn Future<Output = Result<Answer, Failure>> + Send + 'a>>;

/// The handler of a method.
pub(crate) type Run = for<'a> fn(&'a Call<'a>) -> Reply<'a>;

/// A method of the API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    /// The method as the manual has it.
    pub(crate) info: MethodInfo,
    /// The HTTP verb that it takes.
    pub(crate) verb: &'static str,
    /// The module.
    pub(crate) module: &'static str,
    /// The name within the module.
    pub(crate) name: &'static str,
    /// The parameters, in the order in which an error names them.
    pub(crate) parameters: &'static [Parameter],
    /// The handler.
    pub(crate) run: Run,
}

/// Makes a row: HTTP verb, module, name, parameters, handler, commands, description.
macro_rules! method {
    (
        $verb:literal $module:literal $name:literal,
        $parameters:expr, $run:path, $verbs:expr, $about:literal
    ) => {
        $crate::dialect::method::Method {
            info: isogloss_canonical::dialect::MethodInfo {
                name: concat!($verb, " /api/", $module, "/", $name),
                verbs: $verbs,
                about: $about,
            },
            verb: $verb,
            module: $module,
            name: $name,
            parameters: $parameters,
            run: |call| Box::pin($run(call)),
        }
    };
}

pub(crate) use method;
