//! `isogloss user`.

use std::io::BufRead;

use anyhow::{Context, bail};
use isogloss_canonical::command::Command;
use isogloss_canonical::role::Role;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use serde_json::{Value, json};

use crate::auth::restrictions::Restrictions;
use crate::cli::arguments::{At, User as Ask, UserAsk, UserChange};
use crate::cli::open::{People, people};
use crate::cli::print;

/// What `user unlock` cannot do with a remote backend.
const SYSTEM_LOCK: &str = "the system's own lock, if any, is not lifted";

/// Runs a subcommand of `isogloss user`.
pub(crate) async fn run(ask: &Ask) -> anyhow::Result<()> {
    match &ask.ask {
        UserAsk::Add(change) => add(change).await,
        UserAsk::List { at } => list(at).await,
        UserAsk::Show { username, at } => {
            let shown = one(at, Command::GetUser(named(username))).await?;
            show(shown, at)
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
    let users = all(&people).await;
    people.close().await;
    let users = users?;
    if at.json {
        return print::json(&Value::Array(users.iter().map(Shown::value).collect()));
    }
    table(&users)
}

/// All users with their restrictions.
async fn all(people: &People) -> anyhow::Result<Vec<Shown>> {
    let users = people.execute(Command::ListUsers).await?.users()?;
    Shown::all(people, users).await
}

async fn unlock(username: &str, at: &At) -> anyhow::Result<()> {
    let shown = change(at, Command::GetUser(named(username)), true).await?;
    if at.json && shown.remote {
        return print::json(&json!({"unlocked": shown.value(), "note": SYSTEM_LOCK}));
    }
    done("unlocked", &shown, at)?;
    if shown.remote { print::line(SYSTEM_LOCK) } else { Ok(()) }
}

async fn remove(username: &str, at: &At) -> anyhow::Result<()> {
    let people = people(at).await?;
    let result = async {
        let user = *people.execute(Command::GetUser(named(username))).await?.user()?;
        let shown = Shown::read(&people, user).await?;
        people.execute(Command::DeleteUser((&shown.user).into())).await?;
        Ok::<_, anyhow::Error>(shown)
    };
    let result = result.await;
    people.close().await;
    done("removed", &result?, at)
}

/// Runs a command that answers a user.
async fn one(at: &At, command: Command) -> anyhow::Result<Shown> {
    change(at, command, false).await
}

/// The same. Afterwards the user is unlocked, if `unlocks` is true.
async fn change(at: &At, command: Command, unlocks: bool) -> anyhow::Result<Shown> {
    let people = people(at).await?;
    let result = async {
        let mut user = *people.execute(command).await?.user()?;
        if unlocks {
            people.unlock(&user).await?;
            user = *people.execute(Command::GetUser((&user).into())).await?.user()?;
        }
        Shown::read(&people, user).await
    };
    let result = result.await;
    people.close().await;
    result
}

/// A user as every subcommand shows one.
struct Shown {
    user: User,
    restrictions: Restrictions,
    /// Whether the user is in a remote system, which can have its own lock.
    remote: bool,
}

impl Shown {
    async fn read(people: &People, user: User) -> anyhow::Result<Self> {
        let shown = Self::all(people, vec![user]).await?.pop();
        shown.context("the restrictions of the user are not there")
    }

    async fn all(people: &People, users: Vec<User>) -> anyhow::Result<Vec<Self>> {
        let (all, remote) = (people.restrictions(&users).await?, people.sidecar().is_some());
        let one = |(user, restrictions)| Self { user, restrictions, remote };
        Ok(users.into_iter().zip(all).map(one).collect())
    }

    fn value(&self) -> Value {
        print::user_value(&self.user, self.restrictions)
    }
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

fn show(shown: Shown, at: &At) -> anyhow::Result<()> {
    if at.json {
        return print::json(&shown.value());
    }
    table(&[shown])
}

fn table(users: &[Shown]) -> anyhow::Result<()> {
    let row = |shown: &Shown| print::user_row(&shown.user, shown.restrictions);
    print::table(&print::USER_HEADINGS, users.iter().map(row).collect())
}

fn done(what: &str, shown: &Shown, at: &At) -> anyhow::Result<()> {
    if at.json {
        return print::json(&json!({what: shown.value()}));
    }
    print::line(&format!("{what} {}", shown.user.username))
}
