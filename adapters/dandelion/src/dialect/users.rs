//! `users/*`: people.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{
    AttributeChanges, Attributes, GroupChange, Matching, NewUser, Role, Uniqueness, UserPatch,
};
use serde_json::{Value, json};

use crate::dialect::call::{Asked, Failure, Said};
use crate::ids::{Gid, Uid};
use crate::php;
use crate::rights;
use crate::wire::{self, CHEESTO, INITIAL_LOGIN, NAMESPACE, PREFIX, Shape, THEME};

/// The columns cut what is too long (`fixtures/transcripts/dandelion/long-values.json`), in bytes.
const USERNAME_BYTES: usize = 255;
pub(crate) const TINY_BYTES: usize = 255;
pub(crate) const TEXT_BYTES: usize = 65_535;
/// So much of a password counts (`fixtures/transcripts/dandelion/resetpassword.json`).
const PASSWORD_BYTES: usize = 72;

/// Names are the same whatever their case and trailing blanks
/// (`fixtures/transcripts/dandelion/create-user-duplicate.json`).
const UNIQUE: Uniqueness = Uniqueness { name: Matching::Folded, email: false };

/// As much of a password as counts.
pub(crate) fn password(text: &str) -> Secret {
    php::cut(text, PASSWORD_BYTES).into()
}

/// `users/resetpassword`. Without a usable id it is the caller's own that is set.
pub(crate) async fn reset_password(asked: &Asked<'_>) -> Result<Said, Failure> {
    let other = asked.given.uid().filter(|uid| !asked.is_me(*uid));
    if other.is_some() {
        asked.need("edituser").await?;
    }
    let Some(new) = asked.given.true_text("pw").map(password) else {
        return Err(Failure::general("New password is invalid"));
    };
    let prompt = json!(i32::from(asked.given.flag("force_reset")));
    let prompt = AttributeChanges::from([(INITIAL_LOGIN.to_owned(), Some(prompt))]);
    if let Some(uid) = other {
        let patch =
            UserPatch { password: Some(Some(new)), attributes: prompt, ..UserPatch::default() };
        asked.run(Command::UpdateUser(asked.person(uid), Box::new(patch))).await?;
    } else {
        asked.run(Command::ChangePassword(asked.me(), Some(new))).await?;
        asked.run(Command::MergeSettings(asked.me(), PREFIX.to_owned(), prompt)).await?;
        stay_logged_in(asked).await?;
    }
    Ok("Password changed successfully".into())
}

/// Who sets their own password in a session stays in it
/// (`fixtures/transcripts/dandelion/session.json`); all others end.
async fn stay_logged_in(asked: &Asked<'_>) -> Result<(), Failure> {
    let Some(session) = asked.session else { return Ok(()) };
    if let Some(user) = asked.look_up(asked.me()).await? {
        asked.visit.keep(&session.renewed(&user)).await?;
    }
    Ok(())
}

/// `users/create`.
pub(crate) async fn create(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("createuser").await?;
    let text = |name: &str| asked.given.text(name).unwrap_or_default();
    let group = asked.given.gid("role");
    let mut attributes = Attributes::new();
    let prompt = i32::from(asked.given.flag("force_reset"));
    attributes.insert(INITIAL_LOGIN.to_owned(), json!(prompt));
    if !asked.given.flag("cheesto") {
        attributes.insert(CHEESTO.to_owned(), json!(false));
    }
    let user = NewUser {
        username: php::cut(text("username"), USERNAME_BYTES).to_owned(),
        // Nobody logs in with an empty password; so it is none at all to other dialects.
        password: Some(text("password")).filter(|text| !text.is_empty()).map(password),
        display_name: Some(php::cut(text("fullname"), TEXT_BYTES).to_owned()),
        role: if group == Gid::ADMINISTRATORS { Role::Administrator } else { Role::User },
        groups: Some(membership(group)),
        attributes,
        unique: UNIQUE,
        ..NewUser::default()
    };
    asked.run(Command::CreateUser(Box::new(user))).await?;
    Ok("User created successfully".into())
}

fn membership(group: Gid) -> GroupChange {
    GroupChange { namespace: NAMESPACE, groups: vec![Asked::group(group)] }
}

