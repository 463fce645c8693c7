//! The type of the table's rows: one method is one verb on one path.

use std::future::Future;
use std::pin::Pin;

use isogloss_canonical::dialect::MethodInfo;

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::gate;

/// A method of the dialect.
#[derive(Debug)]
pub(crate) struct Method {
    /// What the manual says of it. Its name is the verb and the path: `GET /api/users/<name>`.
    pub(crate) info: MethodInfo,
    /// The part of the server that has it.
    pub(crate) area: Area,
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
    /// `/api`, behind the version's gate.
    Api,
    /// `/api`, in front of the gate.
    OpenApi,
    /// `/plugin`, behind the gate.
    Plugin,
    /// `/plugin`, in front of the gate.
    OpenPlugin,
    /// `/api`, about the printer: not translated ([`crate::dialect::printer`]).
    Printer,
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
    /// Before 1.4: callers who are signed in.
    SignedIn,
    /// Before 1.4: administrators.
    SignedInAdmin,
    /// Before 1.4: the user whom the path names, and administrators. Others get a page.
    SignedInSelfOrAdmin,
    /// The same. Others get a plain text.
    SignedInSelfOrAdminText,
}

impl Access {
    /// Refuses callers who may not call the method.
    pub(crate) async fn check(self, call: &mut Call<'_>) -> Result<(), Failure> {
        match self {
            Self::Anybody => return Ok(()),
            Self::Status => return call.require("STATUS").await,
            Self::SignedIn => return gate::require_signed_in(call).await,
            Self::SignedInAdmin => return gate::require_admin(call).await,
            Self::SignedInSelfOrAdmin => {
                return gate::require_self_or_admin(call, Failure::of(403)).await;
            }
            Self::SignedInSelfOrAdminText => {
                return gate::require_self_or_admin(call, gate::FORBIDDEN).await;
            }
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
            Self::Anybody
            | Self::OnceSetUp
            | Self::Status
            | Self::SignedIn
            | Self::SignedInAdmin
            | Self::SignedInSelfOrAdmin
            | Self::SignedInSelfOrAdminText => Ok(()),
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
}

impl Area {
    /// Whether the version's gate refuses callers here.
    pub(crate) const fn is_guarded(self) -> bool {
        matches!(self, Self::Api | Self::Plugin | Self::Printer)
    }

    /// Whether it belongs to the API, or to a plugin.
    pub(crate) const fn is_api(self) -> bool {
        matches!(self, Self::Api | Self::OpenApi | Self::Printer)
    }
}

/// Makes the rows of a table: verb and path, area, access, handler, commands, and the
/// sentence of the manual.
macro_rules! methods {
    ($($name:literal, $area:ident, $access:ident, $run:path, [$($verb:ident),*], $about:literal;)*) => {
        &[$($crate::dialect::method::Method {
            info: ::isogloss_canonical::dialect::MethodInfo {
                name: $name,
                verbs: &[$(::isogloss_canonical::verb::Verb::$verb),*],
                about: $about,
            },
            area: $crate::dialect::method::Area::$area,
            access: $crate::dialect::method::Access::$access,
            run: |call| Box::pin($run(call)),
        }),*]
    };
}

pub(crate) use methods;
