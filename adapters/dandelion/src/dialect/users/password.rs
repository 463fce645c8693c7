//! `users/resetpassword`.

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{AttributeChanges, UserPatch};
use serde_json::json;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::wire::attributes::{INITIAL_LOGIN, PREFIX};
use crate::wire::columns;

/// `users/resetpassword`. Without a readable `uid` it sets the password of the caller.
pub(crate) async fn reset(call: &Call<'_>) -> Result<Answer, Failure> {
    let other = call.other_uid();
    if other.is_some() {
        call.need("edituser").await?;
    }
    let Some(new) = call.arguments.true_text("pw").map(columns::password) else {
        return Err(Failure::general("New password is invalid"));
    };
    let prompt = json!(i32::from(call.arguments.flag("force_reset")));
    let prompt = AttributeChanges::from([(INITIAL_LOGIN.to_owned(), Some(prompt))]);
    if let Some(uid) = other {
        let patch =
            UserPatch { password: Some(Some(new)), attributes: prompt, ..UserPatch::default() };
        call.run(Command::UpdateUser(call.user_ref(uid), Box::new(patch))).await?;
    } else {
        call.run(Command::ChangePassword(call.me(), Some(new))).await?;
        call.run(Command::MergeSettings(call.me(), PREFIX.to_owned(), prompt)).await?;
        renew_session(call).await?;
    }
    Ok("Password changed successfully".into())
}

/// Renews the session in which users set their own password
/// (`fixtures/transcripts/dandelion/session.json`). Their other sessions end.
async fn renew_session(call: &Call<'_>) -> Result<(), Failure> {
    let Some(session) = call.session else { return Ok(()) };
    if let Some(user) = call.find_user(call.me()).await? {
        call.sessions.save(&session.with_password_of(&user)).await?;
    }
    Ok(())
}
