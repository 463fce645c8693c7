//! The names and addresses that the store takes. A row of an index must fit into a page of the
//! database: PostgreSQL refuses one of more than 2,704 bytes, and only if it cannot be compressed. So
//! both engines have one limit, and the same request has the same answer.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{GroupPatch, NewGroup};
use isogloss_canonical::namespace::NativeIds;
use isogloss_canonical::user::User;
use isogloss_canonical::value::{self, Target, ValueKind, ValueRule};

/// The most bytes of a name, an address or an id, as written and in lower case. An index has other
/// columns beside it.
const LONGEST: usize = 1024;
/// The rule in words.
const REFUSED: &str = "longer than 1024 bytes";

/// What the store does not take, for its own people and teams and for those of a remote system.
pub const RULES: &[ValueRule] = &[
    ValueRule::new(ValueKind::Username, REFUSED, fits, too_long),
    ValueRule::new(ValueKind::Email, REFUSED, fits, too_long),
    ValueRule::new(ValueKind::TeamName, REFUSED, fits, too_long),
];

/// Whether an index can hold a name or an address.
pub(crate) fn fits(text: &str) -> bool {
    // Lower case can have more bytes.
    text.len() <= LONGEST && text.to_lowercase().len() <= LONGEST
}

/// Whether a record of a system's user can be stored.
pub(crate) fn can_be_stored(user: &User) -> bool {
    fits(&user.username) && user.email.as_deref().is_none_or(fits)
}

fn too_long() -> String {
    "a".repeat(LONGEST + 1)
}

/// Refuses values of a new or a known user.
pub(crate) fn check_user(values: Vec<(ValueKind, &str)>, target: Target<'_>) -> Result<(), Fault> {
    value::check(RULES, values, target)
}

/// Refuses the name of a new group.
pub(crate) fn check_group(new: &NewGroup) -> Result<(), Fault> {
    value::check(RULES, [(ValueKind::TeamName, new.name.as_str())], Target::New)
}

/// Refuses the new name of a group.
pub(crate) fn check_group_patch(patch: &GroupPatch) -> Result<(), Fault> {
    let name = patch.name.as_deref().map(|name| (ValueKind::TeamName, name));
    value::check(RULES, name, Target::Team)
}

/// Refuses ids that a client or an operator gives to a user or a group.
pub(crate) fn check_ids(ids: &NativeIds, subject: Subject) -> Result<(), Fault> {
    ids.values().try_for_each(|id| check_id(id, subject))
}

/// Refuses an id.
pub(crate) fn check_id(id: &str, subject: Subject) -> Result<(), Fault> {
    if id.len() <= LONGEST {
        return Ok(());
    }
    let detail = format!("the store takes no id {REFUSED}");
    Err(Fault::new(FaultKind::Invalid, detail).about(subject))
}
