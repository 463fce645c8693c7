//! Where the accounts of a new store come from. They are read one at a time, so that the memory does
//! not grow with the file.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::provision::accounts::{Account, AccountKey, Accounts};
use crate::rereadable::Rereadable;

const STRUCTURE: &str = "the accounts file does not have the expected structure (docs/accounts.md)";

/// The accounts of a new store. They can be read several times.
#[derive(Clone, Debug)]
pub struct Source(Arc<Place>);

#[derive(Debug)]
enum Place {
    Given(Accounts),
    File(Rereadable),
}

/// An account or a key of an application, with its number in its list.
#[derive(Debug)]
pub(super) enum Entry {
    User(u64, Box<Account>),
    Key(u64, Box<AccountKey>),
}

/// What is done with each entry.
type Take<'t> = &'t mut dyn FnMut(Entry) -> anyhow::Result<()>;

impl From<&Accounts> for Source {
    fn from(accounts: &Accounts) -> Self {
        Self(Arc::new(Place::Given(accounts.clone())))
    }
}

impl Source {
    /// The accounts of a file.
    pub fn of_file(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Place::File(Rereadable::open(path)?))))
    }

    /// Reads all entries from the first one. It ends at the first error.
    pub(super) fn each(&self, take: Take<'_>) -> anyhow::Result<()> {
        let file = match &*self.0 {
            Place::Given(accounts) => return given(accounts, take),
            Place::File(file) => file.read().context(STRUCTURE)?,
        };
        let mut failed = None;
        let mut noted = |entry| {
            take(entry).map_err(|error| failed = Some(error)).map_err(|()| "an entry is refused")
        };
        let mut json = serde_json::Deserializer::from_reader(file);
        let read = File(&mut noted).deserialize(&mut json).and_then(|()| json.end());
        match failed {
            Some(error) => Err(error),
            None => read.context(STRUCTURE),
        }
    }
}

fn given(accounts: &Accounts, take: Take<'_>) -> anyhow::Result<()> {
    for (number, account) in (0..).zip(&accounts.users) {
        take(Entry::User(number, Box::new(account.clone())))?;
    }
    for (number, key) in (0..).zip(&accounts.application_keys) {
        take(Entry::Key(number, Box::new(key.clone())))?;
    }
    Ok(())
}

/// The same; the error is kept by the caller.
type Noted<'t> = &'t mut dyn FnMut(Entry) -> Result<(), &'static str>;

/// The members of the file, which [`Accounts`] has too.
#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Member {
    Users,
    ApplicationKeys,
    Vars,
    Notes,
}

/// Reads a file.
struct File<'t>(Noted<'t>);

impl<'de> DeserializeSeed<'de> for File<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for File<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("struct Accounts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = Vec::new();
        while let Some(member) = map.next_key::<Member>()? {
            if seen.contains(&member) {
                return Err(A::Error::custom("a member is there twice"));
            }
            seen.push(member);
            match member {
                Member::Users => {
                    let entry = |number, account| Entry::User(number, account);
                    map.next_value_seed(List(&mut *self.0, entry))?;
                }
                Member::ApplicationKeys => {
                    let entry = |number, key| Entry::Key(number, key);
                    map.next_value_seed(List(&mut *self.0, entry))?;
                }
                Member::Vars => drop(map.next_value::<HashMap<String, IgnoredAny>>()?),
                Member::Notes => drop(map.next_value::<Option<String>>()?),
            }
        }
        Ok(())
    }
}

/// Reads a list, and makes an entry of each value.
struct List<'t, V>(Noted<'t>, fn(u64, Box<V>) -> Entry);

impl<'de, V: Deserialize<'de>> DeserializeSeed<'de> for List<'_, V> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de, V: Deserialize<'de>> Visitor<'de> for List<'_, V> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut number = 0;
        while let Some(value) = list.next_element::<V>()? {
            (self.0)(self.1(number, Box::new(value))).map_err(A::Error::custom)?;
            number += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::io::Write as _;

    use anyhow::bail;
    use tempfile::NamedTempFile;

    use super::*;

    fn source(text: &str) -> Source {
        let mut file = NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Source::of_file(file.path()).unwrap()
    }

    fn words(source: &Source) -> anyhow::Result<Vec<String>> {
        let mut words = Vec::new();
        source.each(&mut |entry| {
            words.push(match entry {
                Entry::User(number, account) => format!("{number} {}", account.username),
                Entry::Key(number, key) => format!("{number} {}", key.value),
            });
            Ok(())
        })?;
        Ok(words)
    }

    #[test]
    fn a_file_is_read_entry_by_entry_and_again() {
        let text = r#"{"notes": null, "application_keys": [{"dialect": "kanboard", "value": "x"}],
            "vars": {"a": [1, {}]}, "users": [{"username": "ada"}, {"username": "bob"}]}"#;
        let read = source(text);
        for _ in 0..2 {
            assert_eq!(words(&read).unwrap(), ["0 x", "0 ada", "1 bob"]);
        }
        let given = Source::from(&serde_json::from_str::<Accounts>(text).unwrap());
        assert_eq!(words(&given).unwrap(), ["0 ada", "1 bob", "0 x"]);
    }

    #[test]
    fn what_is_no_accounts_file_is_refused_with_its_place() {
        let cases = [
            ("{\n\"user\": []}", "unknown field `user`"),
            ("{\"users\": [],\n\"users\": []}", "twice"),
            ("{\"users\": [\n{\"username\": 7}]}", "line 2"),
            ("{\"users\": {}}", "a sequence"),
            ("{} {}", "trailing characters"),
            ("[]", "struct Accounts"),
            ("{", "EOF"),
        ];
        for (text, told) in cases {
            let error = format!("{:#}", words(&source(text)).unwrap_err());
            assert!(error.contains(STRUCTURE) && error.contains(told), "{text}: {error}");
        }
    }

    #[test]
    fn the_error_of_whoever_takes_an_entry_is_told_as_it_is() {
        let read = source(r#"{"users": [{"username": "ada"}, {"username": "bob"}]}"#);
        let mut count = 0;
        let refused = read.each(&mut |_| {
            count += 1;
            bail!("no more")
        });
        assert_eq!((count, format!("{:#}", refused.unwrap_err())), (1, "no more".to_owned()));
    }
}
