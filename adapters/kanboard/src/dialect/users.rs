//! The procedures about users.

use std::collections::HashSet;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, Uniqueness, User, UserId, UserPatch, UserRef};

use crate::dialect::procedure::{Call, Otherwise, Procedure, optional, required, reserved};
use crate::dialect::refusal::{Ending, Failure, unless, unless_absent, unless_refused};
use crate::dialect::validation::{TEXT_LENGTH, Values, is_password, trimmed};
use crate::php::Php;
use crate::wire::{NO_TOKEN, nulls, role_of};

/// The rows.
pub(crate) static PROCEDURES: [Procedure; 10] = [
    reserved(
        "createUser",
        &[Verb::CreateUser],
        "Creates a user and gives the new id, or false.",
        &[
            required("username"),
            required("password"),
            optional("name", Otherwise::Text("")),
            optional("email", Otherwise::Text("")),
            optional("role", Otherwise::Text("app-user")),
        ],
        |call| Box::pin(create(call)),
    ),
    reserved(
        "createLdapUser",
        &[Verb::CreateFromDirectory],
        "Creates a user who is found in the directory and gives the new id, or false.",
        &[required("username")],
        |call| Box::pin(create_from_directory(call)),
    ),
    reserved(
        "getUser",
        &[Verb::GetUser, Verb::ListKeys],
        "Gives a user's row by id, or null.",
        &[required("user_id")],
        |call| Box::pin(get(call)),
    ),
    reserved(
        "getUserByName",
        &[Verb::GetUser, Verb::ListKeys],
        "Gives a user's row by name, or null.",
        &[required("username")],
        |call| Box::pin(get_by_name(call)),
    ),
    reserved(
        "getAllUsers",
        &[Verb::ListUsers, Verb::ListKeys],
        "Gives every user's row, sorted by name.",
        &[],
        |call| Box::pin(get_all(call)),
    ),
    reserved(
        "updateUser",
        &[Verb::UpdateUser, Verb::GetUser],
        "Changes a user; true even if there is none of that id.",
        &[
            required("id"),
            optional("username", Otherwise::Null),
            optional("name", Otherwise::Null),
            optional("email", Otherwise::Null),
            optional("role", Otherwise::Null),
        ],
        |call| Box::pin(update(call)),
    ),
    reserved(
        "removeUser",
        &[Verb::DeleteUser],
        "Removes a user; false if there is none of that id.",
        &[required("user_id")],
        |call| Box::pin(remove(call)),
    ),
    reserved(
        "disableUser",
        &[Verb::DeactivateUser],
        "Keeps a user from signing in; true even if there is none of that id.",
        &[required("user_id")],
        |call| Box::pin(disable(call)),
    ),
    reserved(
        "enableUser",
        &[Verb::ActivateUser],
        "Lets a user sign in again; true even if there is none of that id.",
        &[required("user_id")],
        |call| Box::pin(enable(call)),
    ),
    reserved(
        "isActiveUser",
        &[Verb::GetUser],
        "Says whether there is a user of that id who may sign in.",
        &[required("user_id")],
        |call| Box::pin(is_active(call)),
    ),
];

async fn create(call: &Call<'_>) -> Result<Php, Failure> {
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

/// An array is found out only once the directory is there to be asked:
/// `fixtures/transcripts/kanboard/ldap-user.json` and `create-ldap-user.json`.
async fn create_from_directory(call: &Call<'_>) -> Result<Php, Failure> {
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

async fn get(call: &Call<'_>) -> Result<Php, Failure> {
    let found = find(call, call.person(0, 1)?).await?;
    shown(call, found).await
}

async fn get_by_name(call: &Call<'_>) -> Result<Php, Failure> {
    let found = find_named(call, call.argument(0)).await?;
    shown(call, found).await
}

async fn get_all(call: &Call<'_>) -> Result<Php, Failure> {
    let shape = &call.dialect.shape;
    let mut users = call.ask(Command::ListUsers).await?.users()?;
    users.sort_by_cached_key(|user| shape.database.sort_key(&user.username));
    let holders = token_holders(call, None).await?;
    let row = |user: &User| Php::Array(shape.user(user, token(&holders, user)));
    Ok(users.iter().map(row).collect())
}

/// True for a user who is not there, unless the name is somebody's:
/// `fixtures/transcripts/kanboard/update-user.json`.
async fn update(call: &Call<'_>) -> Result<Php, Failure> {
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
        Failure::state("22P02", bare.to_owned())
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

async fn remove(call: &Call<'_>) -> Result<Php, Failure> {
    let Some(person) = call.person(0, 2)? else { return Ok(Php::Bool(false)) };
    let removed = unless_absent(call.ask(Command::DeleteUser(person)).await)?;
    Ok(Php::Bool(removed.is_some()))
}

async fn disable(call: &Call<'_>) -> Result<Php, Failure> {
    if let Some(person) = call.person(0, 3)? {
        unless_absent(call.ask(Command::DeactivateUser(person)).await)?;
    }
    Ok(Php::Bool(true))
}

async fn enable(call: &Call<'_>) -> Result<Php, Failure> {
    if let Some(person) = call.person(0, 2)? {
        unless_absent(call.ask(Command::ActivateUser(person)).await)?;
    }
    Ok(Php::Bool(true))
}

async fn is_active(call: &Call<'_>) -> Result<Php, Failure> {
    let found = find(call, call.person(0, 1)?).await?;
    Ok(Php::Bool(found.is_some_and(|user| user.active)))
}

/// The person, if there is one.
pub(crate) async fn find(
    call: &Call<'_>,
    person: Option<UserRef>,
) -> Result<Option<Box<User>>, Failure> {
    let Some(person) = person else { return Ok(None) };
    let found = unless_absent(call.ask(Command::GetUser(person)).await)?;
    Ok(found.map(Outcome::user).transpose()?)
}

async fn find_named(call: &Call<'_>, name: &Php) -> Result<Option<Box<User>>, Failure> {
    let database = call.dialect.shape.database;
    find(call, database.bound(name).map(|name| database.named(name))).await
}

async fn shown(call: &Call<'_>, found: Option<Box<User>>) -> Result<Php, Failure> {
    let Some(user) = found else { return Ok(Php::Null) };
    let holders = token_holders(call, Some(user.id)).await?;
    Ok(Php::Array(call.dialect.shape.user(&user, token(&holders, &user))))
}

/// Who has a personal token: of one person, or of all.
pub(crate) async fn token_holders(
    call: &Call<'_>,
    person: Option<UserId>,
) -> Result<HashSet<UserId>, Failure> {
    let realm = call.dialect.shape.realm.clone();
    let answered = call.ask(Command::ListKeys(person.map(UserRef::Id), realm)).await;
    let listed = unless(answered, &[FaultKind::Unsupported, FaultKind::NotFound])?;
    let keys = listed.map(Outcome::keys).transpose()?.unwrap_or_default();
    Ok(keys.iter().filter_map(|key| key.owner).collect())
}

/// That somebody has a token shows, the token does not.
pub(crate) fn token(holders: &HashSet<UserId>, user: &User) -> Php {
    if holders.contains(&user.id) { Php::from(NO_TOKEN) } else { Php::Null }
}

fn bound_username(call: &Call<'_>, username: &Php) -> Option<String> {
    let name = (*username != Php::Null).then(|| Php::from(trimmed(&username.to_text())))?;
    call.dialect.shape.database.bound(&name)
}

fn unique(call: &Call<'_>) -> Uniqueness {
    Uniqueness { name: call.dialect.shape.database.matching(), email: false }
}
