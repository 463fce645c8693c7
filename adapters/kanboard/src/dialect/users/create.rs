//! `createUser` and `createLdapUser`: what is checked, in which order, and the command.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::NewUser;
use isogloss_interop::php::value::Php;

use crate::dialect::call::Call;
use crate::dialect::failure::{Abort, Failure, none_if, none_if_refused};
use crate::dialect::users::name::{is_taken_untrimmed, stored_username, uniqueness};
use crate::dialect::validation::{TEXT_LENGTH, Values, check_type, is_password};
use crate::roles::role_to_store;
use crate::wire::attributes::nulls;
use crate::wire::directory;
use crate::wire::values::is_long_enough;

/// `createUser`. A refused value is answered with `false`, without a reason.
pub(crate) async fn create(call: &Call<'_>) -> Result<Php, Failure> {
    let [username, password, name, email, role] = call.arguments.as_slice() else {
        return Err(Abort::Uncaught.into());
    };
    let differences = call.options.differences();
    let valid = Values { username, email, role }.are_valid(differences)?;
    let strong = is_password(password, differences.arrays)?;
    if !valid || !strong || !username.is_given() {
        return Ok(Php::Bool(false));
    }
    if !differences.hashes_nul && password.to_text().contains('\0') {
        return refuse_nul_password(call, username).await;
    }
    let Some(user) = new_user(call, [username, password, name, email, role])? else {
        return Ok(Php::Bool(false));
    };
    if is_taken_untrimmed(call, username, None).await? {
        return Ok(Php::Bool(false));
    }
    let command = Command::CreateUser(Box::new(user));
    let Some(outcome) = none_if_refused(call.run(command).await)? else {
        return Ok(Php::Bool(false));
    };
    Ok(Php::Int(call.options.user_id(&*outcome.user()?)))
}

/// PHP 8 hashes no NUL with bcrypt: an uncaught error. Kanboard does not hash if the name is taken.
async fn refuse_nul_password(call: &Call<'_>, username: &Php) -> Result<Php, Failure> {
    let taken = call.find_user_by_name(username).await?.is_some();
    if taken { Ok(Php::Bool(false)) } else { Err(Abort::Uncaught.into()) }
}

/// The password that is stored. Version 1.0 on PHP 7 stores what is before a NUL, and a client can
/// send no more than that by HTTP Basic. A part that is too short for a password is not stored alone:
/// it may be empty. Then the whole password is stored.
fn stored_password(password: &Php) -> Secret {
    let whole = password.to_text();
    let part = whole.split('\0').next().unwrap_or_default();
    Secret::new(if is_long_enough(part) { part } else { &*whole })
}

/// The user to create; `None` if the role is null.
fn new_user(call: &Call<'_>, arguments: [&Php; 5]) -> Result<Option<NewUser>, Failure> {
    let [username, password, name, email, role] = arguments;
    let database = call.options.database;
    let (name, email) = (database.bound(name), database.bound(email));
    database.fits("name", name.as_deref(), TEXT_LENGTH)?;
    database.fits("email", email.as_deref(), TEXT_LENGTH)?;
    let Some(role) = database.bound(role) else {
        database.not_null("users", "role")?;
        return Ok(None);
    };
    let (role, mut attributes) = role_to_store(&role);
    attributes.extend(nulls(&[("name", &name), ("email", &email)]));
    Ok(Some(NewUser {
        username: stored_username(call, username).unwrap_or_default(),
        password: Some(stored_password(password)),
        display_name: name,
        email,
        role,
        attributes: attributes.into_iter().filter_map(|(name, set)| Some((name, set?))).collect(),
        unique: uniqueness(call),
        ..NewUser::default()
    }))
}

/// `createLdapUser`. Kanboard asks the directory before it notices that a name is an array:
/// `fixtures/transcripts/kanboard/ldap-user.json` and
/// `fixtures/transcripts/kanboard/create-ldap-user.json`.
pub(crate) async fn create_from_directory(call: &Call<'_>) -> Result<Php, Failure> {
    let username = call.argument(0);
    let name = if username.is_array() { String::new() } else { username.to_text() };
    let answered = call.run(Command::CreateFromDirectory(name)).await;
    let refusals = [FaultKind::NotFound, FaultKind::Conflict, FaultKind::Invalid];
    let created = match answered {
        Err(fault) if fault.kind == FaultKind::Unsupported => {
            return Err(Failure::exception(directory::NOT_CONFIGURED));
        }
        answered => none_if(answered, &refusals)?,
    };
    check_type(username, call.options.differences().arrays)?;
    let Some(outcome) = created else { return Ok(Php::Bool(false)) };
    Ok(Php::Int(call.options.user_id(&*outcome.user()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_ends_at_a_nul_unless_too_little_is_left() {
        for (given, stored) in [
            ("secret1", "secret1"),
            ("secret1\0rest", "secret1"),
            ("é1é2é3\0", "é1é2é3"),
            ("abc\0defgh", "abc\0defgh"),
            ("\0defghi", "\0defghi"),
        ] {
            assert_eq!(stored_password(&Php::from(given)).expose(), stored, "{given:?}");
        }
    }
}
