//! `isogloss user`.

use std::io::BufRead;

use anyhow::{Context, bail};
use isogloss_canonical::command::Command;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, Role, User, UserPatch, UserRef};
use serde_json::{Value, json};

use crate::cli::arguments::{At, User as Ask, UserAsk, UserChange};
use crate::cli::open::{People, people};
use crate::cli::print;

/// Looks after people.
pub(crate) async fn run(ask: &Ask) -> anyhow::Result<()> {
    match &ask.ask {
        UserAsk::Add(change) => add(change).await,
        UserAsk::List { at } => list(at).await,
        UserAsk::Show { username, at } => {
            let user = one(at, Command::GetUser(named(username))).await?;
            show(&user, at)
        }
        UserAsk::Set(change) => set(change).await,
        UserAsk::Unlock { username, at } => unlock(username, at).await,
        UserAsk::Remove { username, at } => remove(username, at).await,
    }
}

async fn add(ask: &UserChange) -> anyhow::Result<()> {
    if ask.username.trim().is_empty() {
        bail!("the user name is empty");
    }
    if ask.rename.is_some() {
        bail!("--rename is for `user set`");
    }
    let user = NewUser {
        username: ask.username.clone(),
        password: password(ask)?,
        display_name: ask.display_name.clone(),
        email: ask.email.clone(),
        role: ask.role.as_deref().map(Role::from_word).unwrap_or_default(),
        inactive: ask.inactive,
        ..NewUser::default()
    };
    let user = one(&ask.at, Command::CreateUser(Box::new(user))).await?;
    done("added", &user, &ask.at)
}

async fn set(ask: &UserChange) -> anyhow::Result<()> {
    let patch = UserPatch {
        username: ask.rename.clone(),
        display_name: ask.display_name.clone().map(Some),
        email: ask.email.clone().map(Some),
        role: ask.role.as_deref().map(Role::from_word),
        active: (ask.active || ask.inactive).then_some(ask.active),
        password: password(ask)?.map(Some),
        ..UserPatch::default()
    };
    if patch == UserPatch::default() {
        bail!("nothing to change was given; see `isogloss user set --help`");
    }
    let command = Command::UpdateUser(named(&ask.username), Box::new(patch));
    let unlocks = ask.active || ask.password_file.is_some();
    let user = change(&ask.at, command, unlocks).await?;
    done("changed", &user, &ask.at)
}

async fn list(at: &At) -> anyhow::Result<()> {
    let people = people(at).await?;
    let users = with_locks(&people).await;
    people.close().await;
    let users = users?;
    if at.json {
        let value = |(user, locked): &(User, bool)| print::user_value(user, *locked);
        return print::json(&Value::Array(users.iter().map(value).collect()));
    }
    let row = |(user, locked): &(User, bool)| print::user_row(user, *locked);
    print::table(&print::USER_HEADINGS, users.iter().map(row).collect())
}

/// Everybody, and whether they are locked.
async fn with_locks(people: &People) -> anyhow::Result<Vec<(User, bool)>> {
    let mut all = Vec::new();
    for user in people.execute(Command::ListUsers).await?.users()? {
        let locked = people.is_locked(&user).await?;
        all.push((user, locked));
    }
    Ok(all)
}

async fn unlock(username: &str, at: &At) -> anyhow::Result<()> {
    let user = change(at, Command::GetUser(named(username)), true).await?;
    done("unlocked", &user, at)
}

async fn remove(username: &str, at: &At) -> anyhow::Result<()> {
    let people = people(at).await?;
    let result = async {
        let user = *people.execute(Command::GetUser(named(username))).await?.user()?;
        people.execute(Command::DeleteUser((&user).into())).await?;
        Ok::<_, anyhow::Error>(user)
    };
    let result = result.await;
    people.close().await;
    done("removed", &result?, at)
}

/// Runs a command that answers a person.
async fn one(at: &At, command: Command) -> anyhow::Result<User> {
    change(at, command, false).await
}

/// The same, after which the person may be unlocked.
async fn change(at: &At, command: Command, unlocks: bool) -> anyhow::Result<User> {
    let people = people(at).await?;
    let result = async {
        let user = *people.execute(command).await?.user()?;
        if unlocks {
            people.unlock(&user).await?;
        }
        Ok(user)
    };
    let result = result.await;
    people.close().await;
    result
}

fn named(username: &str) -> UserRef {
    UserRef::Name(username.to_owned())
}

fn password(ask: &UserChange) -> anyhow::Result<Option<Secret>> {
    let Some(path) = &ask.password_file else { return Ok(None) };
    let line = if path == "-" {
        std::io::stdin().lock().lines().next().transpose().context("standard input")?
    } else {
        let text = std::fs::read_to_string(path).with_context(|| path.clone())?;
        text.lines().next().map(str::to_owned)
    };
    match line {
        Some(line) if !line.is_empty() => Ok(Some(Secret::new(line))),
        _ => bail!("the password is empty"),
    }
}

fn show(user: &User, at: &At) -> anyhow::Result<()> {
    if at.json {
        return print::json(&print::user_value(user, is_locked(user)));
    }
    print::table(&print::USER_HEADINGS, vec![print::user_row(user, is_locked(user))])
}

/// Whether a person is locked for everybody.
fn is_locked(user: &User) -> bool {
    user.locked_until.is_some_and(|until| until > jiff::Timestamp::now())
}

fn done(what: &str, user: &User, at: &At) -> anyhow::Result<()> {
    if at.json {
        return print::json(&json!({what: print::user_value(user, is_locked(user))}));
    }
    print::line(&format!("{what} {}", user.username))
}
