//! The procedures that make a user or change one: what is checked, in which order, and the command
//! that comes of it.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, Uniqueness, UserPatch, UserRef};

use crate::dialect::procedure::Call;
use crate::dialect::refusal::{Ending, Failure, unless, unless_absent, unless_refused};
use crate::dialect::users::{find, find_named};
use crate::dialect::validation::{TEXT_LENGTH, Values, is_password, trimmed};
use crate::php::Php;
use crate::wire::{nulls, role_of};

/// `createUser`: a value that is refused is `false`, and no reason is given.
pub(crate) async fn create(call: &Call<'_>) -> Result<Php, Failure> {
    let [username, password, name, email, role] = call.arguments.as_slice() else {
        return Err(Ending::Fatal.into());
    };
    let valid = Values { username, email, role }.are_valid()?;
    let strong = is_password(password)?;
    if !valid || !strong || !username.is_given() {
        return Ok(Php::Bool(false));
    }
    let database = call.dialect.shape.database;
    let password = password.to_text();
    if password.contains('\0') {
        // bcrypt takes no NUL, but is not asked if the name is taken already.
        let taken = find_named(call, username).await?.is_some();
        return if taken { Ok(Php::Bool(false)) } else { Err(Ending::Fatal.into()) };
    }
    let (name, email) = (database.bound(name), database.bound(email));
    let fits = |column, text: &Option<String>| database.fits(column, text.as_deref(), TEXT_LENGTH);
    fits("name", &name).and_then(|()| fits("email", &email)).map_err(Failure::exception)?;
    let Some(role) = database.bound(role) else {
        database.missing("users", "role").map_err(Failure::exception)?;
        return Ok(Php::Bool(false));
    };
    if taken_untrimmed(call, username, None).await? {
        return Ok(Php::Bool(false));
    }
    let (role, mut kept) = role_of(&role);
    kept.extend(nulls([("name", &name), ("email", &email)]));
    let command = Command::CreateUser(Box::new(NewUser {
        username: bound_username(call, username).unwrap_or_default(),
        password: Some(Secret::new(password)),
        display_name: name,
        email,
        role,
        attributes: kept.into_iter().filter_map(|(name, kept)| Some((name, kept?))).collect(),
        unique: unique(call),
        ..NewUser::default()
    }));
    let Some(outcome) = unless_refused(call.ask(command).await)? else {
        return Ok(Php::Bool(false));
    };
    Ok(Php::Int(call.dialect.shape.user_id(&*outcome.user()?)))
}

/// `createLdapUser`. An array is found out only once the directory is there to be asked:
/// `fixtures/transcripts/kanboard/ldap-user.json` and `create-ldap-user.json`.
pub(crate) async fn create_from_directory(call: &Call<'_>) -> Result<Php, Failure> {
    let username = call.argument(0);
    let name = if username.is_array() { String::new() } else { username.to_text() };
    let answered = call.ask(Command::CreateFromDirectory(name)).await;
    let refusals = [FaultKind::NotFound, FaultKind::Conflict, FaultKind::Invalid];
    let created = match answered {
        Err(fault) if fault.kind == FaultKind::Unsupported => return Err(Failure::no_directory()),
        answered => unless(answered, &refusals)?,
    };
    if username.is_array() {
        return Err(Ending::Fatal.into());
    }
    let Some(outcome) = created else { return Ok(Php::Bool(false)) };
    Ok(Php::Int(call.dialect.shape.user_id(&*outcome.user()?)))
}

