//! `users/resetpassword`.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::user::{AttributeChanges, UserPatch};
use serde_json::json;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::wire::attributes::{INITIAL_LOGIN, PREFIX};
use crate::wire::columns;

/// The server takes no empty password and no `0`.
const INVALID: Failure = Failure::general("New password is invalid");

/// A system behind the gateway may take other passwords than Dandelion.
fn refused(fault: Fault) -> Failure {
    match (fault.kind, fault.subject) {
        (FaultKind::Invalid, Some(Subject::Password)) => INVALID,
        _ => fault.into(),
    }
}

/// `users/resetpassword`. Without a readable `uid` it sets the password of the caller.
pub(crate) async fn reset(call: &Call<'_>) -> Result<Answer, Failure> {
    let other = call.other_uid();
    if other.is_some() {
        call.need("edituser").await?;
    }
    let Some(new) = call.arguments.true_text("pw").map(columns::password) else {
        return Err(INVALID);
    };
    let prompt = json!(i32::from(call.arguments.flag("force_reset")));
    let prompt = AttributeChanges::from([(INITIAL_LOGIN.to_owned(), Some(prompt))]);
    if let Some(uid) = other {
        let patch =
            UserPatch { password: Some(Some(new)), attributes: prompt, ..UserPatch::default() };
        let change = Command::UpdateUser(call.user_ref(uid), Box::new(patch));
        call.run(change).await.map_err(refused)?;
    } else {
        call.run(Command::ChangePassword(call.me(), Some(new))).await.map_err(refused)?;
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
