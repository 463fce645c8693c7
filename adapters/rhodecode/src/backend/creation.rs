//! The creation of a person: one call, and the proof that it created somebody new.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, User, UserPatch};
use isogloss_interop::password;
use serde_json::Value;

use crate::backend::api::{Api, Arguments, only};
use crate::backend::arguments;
use crate::backend::fault::unexpected;
use crate::backend::row::parsed_id;
use crate::backend::users::{is_shown, of_row};
use crate::wire::{self, DEFAULT_USER};

/// Creates a person.
pub(super) async fn create(api: &Api, user: NewUser) -> Result<Outcome, Fault> {
    let random = api.service.random;
    let highest = check_name(api, &user.username).await?;
    let args = arguments::of_new(api.version, &user, &password::unknown(&random()));
    let given = user.email.as_ref().filter(|email| !email.is_empty());
    let defaults = &api.service.defaults;
    let email = given.cloned().unwrap_or_else(|| defaults.email_of(&user.username));
    let created = match create_with(api, args.clone(), email).await {
        // Two names can lead to the same default address. The caller did not ask for that one.
        Err(fault) if given.is_none() && is_taken(&fault, Subject::Email) => {
            let mark = wire::token(&random());
            let mark = mark.get(..8).unwrap_or_default();
            let other = defaults.email_of(&format!("{}-{mark}", user.username));
            create_with(api, args, other).await?
        }
        created => created?,
    };
    let created = proved(api, &user, created, highest).await?;
    Ok(Outcome::User(Box::new(created)))
}

async fn create_with(api: &Api, mut args: Arguments, email: String) -> Result<User, Fault> {
    args.insert("email".to_owned(), email.into());
    of_row(api, &api.call_about("create_user", args, "user").await?)
}

/// Refuses a name that is taken, and returns the highest id of all users.
///
/// The server takes a name that differs from another user's in case only for that user, and
/// overwrites them with their rights.
async fn check_name(api: &Api, username: &str) -> Result<i64, Fault> {
    if username.is_empty() {
        return Err(Fault::new(FaultKind::Invalid, "").about(Subject::Username));
    }
    let Value::Array(rows) = api.call("get_users", Arguments::new()).await? else {
        return Err(unexpected("no list of users"));
    };
    let wanted = username.to_lowercase();
    let mut taken = wanted == DEFAULT_USER;
    let mut highest = 0;
    // Id and name are enough: the rest of a row need not be readable.
    for row in &rows {
        let id = row.get("user_id").and_then(Value::as_i64);
        highest = highest.max(id.ok_or_else(|| unexpected("a user without an id"))?);
        match row.get("username") {
            Some(Value::String(name)) => taken |= name.to_lowercase() == wanted,
            Some(Value::Null) => {}
            _ => return Err(unexpected("a user without a name")),
        }
    }
    if taken { Err(Fault::conflict(Subject::Username)) } else { Ok(highest) }
}

/// The created person, if they are new and have what was asked for. A new person who has another
/// role or activity is deleted again.
async fn proved(api: &Api, user: &NewUser, created: User, highest: i64) -> Result<User, Fault> {
    let id = created.native(&api.service.namespace).and_then(parsed_id).unwrap_or_default();
    if created.username != user.username || id <= highest {
        return Err(unexpected("another user than the created one"));
    }
    let wanted_state =
        UserPatch { role: Some(user.role), active: Some(!user.inactive), ..UserPatch::default() };
    if is_shown(&created, &wanted_state) {
        return Ok(created);
    }
    let undone = api.call_about("delete_user", only("userid", id), "user").await;
    Err(match undone {
        Ok(Value::Null) => unexpected("the created user had another role or activity"),
        _ => unexpected("the created user has another role or activity, and could not be deleted"),
    })
}

fn is_taken(fault: &Fault, subject: Subject) -> bool {
    fault.kind == FaultKind::Conflict && fault.subject == Some(subject)
}
