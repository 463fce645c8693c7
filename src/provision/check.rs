//! Finds all errors of an accounts file before an account is created, in a bounded memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use anyhow::{Context, bail};
use ipnet::IpNet;
use isogloss_canonical::namespace::Numbering;

use crate::provision::accounts::{Account, AccountKey, Accounts, is_key};
use crate::provision::source::{Entry, Source};
use crate::registry;
use crate::repeats::{Place, Repeats};

/// The greatest id: the next one must fit into 64 bits too.
const GREATEST_ID: i64 = i64::MAX - 1;

/// The most problems that are told.
const TOLD: usize = 1_000;

/// The first row of the application keys, after all users.
const APPLICATION: u64 = 1 << 63;

/// How many entries a source has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Keys of applications.
    pub application_keys: u64,
}

impl Accounts {
    /// Reads the text of a file, and refuses harmful accounts.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let accounts: Self = serde_json::from_str(text)
            .context("the accounts file does not have the expected structure (docs/accounts.md)")?;
        check(&Source::from(&accounts))?;
        Ok(accounts)
    }
}

/// Refuses accounts that could be created but would do harm. The error has one line for each
/// problem, and no secret.
pub fn check(source: &Source) -> anyhow::Result<Counts> {
    let mut search = Search { repeats: Repeats::new()?, problems: Problems::default() };
    let counts = walk(source, &mut search)?;
    let Search { repeats, mut problems } = search;
    let (repeats, count) = repeats.first(TOLD)?;
    if !repeats.is_empty() {
        let mut names = Names::default();
        names.wanted.extend(repeats.iter().flat_map(|repeat| [repeat.later, repeat.earlier]));
        walk(source, &mut names)?;
        for repeat in repeats {
            let (Some((later, what)), Some((earlier, _))) =
                (names.found.get(&repeat.later), names.found.get(&repeat.earlier))
            else {
                bail!("the accounts file was changed while it was read");
            };
            problems.told.push((repeat.later, format!("{later}: {earlier} has the same {what}")));
        }
        problems.count += count;
    }
    problems.verdict().map(|()| counts)
}

/// The problems so far: the first ones of the file, and the number of all.
#[derive(Default)]
struct Problems {
    told: Vec<(Place, String)>,
    count: u64,
}

impl Problems {
    fn verdict(mut self) -> anyhow::Result<()> {
        self.told.sort();
        self.told.truncate(TOLD);
        let lines: Vec<_> = self.told.into_iter().map(|(_, line)| line).collect();
        let left = self.count - lines.len() as u64;
        let more = if left > 0 { format!("\n  and {left} more") } else { String::new() };
        match lines.as_slice() {
            [] => Ok(()),
            [only] => bail!("the accounts file is refused: {only}"),
            all => bail!(
                "the accounts file is refused: {} problems\n  {}{more}",
                self.count,
                all.join("\n  ")
            ),
        }
    }
}

/// What a walk through the accounts does.
trait Look {
    /// A problem.
    fn refuse(&mut self, at: Place, place: fmt::Arguments<'_>, what: &str);

    /// A value that must be there once: a name, an id or the value of a key.
    fn once(
        &mut self,
        at: Place,
        place: fmt::Arguments<'_>,
        what: &'static str,
        value: &[&str],
    ) -> anyhow::Result<()>;
}

/// The first walk: it collects problems and values.
struct Search {
    repeats: Repeats,
    problems: Problems,
}

impl Look for Search {
    fn refuse(&mut self, at: Place, place: fmt::Arguments<'_>, what: &str) {
        self.problems.count += 1;
        if self.problems.told.len() < TOLD {
            self.problems.told.push((at, format!("{place}: {what}")));
        }
    }

    fn once(
        &mut self,
        at: Place,
        _place: fmt::Arguments<'_>,
        what: &'static str,
        value: &[&str],
    ) -> anyhow::Result<()> {
        match *value {
            [one] => self.repeats.add(&[what, one], at),
            [one, two] => self.repeats.add(&[what, one, two], at),
            _ => Ok(()),
        }
    }
}

/// The second walk: it finds the words for the places of repeated values.
#[derive(Default)]
struct Names {
    wanted: BTreeSet<Place>,
    found: BTreeMap<Place, (String, &'static str)>,
}

impl Look for Names {
    fn refuse(&mut self, _at: Place, _place: fmt::Arguments<'_>, _what: &str) {}

    fn once(
        &mut self,
        at: Place,
        place: fmt::Arguments<'_>,
        what: &'static str,
        _value: &[&str],
    ) -> anyhow::Result<()> {
        if self.wanted.contains(&at) {
            self.found.insert(at, (place.to_string(), what));
        }
        Ok(())
    }
}

/// Walks through all entries. Every walk gives the same place to the same value.
fn walk(source: &Source, look: &mut dyn Look) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    source.each(&mut |entry| match entry {
        Entry::User(number, account) => {
            counts.users += 1;
            let name = &account.username;
            let place = format_args!("users[{number}], user {name:?}");
            Walk { row: number, at: 0, look: &mut *look }.account(place, &account)
        }
        Entry::Key(number, key) => {
            counts.application_keys += 1;
            let place = format_args!("application_keys[{number}]");
            Walk { row: APPLICATION | number, at: 0, look: &mut *look }.key(place, &key)
        }
    })?;
    Ok(counts)
}

/// The walk through one entry.
struct Walk<'w> {
    row: u64,
    /// The number of the next finding or value.
    at: u64,
    look: &'w mut dyn Look,
}

type Words<'w> = fmt::Arguments<'w>;

impl Walk<'_> {
    fn place(&mut self) -> Place {
        self.at += 1;
        (self.row, self.at)
    }

