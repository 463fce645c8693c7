//! The state of the fake: users with tokens, user groups with rights, sessions of the web pages.

mod groups;
mod pages;
mod rows;
mod users;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// What a call ends with: a result or an error.
pub(crate) type Answer = Result<Value, Value>;

/// A user. The first one is `default`.
#[derive(Clone, Debug, Default)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) username: String,
    pub(crate) password: Option<String>,
    pub(crate) columns: Map<String, Value>,
    pub(crate) active: bool,
    pub(crate) admin: bool,
    /// Tokens with their roles.
    pub(crate) tokens: Vec<(String, String)>,
    pub(crate) addresses: Vec<String>,
}

impl User {
    /// Whether the user may call from this address. The fake knows networks of one address.
    fn admits(&self, address: &str) -> bool {
        let own = |network: &String| network.trim_end_matches("/32") == address;
        self.addresses.is_empty() || self.addresses.iter().any(own)
    }
}

/// A user group.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) description: Value,
    pub(crate) active: Value,
    pub(crate) sync: Value,
    pub(crate) owner: i64,
    pub(crate) members: Vec<i64>,
    /// Rights of users, then of groups, in the order of the grants.
    pub(crate) rights: Vec<(i64, String)>,
    pub(crate) of_groups: Vec<(i64, String)>,
}

/// The server.
#[derive(Debug, Default)]
pub(crate) struct Fake {
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    /// The users of the sessions, by their cookie.
    pub(crate) sessions: BTreeMap<String, i64>,
    /// The methods and pages that were asked for.
    pub(crate) asked: Vec<String>,
    given: i64,
}

impl Fake {
    /// A server with these accounts, in the form of the recordings' accounts.
    pub(crate) fn with(accounts: &Value) -> Self {
        let mut fake = Self { given: 100, ..Self::default() };
        let columns = json!({"firstname": "Anonymous", "lastname": "User",
            "email": "anonymous@rhodecode.org"});
        let columns = columns.as_object().cloned().unwrap();
        let default = User { id: 1, username: "default".to_owned(), columns, ..User::default() };
        fake.users.push(User { active: true, ..default });
        for account in accounts["users"].as_array().into_iter().flatten() {
            fake.users.push(account_of(account));
        }
        fake
    }

    /// An id that was never given.
    fn next_id(&mut self) -> i64 {
        self.given += 1;
        self.given
    }

    /// Answers a call of the API, after the checks of its envelope.
    pub(crate) fn call(
        &mut self,
        (token, address): (&str, &str),
        method: &str,
        args: &Map<String, Value>,
    ) -> Answer {
        self.asked.push(method.to_owned());
        let caller = self.caller(token, address)?;
        let required =
            required(method).ok_or_else(|| json!(format!("No such method: {method}")))?;
        if let Some(name) = required.iter().find(|name| !args.contains_key(**name)) {
            return Err(json!(format!("Missing non optional `{name}` arg in JSON DATA")));
        }
        match method {
            "get_user" => self.get_user(&caller, args),
            "get_users" | "create_user" | "update_user" | "delete_user" | "get_ip"
                if !caller.admin =>
            {
                Err(json!("Access was denied to this resource."))
            }
            "get_users" => Ok(self.all_users()),
            "create_user" => self.create_user(args),
            "update_user" => self.update_user(args),
            "delete_user" => self.delete_user(args),
            "get_ip" => Ok(json!({"server_ip_addr": "127.0.0.1", "user_ips": []})),
            "get_repo_store" => Ok(json!({"path": "/srv/of-the-server"})),
            _ => self.about_groups(&caller, method, args),
        }
    }

    fn caller(&self, token: &str, address: &str) -> Result<User, Value> {
        let holds = |user: &&User| user.tokens.iter().any(|(own, _)| own == token);
        let user = self.users.iter().find(holds).ok_or_else(|| json!("Invalid API KEY"))?;
        if !user.active {
            return Err(json!("Request from this user not allowed"));
        }
        if !user.admits(address) {
            return Err(json!(format!("Request from IP:{address} not allowed")));
        }
        let role = user.tokens.iter().find(|(own, _)| own == token).map(|(_, role)| role.as_str());
        if !matches!(role, Some("all" | "api")) {
            return Err(json!("API KEY invalid or, has bad role for an API call"));
        }
        Ok(user.clone())
    }
}

/// The required arguments of a method, in the order of RhodeCode's check.
fn required(method: &str) -> Option<&'static [&'static str]> {
    Some(match method {
        "get_user" | "get_users" | "get_ip" | "get_user_groups" | "get_repo_store" => &[],
        "create_user" => &["username", "email"],
        "update_user" | "delete_user" => &["userid"],
        "create_user_group" => &["group_name"],
        "get_user_group" | "update_user_group" | "delete_user_group" => &["usergroupid"],
        "add_user_to_user_group"
        | "remove_user_from_user_group"
        | "revoke_user_permission_from_user_group" => &["userid", "usergroupid"],
        "grant_user_permission_to_user_group" => &["userid", "perm", "usergroupid"],
        "grant_user_group_permission_to_user_group" => {
            &["perm", "sourceusergroupid", "usergroupid"]
        }
        "revoke_user_group_permission_from_user_group" => &["sourceusergroupid", "usergroupid"],
        _ => return None,
    })
}

fn account_of(account: &Value) -> User {
    let text = |name: &str| account[name].as_str().unwrap_or_default().to_owned();
    let admin = account["admin"] == true;
    let names = if admin {
        ("RhodeCode".to_owned(), "Admin".to_owned())
    } else {
        (text("first_name"), text("last_name"))
    };
    // The administrator had to sign in for the first token.
    let seen = admin.then_some("2026-11-21T20:28:41.647");
    let columns = json!({"firstname": names.0, "lastname": names.1, "email": text("email"),
        "last_activity": seen});
    let keys = account["keys"].as_array().into_iter().flatten();
    let current = keys.filter(|key| key.get("expires").is_none_or(Value::is_null));
    let token = |key: &Value| {
        (
            key["value"].as_str().unwrap().to_owned(),
            key["scope"].as_str().unwrap_or("all").to_owned(),
        )
    };
    let addresses = account["addresses"].as_array().into_iter().flatten();
    User {
        id: account["ids"]["rhodecode"].as_i64().unwrap(),
        username: text("username"),
        password: Some(text("password")),
        columns: columns.as_object().cloned().unwrap(),
        active: account.get("active") != Some(&Value::Bool(false)),
        admin,
        tokens: current.map(token).collect(),
        addresses: addresses.filter_map(|one| Some(one.as_str()?.to_owned())).collect(),
    }
}
