//! A method of the API: the type of the table's rows.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::credentials::Caller;
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::listing::Rows;
use isogloss_canonical::permission::Grant;
use isogloss_canonical::verb::Verb;
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::signature::Signature;
use crate::options::version::Version;

/// What a handler of one value ends with.
pub(crate) type Answer = Result<Py, Failure>;

/// The result of a call.
#[derive(Debug)]
pub(crate) enum Reply {
    /// A value.
    Value(Py),
    /// The rows of a list that is written while it is read.
    Rows(Rows<Failure>),
}

impl From<Py> for Reply {
    fn from(value: Py) -> Self {
        Self::Value(value)
    }
}

impl From<Rows<Failure>> for Reply {
    fn from(rows: Rows<Failure>) -> Self {
        Self::Rows(rows)
    }
}

/// A handler at work.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + 'a>>;

/// A handler.
pub(crate) type Run = for<'a> fn(&'a Call<'a>) -> Running<'a>;

/// Who may call a method. The handler of a method for anyone may still refuse some callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Every user with a token for the API.
    Everybody,
    /// Super administrators.
    Administrators,
    /// Whoever may create user groups.
    GroupCreators,
}

/// A method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Method {
    /// Its entry in the manual.
    pub(crate) info: MethodInfo,
    /// Its name and parameters.
    pub(crate) signature: Signature,
    /// Who may call it.
    pub(crate) access: Access,
    /// The method to use instead, if it is deprecated.
    pub(crate) replacement: Option<&'static str>,
    /// Whether it is only about what canonical commands do not have: repositories, gists. Such a
    /// method is not in the manual.
    pub(crate) is_untranslated: bool,
    /// Whether the embedded store alone can answer it without an origin: of a remote system it would
    /// be an invention.
    pub(crate) is_embedded_only: bool,
    /// Whether an origin answers it, where the route has one.
    pub(crate) is_origins: bool,
    /// Its handler.
    pub(crate) run: Run,
}

impl Method {
    /// A method with this name and these parameters.
    pub(crate) const fn new(
        name: &'static str,
        since: Version,
        parameters: &'static str,
        run: Run,
    ) -> Self {
        Self {
            info: MethodInfo { name, verbs: &[], about: "" },
            signature: Signature { name, since, parameters },
            access: Access::Everybody,
            replacement: None,
            is_untranslated: true,
            is_embedded_only: true,
            is_origins: true,
            run,
        }
    }

    /// Puts it into the manual.
    pub(crate) const fn about(
        mut self,
        access: Access,
        verbs: &'static [Verb],
        about: &'static str,
    ) -> Self {
        self.info = MethodInfo { name: self.info.name, verbs, about };
        self.access = access;
        self.is_untranslated = false;
        self.is_embedded_only = false;
        self.is_origins = false;
        self
    }

    /// Says that it is about the server itself: the origin knows that of its own.
    pub(crate) const fn about_the_server(mut self) -> Self {
        self.is_origins = true;
        self
    }

    /// Says that only the server itself knows the answer: the origin, or the system behind the route.
    pub(crate) const fn known_to_the_server(mut self) -> Self {
        self.is_origins = true;
        self.is_embedded_only = true;
        self
    }

    /// Says that it is about repositories, of which the embedded store has none: they are the
    /// origin's.
    pub(crate) const fn about_repositories(mut self) -> Self {
        self.is_origins = true;
        self.is_embedded_only = true;
        self
    }

    /// Marks it as deprecated.
    pub(crate) const fn replaced_by(mut self, other: &'static str) -> Self {
        self.replacement = Some(other);
        self
    }

    /// Refuses a caller who may not call it.
    pub(crate) fn check(&self, caller: &Caller) -> Result<(), Failure> {
        let allowed = match self.access {
            Access::Everybody => true,
            Access::Administrators => caller.holds(Grant::Administer),
            Access::GroupCreators => caller.holds(Grant::CreateGroups),
        };
        if allowed { Ok(()) } else { Err(Failure::Forbidden) }
    }
}
