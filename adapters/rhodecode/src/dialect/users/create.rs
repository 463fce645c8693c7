//! `create_user`.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::answers::tokens::{self, FEED};
use crate::dialect::answers::{self, users};
use crate::dialect::arguments::compared_text;
use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::method::Answer;
use crate::dialect::users::draft::Draft;
use crate::wire::values::DEFAULT_USER;
use crate::wire::{BUILT_IN_KEY, DEFAULT_EMAIL, FEED_TOKEN, attribute};

/// `create_user`.
pub(crate) async fn create_user(call: &Call<'_>) -> Answer {
    let (username, email) = (call.required("username"), call.required("email"));
    let failed = || Failure::error(format!("failed to create user `{}`", username.to_text()));
    refuse_duplicates(call, username, email).await?;
    let draft = if call.differences().validates {
        Draft::validated(call)?
    } else {
        Draft::unvalidated(call).await.map_err(|_| failed())?
    };
    refuse_other_case(call, &draft.username).await?;
    if draft.has_nul_in_password() {
        return Err(failed());
    }
    let feed = draft.feed;
    let new = draft.into_new_user(call);
    // A repository group that no system makes must not be answered as made.
    let makes_group = new.attributes.contains_key(attribute::REPO_GROUP);
    if makes_group && !call.exchange.holds(attribute::REPO_GROUP) {
        return Err(failed());
    }
    let created = call.run(Command::CreateUser(Box::new(new))).await;
    let user = created.and_then(Outcome::user).map_err(|fault| {
        if fault.kind == FaultKind::Conflict {
            duplicate(&fault, username, email)
        } else {
            failed()
        }
    })?;
    let mut tokens = tokens::of_user(call, &user).await?;
    if tokens.are_none() {
        // A RhodeCode server has issued them itself.
        issue_tokens(call, &user, feed).await.map_err(|_| failed())?;
        tokens = tokens::of_user(call, &user).await?;
    }
    let shape = users::person(call.options, &user, &tokens);
    Ok(answers::done(format!("created new user `{}`", username.to_text()), "user", shape))
}

/// A name or an address that is taken is refused before anything is validated, the name first:
/// fixtures/transcripts/rhodecode/create-user-duplicate.json.
async fn refuse_duplicates(call: &Call<'_>, username: &Py, email: &Py) -> Result<(), Failure> {
    if let Some(name) = compared_text(username)? {
        let taken = name == DEFAULT_USER || exists(call, UserRef::Name(name)).await?;
        if taken {
            return Err(name_taken(username));
        }
    }
    if let Some(address) = compared_text(email)?.filter(|address| !address.is_empty()) {
        let taken = address.eq_ignore_ascii_case(DEFAULT_EMAIL)
            || exists(call, UserRef::Email(address)).await?;
        if taken {
            return Err(email_taken(email));
        }
    }
    Ok(())
}

async fn exists(call: &Call<'_>, user: UserRef) -> Result<bool, Fault> {
    match call.run(Command::GetUser(user)).await {
        Ok(_) => Ok(true),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(false),
        Err(fault) => Err(fault),
    }
}

fn name_taken(username: &Py) -> Failure {
    Failure::error(format!("user `{}` already exist", username.to_text()))
}

fn email_taken(email: &Py) -> Failure {
    Failure::error(format!("email `{}` already exist", email.to_text()))
}

fn duplicate(fault: &Fault, username: &Py, email: &Py) -> Failure {
    if fault.subject == Some(Subject::Email) { email_taken(email) } else { name_taken(username) }
}

/// RhodeCode takes a name that differs from another user's in case only for that user, and
/// overwrites them with their rights. The gateway refuses the name as taken.
async fn refuse_other_case(call: &Call<'_>, username: &str) -> Result<(), Failure> {
    if username.eq_ignore_ascii_case(DEFAULT_USER) {
        return Err(Failure::error(format!("failed to create user `{username}`")));
    }
    match call.run(Command::GetUser(UserRef::FoldedName(username.to_owned()))).await {
        Ok(found) if found.clone().user()?.username.eq_ignore_ascii_case(username) => {
            Err(name_taken(&Py::from(username)))
        }
        Ok(_) => Ok(()),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}

/// Issues a new person's tokens: one for feeds, and in version 4.3 a built-in key that opens
/// everything.
async fn issue_tokens(call: &Call<'_>, user: &User, feed: bool) -> Result<(), Fault> {
    let key = |label: &str, scope: &str| NewKey {
        namespace: call.options.namespace.clone(),
        value: Secret::new(call.new_token()),
        label: Some(label.to_owned()),
        scope: Some(scope.to_owned()),
        expires: None,
        addresses: Vec::new(),
        issuer: Issuer::System(None),
        replaces: false,
    };
    let mut keys = Vec::new();
    if call.differences().built_in_keys {
        keys.push(key(BUILT_IN_KEY, "all"));
    }
    if feed {
        keys.push(key(FEED_TOKEN, FEED));
    }
    for key in keys {
        call.run(Command::IssueKey(Some(UserRef::from(user)), Box::new(key))).await?;
    }
    Ok(())
}
