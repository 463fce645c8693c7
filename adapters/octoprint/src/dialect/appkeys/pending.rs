//! A request for an application key that waits for a decision, and a decision that waits to be
//! fetched, as the session store holds them.

use isogloss_canonical::user::{UserId, UserRef};
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A request that waits for a decision.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) app: Value,
    /// The token by which the application polls.
    pub(crate) app_token: String,
    /// The user who is to decide; `None`: any user.
    pub(crate) user: Option<Value>,
    /// The token by which the user decides.
    pub(crate) user_token: String,
    /// The address of the application.
    pub(crate) address: String,
    pub(crate) since: Timestamp,
}

impl Pending {
    /// The application's name, which can be of any type.
    pub(crate) fn app(&self) -> Py {
        stored::from_json(&self.app)
    }

    fn user(&self) -> Py {
        self.user.as_ref().map_or(Py::None, stored::from_json)
    }

    /// Whether the request names exactly this user. `None`: whether it names no user.
    pub(crate) fn names(&self, user: Option<&str>) -> bool {
        match user {
            Some(name) => self.user().as_str() == Some(name),
            None => self.user() == Py::None,
        }
    }

    /// Whether the user of this name may decide.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        self.user.is_none() || self.names(Some(name))
    }

    /// The request as the API shows it.
    pub(crate) fn external(&self) -> Py {
        Py::dict([
            ("app_id", self.app()),
            ("user_id", self.user()),
            ("user_token", Py::text(&self.user_token)),
        ])
    }
}

/// A decision that waits to be fetched.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Decided {
    pub(crate) app: Value,
    pub(crate) app_token: String,
    /// The user who granted the request; `None`: it is denied.
    pub(crate) user: Option<Uuid>,
    pub(crate) since: Timestamp,
}

/// A decision that grants a request.
pub(crate) struct Granted {
    pub(crate) app: Value,
    pub(crate) user: Uuid,
    /// When it was granted.
    pub(crate) since: Timestamp,
}

impl Granted {
    /// The application's name.
    pub(crate) fn app(&self) -> Py {
        stored::from_json(&self.app)
    }

    /// The user who granted it.
    pub(crate) fn person(&self) -> UserRef {
        UserRef::Id(UserId(self.user))
    }
}

/// The state of a request.
pub(crate) enum State {
    /// Nobody has decided.
    Waiting,
    /// It is granted. This state is answered only once, unless the decision is put back.
    Granted(Granted),
}
