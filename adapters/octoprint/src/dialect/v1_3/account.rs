//! Passwords.

use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_interop::python::value::Py;

use crate::dialect::answers::Answer;
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::sessions::signed_in::SignedIn;
use crate::dialect::v1_3::answers::{success, unknown_user};
use crate::dialect::v1_3::bodies::required_json;
use crate::wire::values::is_hashable;

/// `PUT /api/users/NAME/password`: nobody is asked for the current one.
pub(crate) async fn change_password(call: &mut Call<'_>) -> Answer {
    const MISSING: Failure = Failure::text(400, "password is missing from request");
    let body = required_json(call)?;
    if !body.contains("password")? || !body.item("password")?.truthy() {
        return Err(MISSING);
    }
    let command = Command::GetUser(call.named_user());
    let user = call.run(command).await.map_err(|fault| unknown_user(call, fault))?.user()?;
    let new = hashable(call, body.item("password")?)?;
    let user = UserRef::Id(user.id);
    call.run(Command::ChangePassword(user.clone(), Some(new))).await?;
    keep_own_session(call, user).await?;
    success(call)
}

/// A new password ends every session of its user but the one in which the user has set it:
/// `fixtures/transcripts/octoprint13/cookie-session.json`.
async fn keep_own_session(call: &mut Call<'_>, user: UserRef) -> Result<(), Failure> {
    let own = call.session.signed_in.as_ref().is_some_and(|who| who.person() == user);
    if call.by_key || !own {
        return Ok(());
    }
    let user = call.run(Command::GetUser(user)).await?.user()?;
    let who = SignedIn::now(&user);
    match call.sent_session.clone() {
        Some((token, _)) => {
            call.session.keep_open(call.exchange, &token, who).await?;
            call.sent_session = Some((token, call.session.clone()));
        }
        None => call.session.signed_in = Some(who),
    }
    Ok(())
}

/// A password that the version can hash. OctoPrint answers 500 to others.
pub(crate) fn hashable(call: &Call<'_>, password: &Py) -> Result<Secret, Failure> {
    let password = password.as_str().ok_or(CRASH)?;
    let fits = is_hashable(password, call.differences().passwords);
    fits.then(|| Secret::new(password)).ok_or(CRASH)
}
