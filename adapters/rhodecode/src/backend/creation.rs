//! The creation of a person: one call, and the proof that it did what was asked for.

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
use crate::wire;
use crate::wire::values::DEFAULT_USER;

/// Creates a person.
pub(super) async fn create(api: &Api, user: NewUser) -> Result<Outcome, Fault> {
    let random = api.service.random;
    check_name(&user.username)?;
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
    let created = proved(api, &user, created).await?;
    Ok(Outcome::User(Box::new(created)))
}

async fn create_with(api: &Api, mut args: Arguments, email: String) -> Result<User, Fault> {
    args.insert("email".to_owned(), email.into());
    of_row(api, &api.call_about("create_user", args, "user").await?)
}

/// Refuses a name that nobody can have. The server refuses a name that is taken, but takes a name that
/// differs in case only for the person who has it, and overwrites them with their rights: the
/// capability says so, and the gateway refuses such a name before.
fn check_name(username: &str) -> Result<(), Fault> {
    if username.is_empty() {
        return Err(Fault::new(FaultKind::Invalid, "").about(Subject::Username));
    }
    if username.to_lowercase() == DEFAULT_USER {
        return Err(Fault::conflict(Subject::Username));
    }
    Ok(())
}

/// The created person, if they have what was asked for. A person who has another role or activity is
/// deleted again, unless they have signed in before: then somebody else was overwritten.
async fn proved(api: &Api, user: &NewUser, created: User) -> Result<User, Fault> {
    let id = created.native(&api.service.namespace).and_then(parsed_id).unwrap_or_default();
    if created.username != user.username {
        return Err(unexpected("another user than the created one"));
    }
    let wanted_state =
        UserPatch { role: Some(user.role), active: Some(!user.inactive), ..UserPatch::default() };
    if is_shown(&created, &wanted_state) {
        return Ok(created);
    }
    if created.last_login.is_some() {
        return Err(unexpected("another user was overwritten, and has another role or activity"));
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
