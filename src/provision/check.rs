//! Reads an accounts file, and finds all errors before an account is created.

use std::collections::BTreeMap;
use std::net::IpAddr;

use anyhow::{Context, bail};
use ipnet::IpNet;
use isogloss_canonical::namespace::Numbering;

use crate::provision::accounts::{Account, AccountKey, Accounts};
use crate::registry;

/// The greatest id: the next one must fit into 64 bits too.
const GREATEST_ID: i64 = i64::MAX - 1;

/// The findings so far, and the values that were seen, each with its place.
#[derive(Default)]
struct Check {
    problems: Vec<String>,
    names: BTreeMap<String, String>,
    ids: BTreeMap<(String, i64), String>,
    keys: BTreeMap<(String, String), String>,
}

impl Accounts {
    /// Reads the text of a file, and refuses harmful accounts.
    pub fn read(text: &str) -> anyhow::Result<Self> {
        let accounts: Self = serde_json::from_str(text)
            .context("the accounts file does not have the expected structure (docs/accounts.md)")?;
        check(&accounts)?;
        Ok(accounts)
    }
}

/// Refuses accounts that could be created but would do harm. The error has one line for each
/// problem, and no secret.
fn check(accounts: &Accounts) -> anyhow::Result<()> {
    let mut check = Check::default();
    for (index, account) in accounts.users.iter().enumerate() {
        check.account(&format!("users[{index}], user {:?}", account.username), account);
    }
    for (index, key) in accounts.application_keys.iter().enumerate() {
        check.key(&format!("application_keys[{index}]"), key);
    }
    match check.problems.as_slice() {
        [] => Ok(()),
        [only] => bail!("the accounts file is refused: {only}"),
        all => {
            bail!("the accounts file is refused: {} problems\n  {}", all.len(), all.join("\n  "))
        }
    }
}

impl Check {
    fn refuse(&mut self, place: &str, what: &str) {
        self.problems.push(format!("{place}: {what}"));
    }

    fn account(&mut self, place: &str, account: &Account) {
        if account.username.trim().is_empty() {
            self.refuse(place, "the user name is empty");
        }
        if let Some(other) = self.names.insert(account.username.clone(), place.to_owned()) {
            self.refuse(place, &format!("{other} has the same name"));
        }
        if account.password.as_deref() == Some("") {
            self.refuse(place, "the password is empty; leave it out for a user without one");
        }
        for (namespace, id) in &account.ids {
            self.id(&format!("{place}: ids.{namespace}"), namespace, *id);
        }
        for (index, key) in account.keys.iter().enumerate() {
            self.key(&format!("{place}: keys[{index}]"), key);
        }
        self.addresses(place, &account.addresses);
    }

    fn id(&mut self, place: &str, namespace: &str, id: i64) {
        let Some(adapter) = registry::SYSTEMS.of_namespace(namespace) else {
            let known = registry::SYSTEMS.namespaces();
            return self.refuse(place, &format!("unknown id namespace; expected {known}"));
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
            Numbering::From(_) => {
                let key = (namespace.to_owned(), id);
                if let Some(other) = self.ids.insert(key, place.to_owned()) {
                    self.refuse(place, &format!("{other} has the same id"));
                }
            }
        }
    }

    fn key(&mut self, place: &str, key: &AccountKey) {
        if let Err(why) = registry::dialect(&key.dialect) {
            self.refuse(place, &why);
        }
        if key.value.trim().is_empty() || key.value.chars().any(char::is_control) {
            return self.refuse(place, "the value is empty or holds a control character");
        }
        let value = (key.dialect.clone(), key.value.clone());
        if let Some(other) = self.keys.insert(value, place.to_owned()) {
            self.refuse(place, &format!("{other} has the same value"));
        }
        self.addresses(place, &key.addresses);
    }

    fn addresses(&mut self, place: &str, addresses: &[String]) {
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
