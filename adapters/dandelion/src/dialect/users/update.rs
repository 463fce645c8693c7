//! `users/edit`, `users/enable` and `users/disable`.

use isogloss_canonical::command::Command;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::UserPatch;
use serde_json::json;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::ids::{Gid, Uid};
use crate::roles::memberships::membership;
use crate::wire::attributes::{INITIAL_LOGIN, THEME};
use crate::wire::columns;

/// `users/edit`. A value that is empty, `0` or unreadable changes nothing
/// (`fixtures/transcripts/dandelion/edit-user.json`).
pub(crate) async fn edit(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("edituser").await?;
    let Some(uid) = call.arguments.maybe_uid() else {
        return Err(Failure::general("No user id given"));
    };
    let mut patch = UserPatch::default();
    if let Some(name) = call.arguments.true_text("fullname") {
        patch.display_name = Some(Some(columns::text(name)));
    }
    if let Some(group) = call.arguments.true_int("role").map(Gid) {
        patch.groups = Some(membership(group));
        patch.role = new_role(call, uid, group).await?;
    }
    if let Some(prompt) = call.arguments.true_int("prompt") {
        let stored = prompt.clamp(i8::MIN.into(), i8::MAX.into());
        patch.attributes.insert(INITIAL_LOGIN.to_owned(), Some(json!(stored)));
    }
    if let Some(theme) = call.arguments.true_text("theme") {
        patch.attributes.insert(THEME.to_owned(), Some(json!(columns::tiny_text(theme))));
    }
    call.run(Command::UpdateUser(call.user_ref(uid), Box::new(patch))).await?;
    Ok("User saved successfully".into())
}

/// The role that goes with a group. The group of administrators gives that role, and any other
/// group takes it away. Dandelion knows no other role, so those do not change.
async fn new_role(call: &Call<'_>, uid: Uid, group: Gid) -> Result<Option<Role>, Failure> {
    if group == Gid::ADMINISTRATORS {
        return Ok(Some(Role::Administrator));
    }
    let current = call.find_user(call.user_ref(uid)).await?.map(|user| user.role);
    Ok((current == Some(Role::Administrator)).then_some(Role::User))
}

/// `users/enable`.
pub(crate) async fn enable(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("edituser").await?;
    call.run(Command::ActivateUser(call.user_ref(call.arguments.uid()))).await?;
    Ok("User enabled".into())
}

/// `users/disable`.
pub(crate) async fn disable(call: &Call<'_>) -> Result<Answer, Failure> {
    call.need("edituser").await?;
    call.run(Command::DeactivateUser(call.user_ref(call.arguments.uid()))).await?;
    Ok("User disabled".into())
}
