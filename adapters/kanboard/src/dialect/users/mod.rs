//! The methods that read, remove, enable and disable users.

pub(crate) mod create;
mod name;
pub(crate) mod update;

use isogloss_canonical::command::Command;
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::listing::Rows;
use isogloss_canonical::people::{KeysToo, PeopleQuery};
use isogloss_canonical::user::User;
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::{Abort, Failure, none_if_absent};
use crate::dialect::keys::{token_holders, token_shown};
use crate::wire::user::{TOKENS_IN_ROWS, UserRow};

/// `getUser`.
pub(crate) async fn get(call: &Call<'_>) -> Result<Php, Failure> {
    let found = call.find_user(call.user_ref(0, 1)?).await?;
    row_or_null(call, found, Some(call.argument(0))).await
}

/// `getUserByName`.
pub(crate) async fn get_by_name(call: &Call<'_>) -> Result<Php, Failure> {
    let found = call.find_user_by_name(call.argument(0)).await?;
    row_or_null(call, found, None).await
}

/// `getAllUsers`.
pub(crate) async fn get_all(call: &Call<'_>) -> Result<Rows<Failure>, Failure> {
    let options = call.options.clone();
    let namespace = options.namespace.clone();
    let in_rows = call.exchange.knows(TOKENS_IN_ROWS);
    let keys = KeysToo { namespace, choice: KeyChoice::All, optional: true };
    let keys = (!in_rows).then_some(keys);
    let query = PeopleQuery { order: options.database.order(), keys };
    let pages = call.exchange.list(Some(call.caller), query).await?;
    let style = options.differences().wording.json;
    Ok(Rows::new(pages, move |user, keys, text| {
        let has_token = if in_rows { !user.evidence.keys.is_empty() } else { !keys.is_empty() };
        let row = UserRow::new(&options, user, token_shown(has_token));
        Ok(row.encode().write(text, style).map_err(Abort::from)?)
    }))
}

/// `removeUser`.
pub(crate) async fn remove(call: &Call<'_>) -> Result<Php, Failure> {
    let Some(user) = call.user_ref(0, 2)? else { return Ok(Php::Bool(false)) };
    let removed = none_if_absent(call.run(Command::DeleteUser(user)).await)?;
    Ok(Php::Bool(removed.is_some()))
}

/// `disableUser`.
pub(crate) async fn disable(call: &Call<'_>) -> Result<Php, Failure> {
    if let Some(user) = call.user_ref(0, 3)? {
        none_if_absent(call.run(Command::DeactivateUser(user)).await)?;
    }
    Ok(Php::Bool(true))
}

/// `enableUser`.
pub(crate) async fn enable(call: &Call<'_>) -> Result<Php, Failure> {
    if let Some(user) = call.user_ref(0, 2)? {
        none_if_absent(call.run(Command::ActivateUser(user)).await)?;
    }
    Ok(Php::Bool(true))
}

/// `isActiveUser`.
pub(crate) async fn is_active(call: &Call<'_>) -> Result<Php, Failure> {
    let found = call.find_user(call.user_ref(0, 1)?).await?;
    Ok(Php::Bool(found.is_some_and(|user| user.active)))
}

/// The row of a user. `asked` is the id by which the user was found, if it was by an id.
async fn row_or_null(
    call: &Call<'_>,
    found: Option<Box<User>>,
    asked: Option<&Php>,
) -> Result<Php, Failure> {
    let Some(user) = found else { return Ok(Php::Null) };
    let holders = token_holders(call, Some(user.id)).await?;
    let row = UserRow::new(call.options, &user, token_shown(holders.contains(&user.id)));
    Ok(match asked {
        Some(asked) => row.found_by(asked),
        None => row,
    }
    .encode())
}
