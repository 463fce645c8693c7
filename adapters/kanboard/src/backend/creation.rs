//! Creates a user in several steps: the new row is read before anything else is written, and the
//! user is removed again if a later step fails.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch};
use isogloss_interop::names;
use serde_json::json;

use crate::backend::api::Api;
use crate::backend::fault::unexpected;
use crate::backend::users::{check_name, find_changed, find_id, is_named, switch, why_refused};
use crate::roles::role_name;

/// Creates a user. Kanboard creates active users only. An inactive one is created with the least
/// role, then disabled, and gets the role last.
pub(super) async fn create(api: &Api, user: &NewUser) -> Result<Outcome, Fault> {
    let role = if user.inactive { Role::User } else { user.role };
    let id = send(api, user, role).await?;
    let created = find_id(api, id).await?;
    if !is_named(&created, &user.username) || created.role != role {
        return Err(unexpected("the server shows another user than it created"));
    }
    if !user.inactive {
        return Ok(Outcome::User(Box::new(created)));
    }
    match disable(api, id, user.role).await {
        Ok(disabled) => Ok(Outcome::User(Box::new(disabled))),
        Err(fault) => Err(undo(api, id, fault).await),
    }
}

async fn send(api: &Api, user: &NewUser, role: Role) -> Result<i64, Fault> {
    check_name(api, &user.username)?;
    let password = user.password.clone().unwrap_or_else(|| api.unknown_password());
    check_password(&password)?;
    // A name or an address that is not given is null: Kanboard distinguishes null from the empty text,
    // version 1.0 only by position.
    let (name, email, role) = (names::full(user), &user.email, role_name(role));
    let params = json!([user.username, password.expose(), name, email, role]);
    match api.new_id("createUser", params).await? {
        Some(id) => Ok(id),
        None => Err(why_refused(api, &user.username).await?),
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
    switch(api, id, false).await?;
    let inactive = UserPatch { active: Some(false), ..UserPatch::default() };
    let disabled = find_changed(api, id, &inactive).await?;
    if role == Role::User {
        return Ok(disabled);
    }
    if !api.is_done("updateUser", json!({"id": id, "role": role_name(role)})).await? {
        return Err(unexpected("updateUser answers false"));
    }
    find_changed(api, id, &UserPatch { role: Some(role), ..inactive }).await
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
    match switch(api, id, false).await {
        Ok(()) => unexpected("a creation failed half-way; the account is left disabled"),
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
