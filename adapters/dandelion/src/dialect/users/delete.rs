//! `users/delete`.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;

/// `users/delete`. A member of a group with the right `admin` is not deleted, and the answer is a
/// success all the same (`fixtures/transcripts/dandelion/delete-admin-user.json`).
pub(crate) async fn delete(call: &Call<'_>) -> Result<Answer, Failure> {
    const UNKNOWN: Failure = Failure::general("Error deleting user");
    let uid = call.arguments.uid();
    if call.is_me(uid) {
        return Err(Failure::general("Can't delete yourself"));
    }
    call.need("deleteuser").await?;
    let Some(user) = call.find_user(call.user_ref(uid)).await? else { return Err(UNKNOWN) };
    if !call.rights_of(&user).await?.allow("admin") {
        match call.run(Command::DeleteUser(user.as_ref().into())).await {
            Err(fault) if fault.is_absence_of(Subject::User) => return Err(UNKNOWN),
            result => result?,
        };
    }
    Ok("User deleted successfully".into())
}
