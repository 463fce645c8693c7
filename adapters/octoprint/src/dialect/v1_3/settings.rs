//! The settings of a user.

use isogloss_canonical::command::Command;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::failure::CRASH;
use crate::dialect::settings::store;
use crate::dialect::v1_3::answers::{json, success, unknown_user};
use crate::dialect::v1_3::bodies;
use crate::wire::{self, SETTINGS};

/// `GET /api/users/NAME/settings`
pub(crate) async fn get(call: &Call<'_>) -> Answer {
    let command = Command::ReadSettings(call.named_user(), SETTINGS.to_owned());
    let attributes = call.run(command).await.map_err(|fault| unknown_user(call, fault))?;
    json(call, &wire::settings(&attributes.settings()?))
}

/// `GET /api/users/NAME/settings` of 1.3.0, which calls a method that does not exist.
pub(crate) async fn unreadable(_: &Call<'_>) -> Answer {
    Err(CRASH)
}

/// `PATCH /api/users/NAME/settings`: merges at the top level only. A body that is no object fails
/// after the user was looked for.
pub(crate) async fn merge(call: &Call<'_>) -> Answer {
    let body = bodies::json_to_store(call)?;
    let command = Command::GetUser(call.named_user());
    call.run(command).await.map_err(|fault| unknown_user(call, fault))?;
    let Py::Dict(entries) = body else { return Err(CRASH) };
    store(call, &call.named_user(), &entries).await?;
    success(call)
}
