//! The user name in a creation or an update: what is stored, and whether it is taken.

use isogloss_canonical::user::{Uniqueness, UserRef};
use isogloss_interop::php::text;
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;

/// The user name as it is stored, trimmed if the version trims it. `None` if it is null.
pub(super) fn stored_username(call: &Call<'_>, username: &Php) -> Option<String> {
    if !trims(call) {
        return call.options.database.bound(username);
    }
    let name = (*username != Php::Null).then(|| Php::from(text::trim(&username.to_text())))?;
    call.options.database.bound(&name)
}

const fn trims(call: &Call<'_>) -> bool {
    call.options.differences().usernames.trimmed
}

/// Whether another user than `own` has the name as it was given. Kanboard searches for that name
/// before it trims it; the database then searches for the trimmed one. Either may refuse.
pub(super) async fn is_taken_untrimmed(
    call: &Call<'_>,
    username: &Php,
    own: Option<&UserRef>,
) -> Result<bool, Failure> {
    let given = username.to_text();
    if !trims(call) || !username.is_given() || text::trim(&given) == given {
        return Ok(false);
    }
    let Some(holder) = call.find_user_by_name(username).await? else { return Ok(false) };
    let own = call.find_user(own.cloned()).await?;
    Ok(own.is_none_or(|own| own.id != holder.id))
}

/// User names are unique as the database compares them; addresses are not.
pub(super) fn uniqueness(call: &Call<'_>) -> Uniqueness {
    Uniqueness { name: call.options.database.matching(), email: false }
}
