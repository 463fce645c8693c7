//! The options of a route: read from the configuration, checked, and handed to every part of the
//! dialect.

pub(crate) mod version;

use isogloss_canonical::adapter::{OptionError, RouteOptions};
use isogloss_canonical::group::Group;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::User;

use crate::options::version::Version;

/// The checked options of one route. The dialect knows nothing else of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The id namespace whose ids the callers use.
    pub(crate) namespace: IdNamespace,
    /// The version of RhodeCode that the callers were written for.
    pub(crate) version: Version,
}

impl Options {
    /// Reads the options of a route, whose version the adapter has checked.
    #[expect(clippy::unnecessary_wraps, reason = "the adapters' options have the same signature")]
    pub(crate) fn of(options: &RouteOptions) -> Result<Self, OptionError> {
        let version = Version::named(options.version.as_deref());
        Ok(Self { namespace: options.namespace.clone(), version })
    }

    /// The id that callers use for a user.
    pub(crate) fn user_id<'a>(&self, user: &'a User) -> &'a str {
        user.native(&self.namespace).unwrap_or("0")
    }

    /// The id that callers use for a user group.
    pub(crate) fn group_id<'a>(&self, group: &'a Group) -> &'a str {
        group.native(&self.namespace).unwrap_or("0")
    }
}