    fn refuse(&mut self, place: Words<'_>, what: &str) {
        let at = self.place();
        self.look.refuse(at, place, what);
    }

    fn once(&mut self, place: Words<'_>, what: &'static str, value: &[&str]) -> anyhow::Result<()> {
        let at = self.place();
        self.look.once(at, place, what, value)
    }

    fn account(&mut self, place: Words<'_>, account: &Account) -> anyhow::Result<()> {
        if account.username.trim().is_empty() {
            self.refuse(place, "the user name is empty");
        }
        self.once(place, "name", &[&account.username])?;
        if account.password.as_deref() == Some("") {
            self.refuse(place, "the password is empty; leave it out for a user without one");
        }
        for (namespace, id) in &account.ids {
            self.id(format_args!("{place}: ids.{namespace}"), namespace, *id)?;
        }
        for (index, key) in account.keys.iter().enumerate() {
            self.key(format_args!("{place}: keys[{index}]"), key)?;
        }
        self.addresses(place, &account.addresses);
        Ok(())
    }

    fn id(&mut self, place: Words<'_>, namespace: &str, id: i64) -> anyhow::Result<()> {
        let Some(adapter) = registry::SYSTEMS.of_namespace(namespace) else {
            let known = registry::SYSTEMS.namespaces();
            self.refuse(place, &format!("unknown id namespace; expected {known}"));
            return Ok(());
        };
        match adapter.users {
            Numbering::Names => {
                let what = format!("{} has no ids except the user names", adapter.name);
                self.refuse(place, &what);
            }
            Numbering::From(_) if !(1..=GREATEST_ID).contains(&id) => {
                let what = format!("{id} is no id; expected 1 to {GREATEST_ID}");
                self.refuse(place, &what);
            }
            Numbering::From(_) => self.once(place, "id", &[namespace, &id.to_string()])?,
        }
        Ok(())
    }

    fn key(&mut self, place: Words<'_>, key: &AccountKey) -> anyhow::Result<()> {
        if let Err(why) = registry::dialect(&key.dialect) {
            self.refuse(place, &why);
        }
        if !is_key(&key.value) {
            self.refuse(place, "the value is empty or holds a control character");
            return Ok(());
        }
        self.once(place, "value", &[&key.dialect, &key.value])?;
        self.addresses(place, &key.addresses);
        Ok(())
    }

    fn addresses(&mut self, place: Words<'_>, addresses: &[String]) {
        for address in addresses {
            if address.parse::<IpNet>().is_err() && address.parse::<IpAddr>().is_err() {
                let what = format!("{address:?} is no address or network, such as 10.0.0.0/8");
                self.refuse(place, &what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refusal(accounts: &Value) -> String {
        Accounts::read(&accounts.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn everything_is_found_at_once() {
        let key = |value: &str| json!({"dialect": "kanboard", "value": value});
        let told = refusal(&json!({
            "users": [
                {"username": "ada", "ids": {"kanboard": 7}, "keys": [key("hunter2"), key("")]},
                {"username": "bob", "ids": {"kanboard": 7, "kanbord": 1, "octoprint": 5},
                 "keys": [key("hunter2")], "password": ""},
                {"username": "eve", "ids": {"kanboard": i64::MAX, "dandelion": 0},
                 "addresses": ["here"]},
                {"username": "eve"},
                {"username": " "},
            ],
            "application_keys": [key("hunter2"), {"dialect": "latin", "value": "x"}],
        }));
        let wanted = [
            "13 problems",
            "users[0], user \"ada\": keys[1]: the value is empty",
            "users[1], user \"bob\": the password is empty",
            "users[1], user \"bob\": ids.kanboard: users[0], user \"ada\": ids.kanboard has the same id",
            "users[1], user \"bob\": ids.kanbord: unknown id namespace; expected octoprint",
            "users[1], user \"bob\": ids.octoprint: octoprint has no ids except the user names",
            "users[1], user \"bob\": keys[0]: users[0], user \"ada\": keys[0] has the same value",
            "users[2], user \"eve\": ids.dandelion: 0 is no id; expected 1 to 9223372036854775806",
            "users[2], user \"eve\": ids.kanboard: 9223372036854775807 is no id",
            "users[2], user \"eve\": \"here\" is no address or network",
            "users[3], user \"eve\": users[2], user \"eve\" has the same name",
            "users[4], user \" \": the user name is empty",
            "application_keys[0]: users[1], user \"bob\": keys[0] has the same value",
            "application_keys[1]: no dialect \"latin\"",
        ];
        for line in wanted {
            assert!(told.contains(line), "{line}\nis not in\n{told}");
        }
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn an_id_that_is_no_number_is_refused_with_its_line() {
        let text = "{\"users\": [\n{\"username\": \"ada\",\n\"ids\": {\"kanboard\": \"seven\"}}]}";
        let told = format!("{:#}", Accounts::read(text).unwrap_err());
        assert!(told.contains("line 3") && told.contains("expected i64"), "{told}");
    }
}
