//! The methods that add members to user groups and remove them.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::user::UserRef;
use isogloss_interop::python::value::Py;
use serde_json::Value;

use crate::dialect::answers::groups::has_default_member;
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::lookup::{FoundUser, find_own_group, find_user};
use crate::dialect::method::Answer;
use crate::wire::{Object, attribute};

fn outcome(success: bool, sentence: String) -> Py {
    Object::default().with("success", success).with("msg", sentence).into()
}

/// `add_user_to_user_group`. The user is read before the group:
/// fixtures/transcripts/rhodecode/user-group-members.json.
pub(crate) async fn add(call: &Call<'_>) -> Answer {
    let found = find_user(call, call.required("userid")).await?;
    let group = find_own_group(call, call.required("usergroupid")).await?;
    let added = match &found {
        FoundUser::Default => set_default(call, &group, true).await,
        FoundUser::Person(user) => {
            let add = Command::AddMember(GroupRef::from(&group), UserRef::from(user.as_ref()));
            call.run(add).await.map(|_| true)
        }
    };
    let already = || outcome(false, "User is already in that group".to_owned());
    let (user, name) = (found.name(), &group.name);
    match added {
        Ok(true) => Ok(outcome(true, format!("added member `{user}` to user group `{name}`"))),
        Ok(false) => Ok(already()),
        Err(fault) if fault.kind == FaultKind::Conflict => Ok(already()),
        Err(_) => Err(Failure::error(format!("failed to add member to user group `{name}`"))),
    }
}

/// `remove_user_from_user_group`.
pub(crate) async fn remove(call: &Call<'_>) -> Answer {
    let found = find_user(call, call.required("userid")).await?;
    let group = find_own_group(call, call.required("usergroupid")).await?;
    let removed = match &found {
        FoundUser::Default => set_default(call, &group, false).await,
        FoundUser::Person(user) => {
            let gone = Command::RemoveMember(GroupRef::from(&group), UserRef::from(user.as_ref()));
            call.run(gone).await.map(|_| true)
        }
    };
    let none = || outcome(false, "User wasn't in group".to_owned());
    let (user, name) = (found.name(), &group.name);
    match removed {
        Ok(true) => Ok(outcome(true, format!("removed member `{user}` from user group `{name}`"))),
        Ok(false) => Ok(none()),
        Err(fault) if fault.is_absence_of(Subject::Membership) => Ok(none()),
        Err(_) => Err(Failure::error(format!("failed to remove member from user group `{name}`"))),
    }
}

/// Makes the built-in user a member or not: an attribute of the group says so. Returns whether that
/// changed anything.
async fn set_default(call: &Call<'_>, group: &Group, member: bool) -> Result<bool, Fault> {
    if has_default_member(group) == member {
        return Ok(false);
    }
    let mut patch = GroupPatch::default();
    let value = member.then_some(Value::Bool(true));
    patch.attributes.insert(attribute::DEFAULT_MEMBER.to_owned(), value);
    call.run(Command::UpdateGroup(GroupRef::from(group), Box::new(patch))).await?;
    Ok(true)
}
