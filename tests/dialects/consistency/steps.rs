//! The steps as requests of their dialects.

use isogloss_testkit::calls::{Call, Calls};
use isogloss_testkit::variables::Variables;

use super::model::Person;
use super::{Front, Step};
use crate::calls::{self, Asked};
use crate::sessions::caller;

/// What a call is about.
fn about(name: &str, password: &str) -> Variables {
    let mut about = Variables::default();
    about.set("name", name);
    about.set("password", password);
    let address: String = password.chars().filter(char::is_ascii_alphanumeric).collect();
    about.set("email", format!("{address}@example.org"));
    about.set("team", "crew");
    about.set("team_id", 1);
    about
}

/// Sends as the administrator of the steps.
pub(super) fn by_root(calls: &'static Calls, call: &Call, about: &Variables) -> Asked {
    let mut caller = caller(calls);
    if calls.application.as_deref() != Some(caller.name) {
        caller.name = "root";
    }
    calls::request(calls, caller, call, about)
}

/// A creation.
pub(super) fn creation(
    Front(calls): Front,
    name: &str,
    password: &str,
    administrator: bool,
) -> Asked {
    let call = if administrator { "create_administrator" } else { "create" };
    by_root(calls, calls.call(call).unwrap(), &about(name, password))
}

impl Step {
    /// The dialect, the call, and the number of the user. A creation is about nobody.
    pub(super) fn call(&self) -> Option<(Front, &'static str, usize)> {
        match self {
            Self::Create(..) => None,
            Self::Rename(front, who, _) => Some((*front, "rename", *who)),
            Self::Change(front, call, who) => Some((*front, call, *who)),
        }
    }
}

/// Any other step about a user.
pub(super) fn asked(step: &Step, person: &Person, password: &str) -> Asked {
    let (Front(calls), call, _) = step.call().unwrap();
    let mut about = about(&person.name, password);
    about.set("id", person.id(calls));
    if let Step::Rename(_, _, name) = step {
        about.set("new_name", name.as_str());
    }
    by_root(calls, calls.call(call).unwrap(), &about)
}

/// A call about the team of the steps, or about nobody.
pub(super) fn general(Front(calls): Front, call: &str) -> Asked {
    by_root(calls, calls.call(call).unwrap(), &about("", ""))
}