/// `updateUser`. True for a user who is not there, unless the name is somebody's:
/// `fixtures/transcripts/kanboard/update-user.json`.
pub(crate) async fn update(call: &Call<'_>) -> Result<Php, Failure> {
    let [id, username, name, email, role] = call.arguments.as_slice() else {
        return Err(Ending::Fatal.into());
    };
    let valid = Values { username, email, role }.are_valid()?;
    let refused = Php::Bool(false);
    if username.is_given() {
        stumble(call, id)?;
    }
    if !valid || !id.is_given() {
        return Ok(refused);
    }
    let given = [username, name, email, role].iter().filter(|value| ***value != Php::Null).count();
    let database = call.dialect.shape.database;
    if given == 0 {
        return Err(Failure::exception(database.nothing_to_set("users", id)));
    }
    let person = call.person(0, u8::try_from(given + 1).unwrap_or(1))?;
    let patch = patch(call)?;
    if taken_untrimmed(call, username, person.as_ref()).await? {
        return Ok(refused);
    }
    let changed = match &person {
        None => None,
        Some(person) => {
            let command = Command::UpdateUser(person.clone(), Box::new(patch));
            let refusals = [FaultKind::Conflict, FaultKind::Invalid];
            match call.ask(command).await {
                Err(fault) if refusals.contains(&fault.kind) => return Ok(refused),
                answered => unless_absent(answered)?,
            }
        }
    };
    let lost = changed.is_none() && username.is_given();
    if lost && find_named(call, username).await?.is_some() {
        return Ok(refused);
    }
    refresh(call, id, person).await?;
    Ok(Php::Bool(true))
}

/// The change that an update asks for.
fn patch(call: &Call<'_>) -> Result<UserPatch, Failure> {
    let database = call.dialect.shape.database;
    let [name, email, role] = [2, 3, 4].map(|place| database.bound(call.argument(place)));
    let fits = |column, text: &Option<String>| database.fits(column, text.as_deref(), TEXT_LENGTH);
    fits("name", &name).and_then(|()| fits("email", &email)).map_err(Failure::exception)?;
    let role = role.map(|word| role_of(&word));
    Ok(UserPatch {
        username: bound_username(call, call.argument(1)),
        display_name: name.map(Some),
        email: email.map(Some),
        role: role.as_ref().map(|(role, _)| *role),
        attributes: role.map(|(_, kept)| kept).unwrap_or_default(),
        unique: unique(call),
        ..UserPatch::default()
    })
}

/// PostgreSQL refuses an id that is none already when the name is checked, in its own words.
fn stumble(call: &Call<'_>, id: &Php) -> Result<(), Failure> {
    if !id.is_given() {
        return Ok(());
    }
    call.dialect.shape.database.id(id, 2).map(|_| ()).map_err(|sentence| {
        let bare = sentence.split_once("]: ").map_or(sentence.as_str(), |(_, rest)| rest);
        let state = if bare.starts_with("SQLSTATE[22003]") { "22003" } else { "22P02" };
        Failure::state(state, bare.to_owned())
    })
}

/// After an update Kanboard reads the caller's own row anew if the ids are equal, loosely. The
/// application's is 0, and a row that is not there is an uncaught error: scenario
/// update-user-invalid.
async fn refresh(call: &Call<'_>, id: &Php, person: Option<UserRef>) -> Result<(), Failure> {
    let own = call.caller.user().map_or(0, |user| call.dialect.shape.user_id(user));
    if id.loosely_is(own) && find(call, person).await?.is_none() {
        return Err(Ending::Fatal.into());
    }
    Ok(())
}

/// Whether somebody else has the name as it was given. Kanboard looks for that name before it trims
/// it, and the database for the trimmed one after: either refuses.
async fn taken_untrimmed(
    call: &Call<'_>,
    username: &Php,
    own: Option<&UserRef>,
) -> Result<bool, Failure> {
    let text = username.to_text();
    if !username.is_given() || trimmed(&text) == text {
        return Ok(false);
    }
    let Some(holder) = find_named(call, username).await? else { return Ok(false) };
    let own = find(call, own.cloned()).await?;
    Ok(own.is_none_or(|own| own.id != holder.id))
}

fn bound_username(call: &Call<'_>, username: &Php) -> Option<String> {
    let name = (*username != Php::Null).then(|| Php::from(trimmed(&username.to_text())))?;
    call.dialect.shape.database.bound(&name)
}

fn unique(call: &Call<'_>) -> Uniqueness {
    Uniqueness { name: call.dialect.shape.database.matching(), email: false }
}