/// `users/edit`. What is empty, `0` or unreadable stays as it is
/// (`fixtures/transcripts/dandelion/edit-user.json`).
pub(crate) async fn edit(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("edituser").await?;
    let Some(uid) = asked.given.uid() else {
        return Err(Failure::general("No user id given"));
    };
    let mut patch = UserPatch::default();
    if let Some(name) = asked.given.true_text("fullname") {
        patch.display_name = Some(Some(php::cut(name, TEXT_BYTES).to_owned()));
    }
    if let Some(group) = asked.given.true_int("role").map(Gid) {
        patch.groups = Some(membership(group));
        patch.role = new_role(asked, uid, group).await?;
    }
    if let Some(prompt) = asked.given.true_int("prompt") {
        let kept = prompt.clamp(i8::MIN.into(), i8::MAX.into());
        patch.attributes.insert(INITIAL_LOGIN.to_owned(), Some(json!(kept)));
    }
    if let Some(theme) = asked.given.true_text("theme") {
        patch.attributes.insert(THEME.to_owned(), Some(json!(php::cut(theme, TINY_BYTES))));
    }
    asked.run(Command::UpdateUser(asked.person(uid), Box::new(patch))).await?;
    Ok("User saved successfully".into())
}

/// The role that comes with a group: the administrators' makes one, any other unmakes one and
/// leaves other roles, of which Dandelion knows nothing, alone.
async fn new_role(asked: &Asked<'_>, uid: Uid, group: Gid) -> Result<Option<Role>, Failure> {
    if group == Gid::ADMINISTRATORS {
        return Ok(Some(Role::Administrator));
    }
    let current = asked.look_up(asked.person(uid)).await?.map(|user| user.role);
    Ok((current == Some(Role::Administrator)).then_some(Role::User))
}

/// `users/enable`.
pub(crate) async fn enable(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("edituser").await?;
    let uid = Uid(asked.given.int("uid").unwrap_or_default());
    asked.run(Command::ActivateUser(asked.person(uid))).await?;
    Ok("User enabled".into())
}

/// `users/disable`.
pub(crate) async fn disable(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("edituser").await?;
    let uid = Uid(asked.given.int("uid").unwrap_or_default());
    asked.run(Command::DeactivateUser(asked.person(uid))).await?;
    Ok("User disabled".into())
}

/// `users/delete`.
pub(crate) async fn delete(asked: &Asked<'_>) -> Result<Said, Failure> {
    const UNKNOWN: Failure = Failure::general("Error deleting user");
    let uid = Uid(asked.given.int("uid").unwrap_or_default());
    if asked.is_me(uid) {
        return Err(Failure::general("Can't delete yourself"));
    }
    asked.need("deleteuser").await?;
    let Some(user) = asked.look_up(asked.person(uid)).await? else { return Err(UNKNOWN) };
    // A refusal sounds like success (`fixtures/transcripts/dandelion/delete-admin-user.json`).
    if !asked.rights_of(&user).await?.allow("admin") {
        match asked.run(Command::DeleteUser(user.as_ref().into())).await {
            Err(fault) if fault.is_absence_of(Subject::User) => return Err(UNKNOWN),
            result => result?,
        };
    }
    Ok("User deleted successfully".into())
}

/// `users/getusers`: everybody, those disabled too.
pub(crate) async fn get_users(asked: &Asked<'_>) -> Result<Said, Failure> {
    asked.need("edituser").await?;
    let users = asked.everybody().await?;
    let shape = if asked.older { Shape::Older } else { Shape::Other };
    let shown = users.iter().map(|user| wire::person(user, asked.namespace(), shape));
    Ok(listed(asked, shown.collect()).into())
}

/// `users/getuser`: oneself as a list of one, anybody else as such
/// (`fixtures/transcripts/dandelion/getuser.json`).
pub(crate) async fn get_user(asked: &Asked<'_>) -> Result<Said, Failure> {
    let other = asked.given.uid().filter(|uid| !asked.is_me(*uid));
    let Some(uid) = other else {
        let shape = if asked.older { Shape::Older } else { Shape::Own };
        let own = wire::person(asked.user, asked.namespace(), shape);
        return Ok(listed(asked, vec![own]).into());
    };
    asked.need("edituser").await?;
    let Some(user) = asked.look_up(asked.person(uid)).await? else { return Ok(Value::Null.into()) };
    if asked.older {
        let person = wire::person(&user, asked.namespace(), Shape::Older);
        return Ok(listed(asked, vec![person]).into());
    }
    Ok(wire::person(&user, asked.namespace(), Shape::Other).into())
}

/// A list; the manual of 6.0 prints lists as objects whose members are numbered.
fn listed(asked: &Asked<'_>, people: Vec<Value>) -> Value {
    if asked.older {
        return people.into_iter().enumerate().map(|(at, one)| (at.to_string(), one)).collect();
    }
    people.into()
}

/// `groups/getuserrights`: what the caller may do.
pub(crate) async fn get_rights(asked: &Asked<'_>) -> Result<Said, Failure> {
    Ok(asked.rights_of(asked.user).await?.shown().into())
}

/// How many people belong to a group; those in no other belong to the ordinary one.
pub(crate) async fn count_in(asked: &Asked<'_>, group: Gid) -> Result<usize, Failure> {
    let users = asked.look(Command::ListUsers).await?.users()?;
    Ok(users.iter().filter(|user| rights::group_of(user) == group).count())
}
