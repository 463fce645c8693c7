//! The procedures about users; those that make or change one are in `changes.rs`.

use std::collections::HashSet;

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{User, UserId, UserRef};

use crate::dialect::changes;
use crate::dialect::procedure::{Call, Otherwise, Procedure, optional, required, reserved};
use crate::dialect::refusal::{Failure, unless, unless_absent};
use crate::php::Php;
use crate::wire::NO_TOKEN;

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
        |call| Box::pin(changes::create(call)),
    ),
    reserved(
        "createLdapUser",
        &[Verb::CreateFromDirectory],
        "Creates a user who is found in the directory and gives the new id, or false.",
        &[required("username")],
        |call| Box::pin(changes::create_from_directory(call)),
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
        |call| Box::pin(changes::update(call)),
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

/// The person of this name, as the database finds them.
pub(crate) async fn find_named(call: &Call<'_>, name: &Php) -> Result<Option<Box<User>>, Failure> {
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
    let namespace = call.dialect.shape.namespace.clone();
    let answered = call.ask(Command::ListKeys(person.map(UserRef::Id), namespace)).await;
    let listed = unless(answered, &[FaultKind::Unsupported, FaultKind::NotFound])?;
    let keys = listed.map(Outcome::keys).transpose()?.unwrap_or_default();
    Ok(keys.iter().filter_map(|key| key.owner).collect())
}

/// That somebody has a token shows, the token does not.
pub(crate) fn token(holders: &HashSet<UserId>, user: &User) -> Php {
    if holders.contains(&user.id) { Php::from(NO_TOKEN) } else { Php::Null }
}
