//! `updateUser`: what is checked, in which order, and the command.

use isogloss_canonical::command::Command;
use isogloss_canonical::user::{UserPatch, UserRef};
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::{Abort, Failure, is_refused_value, none_if_absent};
use crate::dialect::users::name::{is_taken_untrimmed, stored_username, uniqueness};
use crate::dialect::validation::{TEXT_LENGTH, Values};
use crate::options::version::EmptyUpdate;
use crate::roles::role_to_store;

/// `updateUser`. The answer is `true` if there is no such user, unless the name is taken:
/// `fixtures/transcripts/kanboard/update-user.json`.
pub(crate) async fn update(call: &Call<'_>) -> Result<Php, Failure> {
    let [id, username, name, email, role] = call.arguments.as_slice() else {
        return Err(Abort::Uncaught.into());
    };
    let differences = call.options.differences();
    let valid = Values { username, email, role }.are_valid(differences)?;
    if username.is_given() {
        check_id(call, id)?;
    }
    if !valid || !id.is_given() {
        return Ok(Php::Bool(false));
    }
    let given = [username, name, email, role].iter().filter(|value| ***value != Php::Null).count();
    if given == 0 && differences.empty_update == EmptyUpdate::SqlError {
        return Err(call.options.database.nothing_to_set("users", id).into());
    }
    let user = call.user_ref(0, u8::try_from(given + 1).unwrap_or(1))?;
    if given > 0 && !change(call, username, user.as_ref()).await? {
        return Ok(Php::Bool(false));
    }
    refresh(call, id, user).await?;
    Ok(Php::Bool(true))
}

/// Changes the user; `false` if a value is refused.
async fn change(call: &Call<'_>, username: &Php, user: Option<&UserRef>) -> Result<bool, Failure> {
    let patch = patch(call)?;
    Ok(!is_taken_untrimmed(call, username, user).await?
        && run_update(call, username, user, patch).await?)
}

/// Runs the command; `false` if a value is refused. If there is no such user, the name is refused
/// when somebody has it.
async fn run_update(
    call: &Call<'_>,
    username: &Php,
    user: Option<&UserRef>,
    patch: UserPatch,
) -> Result<bool, Failure> {
    if let Some(user) = user {
        let command = Command::UpdateUser(user.clone(), Box::new(patch));
        let answered = match call.run(command).await {
            Err(fault) if is_refused_value(&fault) => return Ok(false),
            answered => none_if_absent(answered)?,
        };
        if answered.is_some() {
            return Ok(true);
        }
    }
    Ok(!username.is_given() || call.find_user_by_name(username).await?.is_none())
}

/// The change that an update asks for.
fn patch(call: &Call<'_>) -> Result<UserPatch, Failure> {
    let database = call.options.database;
    let [name, email, role] = [2, 3, 4].map(|position| database.bound(call.argument(position)));
    database.fits("name", name.as_deref(), TEXT_LENGTH)?;
    database.fits("email", email.as_deref(), TEXT_LENGTH)?;
    let role = role.map(|name| role_to_store(&name));
    Ok(UserPatch {
        username: stored_username(call, call.argument(1)),
        display_name: name.map(Some),
        email: email.map(Some),
        role: role.as_ref().map(|(role, _)| *role),
        attributes: role.map(|(_, attributes)| attributes).unwrap_or_default(),
        unique: uniqueness(call),
        ..UserPatch::default()
    })
}

/// Kanboard searches for the name before it updates. PostgreSQL refuses an id that is no integer in
/// that search, where Kanboard does not catch the error.
fn check_id(call: &Call<'_>, id: &Php) -> Result<(), Failure> {
    if !id.is_given() {
        return Ok(());
    }
    call.options.database.id(id, 2).map(|_| ()).map_err(Failure::uncaught_sql)
}

/// After an update Kanboard reads the caller's own row again if the ids are loosely equal. The
/// application's id is 0. A row that does not exist is an uncaught error:
/// `fixtures/transcripts/kanboard/variants/mysql/update-user-invalid.json`.
async fn refresh(call: &Call<'_>, id: &Php, user: Option<UserRef>) -> Result<(), Failure> {
    let own = call.caller.user().map_or(0, |user| call.options.user_id(user));
    if (call.options.differences().equals)(id, own) && call.find_user(user).await?.is_none() {
        return Err(Abort::Uncaught.into());
    }
    Ok(())
}
