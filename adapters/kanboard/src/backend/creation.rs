//! Creates a user in several steps: the new row is read before anything else is written, and the
//! user is removed again if a later step fails.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch};
use isogloss_interop::names;
use serde_json::json;

use crate::backend::api::{self, Api};
use crate::backend::fault::unexpected;
use crate::backend::users::{changed_by, check_name, find_id, id_of, is_named, switched};
use crate::roles::role_name;

/// Creates a user. Kanboard creates active users only. An inactive one is created with the least
/// role, then disabled, and gets the role last.
pub(super) async fn create(api: &Api, user: &NewUser) -> Result<Outcome, Fault> {
    let role = if user.inactive { Role::User } else { user.role };
    let created = send(api, user, role).await?;
    if !is_named(&created, &user.username) || created.role != role {
        return Err(unexpected("the server shows another user than it created"));
    }
    if !user.inactive {
        return Ok(Outcome::User(Box::new(created)));
    }
    let id = id_of(api, &created)?;
    match disable(api, id, user.role).await {
        Ok(disabled) => Ok(Outcome::User(Box::new(disabled))),
        Err(fault) => Err(undo(api, id, fault).await),
    }
}

/// Creates the row, and reads it by its name in the same request.
async fn send(api: &Api, user: &NewUser, role: Role) -> Result<User, Fault> {
    check_name(api, &user.username)?;
    let password = user.password.clone().unwrap_or_else(|| api.unknown_password());
    check_password(&password)?;
    // A name or an address that is not given is null: Kanboard distinguishes null from the empty text,
    // version 1.0 only by position.
    let (name, email, role) = (names::full(user), &user.email, role_name(role));
    let params = json!([user.username, password.expose(), name, email, role]);
    let read = ("getUserByName", json!([user.username]));
    let (made, row) = api.then_user(("createUser", params), read).await?;
    match (api::id_of("createUser", &made)?, row?) {
        (Some(id), Some(row)) if row.id == id => Ok(row.user(&api.namespace)),
        // Another user has the name in another case.
        (Some(id), _) => find_id(api, id).await,
        (None, Some(_)) => Err(Fault::conflict(Subject::Username)),
        (None, None) => Err(Fault::new(FaultKind::Invalid, "the server refuses a value")),
    }
}

/// Refuses a password with a NUL. Version 1.0 on PHP 7 would store what is before the NUL, which may
/// be nothing; version 1.2 on PHP 8 stops.
fn check_password(password: &Secret) -> Result<(), Fault> {
    if password.expose().contains('\0') {
        return Err(Fault::new(FaultKind::Invalid, "the server takes no NUL in a password"));
    }
    Ok(())
}

/// Disables a user who was just created, and then gives the role.
async fn disable(api: &Api, id: i64, role: Role) -> Result<User, Fault> {
    let disabled = switched(api, id, false).await?;
    if role == Role::User {
        return Ok(disabled);
    }
    let call = ("updateUser", json!({"id": id, "role": role_name(role)}));
    let patch = UserPatch { role: Some(role), active: Some(false), ..UserPatch::default() };
    changed_by(api, id, call, &patch).await
}

/// Removes a user whose creation failed. Answers the fault of the creation, or one that says that
/// the account is left.
async fn undo(api: &Api, id: i64, why: Fault) -> Fault {
    // The answer does not matter: the next read shows whether the user is gone.
    drop(api.is_done("removeUser", json!([id])).await);
    let read = find_id(api, id).await;
    if read.is_err_and(|fault| fault.is_absence_of(Subject::User)) {
        return not_the_callers(why);
    }
    match switched(api, id, false).await {
        Ok(_) => unexpected("a creation failed half-way; the account is left disabled"),
        Err(_) => unexpected("a creation failed half-way; the account is left"),
    }
}

/// A creation that fails half-way is not the caller's mistake, whatever kind the server's answer has.
fn not_the_callers(fault: Fault) -> Fault {
    if fault.kind.is_callers() {
        return Fault::new(FaultKind::Unexpected, "a creation failed half-way").because(fault);
    }
    fault
}
