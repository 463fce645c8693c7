//! A person's tokens as an answer shows them.

use std::borrow::Cow;
use std::collections::HashMap;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::key::{Key, KeyChoice};
use isogloss_canonical::user::{User, UserId, UserRef};
use isogloss_interop::python::value::Py;

use crate::dialect::call::Call;
use crate::options::version::Differences;
use crate::wire::{BUILT_IN_KEY, Object};

/// The scope of that token.
pub(crate) const FEED: &str = "feed";

/// The tokens of everybody, by owner.
pub(crate) type AllKeys = HashMap<UserId, Vec<Key>>;

/// A person's tokens.
#[derive(Debug)]
pub(crate) enum Tokens<'k> {
    /// For a caller who may see them.
    Shown(Cow<'k, [Key]>),
    /// For any other caller.
    Masked,
}

impl Tokens<'_> {
    /// Whether the person has none.
    pub(crate) fn are_none(&self) -> bool {
        matches!(self, Self::Shown(keys) if keys.is_empty())
    }
}

/// Reads a person's tokens.
pub(crate) async fn of_user(call: &Call<'_>, user: &User) -> Result<Tokens<'static>, Fault> {
    let namespace = call.options.namespace.clone();
    let command = Command::ListKeys(Some(UserRef::from(user)), namespace, KeyChoice::All);
    Ok(Tokens::Shown(call.run(command).await?.keys()?.into()))
}

/// Reads everybody's tokens.
pub(crate) async fn of_everybody(call: &Call<'_>) -> Result<AllKeys, Fault> {
    let command = Command::ListKeys(None, call.options.namespace.clone(), KeyChoice::All);
    let mut owned = AllKeys::new();
    for key in call.run(command).await?.keys()? {
        if let Some(owner) = key.owner {
            owned.entry(owner).or_default().push(key);
        }
    }
    Ok(owned)
}

/// Sets the members that hold the tokens. `seed` is what made-up tokens are derived from.
pub(crate) fn set(shape: &mut Object, version: &Differences, tokens: &Tokens<'_>, seed: &str) {
    let (built_in, listed) = match tokens {
        Tokens::Shown(keys) => shown(keys, seed),
        Tokens::Masked => ("*".repeat(40), vec!["*".repeat(40)]),
    };
    let list = |all: Vec<String>| Py::List(all.into_iter().map(Py::from).collect());
    if !version.built_in_keys {
        shape.set("auth_tokens", list(listed));
        return;
    }
    let all = match tokens {
        Tokens::Masked => listed,
        Tokens::Shown(_) => [vec![built_in.clone()], listed].concat(),
    };
    shape.set("api_key", built_in);
    shape.set("api_keys", list(all));
}

/// The built-in key and the tokens. In RhodeCode everybody has a built-in key and a feed token.
/// Where there is none, a made-up one of the same form is shown, which opens nothing.
fn shown(keys: &[Key], seed: &str) -> (String, Vec<String>) {
    let value = |key: &Key| key.shown.as_ref().map(|value| value.expose().to_owned());
    let built_in = |key: &Key| key.label.as_deref() == Some(BUILT_IN_KEY);
    let first = keys.iter().find(|key| built_in(key)).and_then(value);
    let mut listed: Vec<_> = keys.iter().filter(|key| !built_in(key)).filter_map(value).collect();
    // A person whom version 4.3 gave a built-in key and no token has none. A server behind the
    // gateway shows all the tokens that there are.
    let feed = |key: &Key| key.scope.as_deref() == Some(FEED) || key.is_vouched();
    if !keys.iter().any(feed) && first.is_none() {
        listed.insert(0, made_up_token(seed, "feed"));
    }
    (first.unwrap_or_else(|| made_up_token(seed, "c0de")), listed)
}

/// Forty hexadecimal digits that open nothing.
fn made_up_token(seed: &str, mark: &str) -> String {
    let digits: String = seed.chars().rev().chain(seed.chars()).take(36).collect();
    format!("{mark}{digits}")
}
