//! The type of the table's rows: one method is one verb on one path.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::options::version::Version;

/// A method of the dialect.
#[derive(Debug)]
pub(crate) struct Method {
    /// What the manual says of it. Its name is the verb and the path: `GET /api/users/<name>`.
    pub(crate) info: MethodInfo,
    /// The part of the server that has it.
    pub(crate) area: Area,
    /// The versions that have it.
    pub(crate) versions: &'static [Version],
    /// Who may call it.
    pub(crate) access: Access,
    /// The handler.
    pub(crate) run: Run,
}

/// A handler.
pub(crate) type Run = for<'a, 'b> fn(&'a mut Call<'b>) -> Running<'a>;
/// The answer of a handler that runs.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Answer> + Send + 'a>>;

/// The parts of the server. Each has its own headers, and its own form of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Area {
    /// `/api`.
    Api,
    /// `/plugin`, where a write needs a CSRF token.
    Plugin,
    /// `/plugin`, where a write needs none.
    OpenPlugin,
    /// Pages for people.
    Page,
}

/// Who may call a method. The checks come before everything that the handler does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Anybody: the handler checks for itself if it has to.
    Anybody,
    /// Anybody, but only once there is a user (`first_run`).
    OnceSetUp,
    /// Callers with the permission `STATUS`.
    Status,
    /// Administrators.
    Admin,
    /// Administrators whose password is recent.
    RecentAdmin,
    /// The user whom the path names, and administrators.
    SelfOrAdmin,
    /// The same, if their password is recent.
    RecentSelfOrAdmin,
}

impl Access {
    /// Refuses callers who may not call the method.
    pub(crate) async fn check(self, call: &Call<'_>) -> Result<(), Failure> {
        match self {
            Self::Anybody => return Ok(()),
            Self::Status => return call.require("STATUS").await,
            Self::OnceSetUp
            | Self::Admin
            | Self::RecentAdmin
            | Self::SelfOrAdmin
            | Self::RecentSelfOrAdmin => call.require_set_up().await?,
        }
        if matches!(self, Self::RecentAdmin | Self::RecentSelfOrAdmin) {
            call.require_recent_password()?;
        }
        match self {
            Self::Admin | Self::RecentAdmin => call.require_admin(),
            Self::SelfOrAdmin | Self::RecentSelfOrAdmin => call.require_self_or_admin(),
            Self::Anybody | Self::OnceSetUp | Self::Status => Ok(()),
        }
    }
}

impl Method {
    /// The verb of its requests.
    pub(crate) fn verb(&self) -> &'static str {
        self.info.name.split_once(' ').map_or("", |(verb, _)| verb)
    }

    /// The path of its requests, with a parameter in angle brackets.
    pub(crate) fn path(&self) -> &'static str {
        self.info.name.split_once(' ').map_or("", |(_, path)| path)
    }

    /// Whether a write needs a CSRF token.
    pub(crate) fn needs_csrf_token(&self) -> bool {
        match self.area {
            Area::Api | Area::Plugin => true,
            Area::OpenPlugin | Area::Page => false,
        }
    }
}

/// Makes the rows of the table: verb and path, area, versions, access, handler, commands, and the
/// sentence of the manual.
macro_rules! methods {
    ($($name:literal, $area:ident, $versions:expr, $access:ident, $run:path, [$($verb:ident),*], $about:literal;)*) => {
        &[$($crate::dialect::method::Method {
            info: ::isogloss_canonical::dialect::MethodInfo {
                name: $name,
                verbs: &[$(::isogloss_canonical::command::Verb::$verb),*],
                about: $about,
            },
            area: $crate::dialect::method::Area::$area,
            versions: $versions,
            access: $crate::dialect::method::Access::$access,
            run: |call| Box::pin($run(call)),
        }),*]
    };
}

pub(crate) use methods;
