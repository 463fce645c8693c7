//! Answers in the form of servers before 1.4.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::http::Response;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json_as};
use crate::dialect::call::Call;
use crate::dialect::content::html;
use crate::dialect::failure::Failure;

/// An answer in JSON.
pub(crate) fn json(call: &Call<'_>, body: &Py) -> Answer {
    json_as(200, body, call.differences().json)
}

/// The empty object `{}`: the change was made.
pub(crate) fn success(call: &Call<'_>) -> Answer {
    json(call, &Py::dict([]))
}

/// An answer without a body.
pub(crate) fn no_content() -> Response {
    html(204, "")
}

/// The failure of a command about the user whom the path names: a user who does not exist is told
/// by name.
pub(crate) fn unknown_user(call: &Call<'_>, fault: Fault) -> Failure {
    if fault.is_absence_of(Subject::User) {
        return Failure::told(404, "Unknown user: ", &call.parameter);
    }
    fault.into()
}
