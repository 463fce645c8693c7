//! Deletes a user.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;

use crate::backend::api::{Acted, Api};
use crate::backend::fault::undeletable;
use crate::backend::seen::Shown;
use crate::backend::users::read;
use crate::ids::Gid;

/// Deletes a user, and reads whether it was done.
///
/// The server does not delete members of a group with the right `admin`, but says that it did
/// (`fixtures/transcripts/dandelion/delete-admin-user.json`). So an administrator is first put into
/// the ordinary group. If that fails, nothing is deleted: the server would delete the
/// administrator if some user had the id of that group
/// (`fixtures/transcripts/dandelion-user-two/delete-admin-user-two.json`).
pub(in crate::backend) async fn delete(
    api: &Api,
    user: &UserRef,
    seen: &Shown,
) -> Result<Outcome, Fault> {
    let row = read::get_unless_seen(api, user, seen).await?;
    if row.group == Gid::ADMINISTRATORS {
        api.set_group(row.id, Gid::ORDINARY).await?;
        read::get_changed(api, row.id, Some(Gid::ORDINARY), Some(row.user.active)).await?;
    }
    let acted = api.delete(row.id).await?;
    match (api.user(row.id).await, acted) {
        (Err(fault), Acted::Done) if fault.is_absence_of(Subject::User) => Ok(Outcome::Done),
        (Err(fault), _) | (Ok(_), Acted::Failed(fault)) => Err(fault),
        (Ok(_), Acted::Done) => {
            Err(undeletable("the server does not delete members of a group with the right admin"))
        }
        (Ok(_), Acted::Refused) => {
            Err(undeletable("the server does not delete the owner of the gateway's key"))
        }
    }
}
