//! The state of the fake: users with passwords, tokens and locks, groups and their members, as the
//! real server keeps them on SQLite. The highest id that was freed is used again, names differ by
//! case, the seventh wrong password in a row locks.

mod call;
mod caller;
mod groups;
mod rows;
pub(crate) mod rpc;
mod users;
mod values;

use std::collections::BTreeSet;

use serde_json::Value;

/// The roles that the server knows.
pub(crate) const ROLES: [&str; 3] = ["app-user", "app-manager", "app-admin"];

/// A row of the users.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) password: String,
    /// What the row shows of the password. Each one is new.
    hash: String,
    pub(crate) name: Value,
    pub(crate) email: Value,
    pub(crate) role: String,
    pub(crate) active: bool,
    /// Wrong passwords in a row.
    pub(crate) failures: u32,
    /// The personal token.
    pub(crate) token: Option<String>,
    /// The secret of the second factor, if the user has one.
    second_factor: Option<String>,
}

/// A row of the groups.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) external_id: Value,
}

/// The server.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    /// Group and user.
    pub(crate) members: BTreeSet<(i64, i64)>,
    /// The token of the application.
    pub(crate) application: String,
    /// The header that is read instead of `Authorization`, in lower case.
    pub(crate) header: Option<&'static str>,
    /// The methods that were called, those of one request together.
    pub(crate) asked: Vec<Vec<String>>,
    hashes: u64,
}

impl Fake {
    /// A server with these accounts, in the form of the recordings' accounts.
    pub(crate) fn with(accounts: &Value) -> Self {
        let token = accounts["application_keys"][0]["value"].as_str().unwrap_or_default();
        let mut fake = Self { application: token.to_owned(), ..Self::default() };
        for account in accounts["users"].as_array().into_iter().flatten() {
            fake.add_account(account);
        }
        fake
    }

    fn add_account(&mut self, account: &Value) {
        let text = |name: &str| account[name].as_str().unwrap_or_default().to_owned();
        let hash = self.next_hash();
        let free = self.free_id();
        let admin = account["admin"] == true;
        self.users.push(User {
            id: account["ids"]["kanboard"].as_i64().unwrap_or(free),
            username: text("username"),
            password: text("password"),
            hash,
            // The installer gives the first administrator neither name nor address.
            name: if admin { Value::Null } else { text("display_name").into() },
            email: if admin { Value::Null } else { text("email").into() },
            role: if admin { "app-admin" } else { "app-user" }.to_owned(),
            active: account.get("active") != Some(&Value::Bool(false)),
            failures: 0,
            token: account["keys"][0]["value"].as_str().map(str::to_owned),
            second_factor: account["attributes"]["kanboard.twofactor_secret"]
                .as_str()
                .map(str::to_owned),
        });
    }

    /// The id of the next user: SQLite uses the highest one again after a removal.
    fn free_id(&self) -> i64 {
        self.users.iter().map(|user| user.id).max().unwrap_or_default() + 1
    }

    fn next_hash(&mut self) -> String {
        self.hashes += 1;
        format!("$2y$10${:0>53}", self.hashes)
    }

    /// A user by id.
    fn user(&mut self, id: i64) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.id == id)
    }
}
