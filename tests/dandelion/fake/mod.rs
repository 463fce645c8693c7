//! The state of the fake: users with passwords and keys, groups with rights, statuses, sessions. Ids
//! come from counters, as in the server's database: an id of a failed insert is lost, and after a
//! restart of the database the counter continues behind the highest id that is left.

mod call;
mod cheesto;
mod columns;
pub(crate) mod form;
mod groups;
mod keys;
mod pages;
mod users;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The rights of a group, in the order in which a new group stores them.
pub(crate) const RIGHTS: [&str; 17] = [
    "createlog",
    "editlog",
    "editlogall",
    "viewlog",
    "addcomment",
    "createcat",
    "editcat",
    "deletecat",
    "createuser",
    "edituser",
    "deleteuser",
    "creategroup",
    "editgroup",
    "deletegroup",
    "viewcheesto",
    "updatecheesto",
    "admin",
];

/// The rights that the group of guests stores. It is older than two of the rights.
const OF_GUESTS: [&str; 2] = ["viewlog", "viewcheesto"];
const NOT_OF_GUESTS: [&str; 2] = ["editlogall", "addcomment"];
/// The rights that the ordinary group does not have.
const NOT_ORDINARY: [&str; 8] = [
    "editlogall",
    "createuser",
    "edituser",
    "deleteuser",
    "creategroup",
    "editgroup",
    "deletegroup",
    "admin",
];

/// A row of the users.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: Vec<u8>,
    /// The part of the password that the hash uses.
    pub(crate) password: Vec<u8>,
    pub(crate) fullname: Vec<u8>,
    pub(crate) group: i64,
    pub(crate) created: String,
    pub(crate) theme: Vec<u8>,
    pub(crate) initial_login: i64,
    pub(crate) disabled: bool,
    pub(crate) key: Option<String>,
}

/// A row of the groups. `rights` is `None` if they were overwritten with what is no object.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) name: Vec<u8>,
    pub(crate) rights: Option<Map<String, Value>>,
}

/// A row of the statuses.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    pub(crate) id: i64,
    pub(crate) user: i64,
    pub(crate) values: BTreeMap<&'static str, Vec<u8>>,
}

/// The server.
#[derive(Debug)]
pub(crate) struct Fake {
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    pub(crate) statuses: Vec<Status>,
    /// The user ids of the sessions, by the value of their cookie.
    pub(crate) sessions: BTreeMap<String, i64>,
    /// The methods and pages that were asked for.
    pub(crate) asked: Vec<String>,
    /// Whether the API is switched on.
    pub(crate) has_api: bool,
    /// Whether nearly every error is an empty answer, as in the released 6.1.1.
    pub(crate) as_shipped: bool,
    next_user: i64,
    next_group: i64,
    next_other: i64,
}

impl Fake {
    /// A server with these accounts, in the form of the recordings' accounts.
    pub(crate) fn with(accounts: &Value) -> Self {
        let all = |rights: &[&str], on: &dyn Fn(&str) -> bool| {
            Some(rights.iter().map(|right| ((*right).to_owned(), json!(on(right)))).collect())
        };
        let seeded = |id, name: &str, rights| Group { id, name: name.into(), rights };
        let guest: Vec<_> = RIGHTS.into_iter().filter(|one| !NOT_OF_GUESTS.contains(one)).collect();
        let groups = vec![
            seeded(1, "user", all(&RIGHTS, &|one| !NOT_ORDINARY.contains(&one))),
            seeded(2, "admin", all(&RIGHTS, &|_| true)),
            seeded(3, "guest", all(&guest, &|one| OF_GUESTS.contains(&one))),
        ];
        let accounts = accounts["users"].as_array().into_iter().flatten();
        let mut fake = Self {
            users: accounts.map(user_of).collect(),
            groups,
            statuses: Vec::new(),
            sessions: BTreeMap::new(),
            asked: Vec::new(),
            has_api: true,
            as_shipped: false,
            next_user: 1,
            next_group: 1,
            next_other: 1,
        };
        fake.restart();
        fake
    }

    /// Restarts the database: ids behind the highest one are given again.
    pub(crate) fn restart(&mut self) {
        self.next_user = self.users.iter().map(|user| user.id).max().unwrap_or_default() + 1;
        self.next_group = self.groups.iter().map(|group| group.id).max().unwrap_or_default() + 1;
    }

    /// The user with this id.
    pub(crate) fn user(&self, id: i64) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    /// A number that was never given, for keys and cookies.
    fn fresh(&mut self) -> i64 {
        self.next_other += 1;
        self.next_other
    }
}

/// A value of a counter. It counts further, whatever becomes of the value.
fn take(counter: &mut i64) -> i64 {
    *counter += 1;
    *counter - 1
}

fn user_of(account: &Value) -> User {
    let text = |name: &str| account[name].as_str().unwrap_or_default();
    let admin = account["admin"] == true;
    let group = match account["groups"][0].as_str() {
        Some("guest") => 3,
        Some("admin") => 2,
        _ => 1 + i64::from(admin),
    };
    let named = match text("display_name") {
        "" if admin => "Administrator".to_owned(),
        "" => capitals(text("username")),
        name => name.to_owned(),
    };
    User {
        id: account["ids"]["dandelion"].as_i64().unwrap_or(1),
        username: text("username").into(),
        password: text("password").into(),
        fullname: named.into(),
        group: if admin { 2 } else { group },
        created: if admin { "2015-01-01" } else { "2016-01-01" }.to_owned(),
        theme: account["attributes"]["dandelion.theme"].as_str().unwrap_or_default().into(),
        initial_login: i64::from(admin),
        disabled: account["active"] == false,
        key: account["keys"][0]["value"].as_str().map(str::to_owned),
    }
}

/// `boot_guest` as a full name: `Boot Guest`.
fn capitals(name: &str) -> String {
    let word = |word: &str| word.get(..1).map(|first| first.to_uppercase() + &word[1..]);
    name.split('_').filter_map(word).collect::<Vec<_>>().join(" ")
}
