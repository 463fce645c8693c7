//! The caller's account, and passwords.

use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::{Answer, json, success};
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::identity::proof::check_password;
use crate::wire::values::LONGEST_PASSWORD;

/// `GET /api/currentuser`
pub(crate) async fn current_user(call: &Call<'_>) -> Answer {
    let member = call.member().await?;
    let needs = call.needs().await?;
    let rights = call.rights().await?;
    let allowed = rights.permissions().filter(|permission| needs.allow(permission));
    json(&Py::dict([
        ("name", call.name().map_or(Py::None, Py::text)),
        ("permissions", Py::texts(allowed.map(|permission| permission.key.clone()))),
        ("groups", Py::texts(member.groups)),
    ]))
}

/// `PUT /api/access/users/NAME/password`: to change their own password, users send the current one.
/// Administrators do too.
pub(crate) async fn change_password(call: &Call<'_>) -> Answer {
    let body = call.json()?;
    let given = |field: &str| -> Result<Option<&Py>, Failure> {
        let found = if body.contains(field)? { Some(body.item(field)?) } else { None };
        Ok(found.filter(|value| value.truthy()))
    };
    let new = given("password")?.ok_or(Failure::with(400, "new password is missing"))?;
    if call.is_about_caller() {
        const MISSING: Failure = Failure::with(400, "current password is missing");
        check_current(call, given("current")?.ok_or(MISSING)?).await?;
    } else {
        call.require_recent_password()?;
    }
    // A user who does not exist is a 404 before a password of a wrong type is a 500.
    let user = call.user(&call.parameter).await?;
    let new = new.as_str().filter(|text| text.chars().count() <= LONGEST_PASSWORD);
    let new = Secret::new(new.ok_or(CRASH)?);
    call.run(Command::ChangePassword(UserRef::Id(user.id), Some(new))).await?;
    success()
}

async fn check_current(call: &Call<'_>, current: &Py) -> Result<(), Failure> {
    const WRONG: Failure = Failure::with(403, "Invalid current password");
    let Some(user) = call.caller.user() else { return Err(WRONG) };
    let current = current.as_str().ok_or(CRASH)?;
    let right = check_password(call, UserRef::Id(user.id), current).await?;
    right.map(|_| ()).ok_or(WRONG)
}
