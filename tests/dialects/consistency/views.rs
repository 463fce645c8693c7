//! Compares what all four dialects show with the model.

use std::collections::BTreeSet;
use std::fmt::Debug;

use isogloss_canonical::role::Role;
use isogloss_canonical::user::folded;
use serde_json::{Value, json};

use super::model::{Model, Person};
use super::{KEY, LOGIN};
use crate::calls::{dandelion, kanboard, octoprint, rhodecode};

/// What every dialect can show of a user: the name, the administrator's role, the active flag.
type Shown = (i64, String, bool, bool);

fn shown(id: i64, name: &Value, admin: bool, active: bool) -> Shown {
    (id, name.as_str().unwrap_or("not a text").to_owned(), admin, active)
}

fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(-1)
}

/// A boolean that PHP's databases return as a number, a text or a boolean.
fn truth(value: &Value) -> bool {
    !matches!(value.to_string().trim_matches('"'), "0" | "false" | "null" | "")
}

fn same<T: Debug + Ord>(what: &str, one: Vec<T>, other: Vec<T>) -> Result<(), String> {
    let (one, other): (BTreeSet<T>, BTreeSet<T>) =
        (one.into_iter().collect(), other.into_iter().collect());
    if one == other {
        return Ok(());
    }
    let differ: Vec<_> = one.symmetric_difference(&other).collect();
    Err(format!("{what} differs: {differ:?}"))
}

fn rows(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

impl Model {
    fn expected(&self, id: fn(&Person) -> i64) -> Vec<Shown> {
        let people = self.people.iter();
        let admin = |person: &Person| person.role == Role::Administrator;
        people.map(|own| (id(own), own.name.clone(), admin(own), own.active)).collect()
    }

    /// All four dialects must show the users of the model.
    pub(super) async fn compare(&self) -> Result<(), String> {
        self.compare_kanboard().await?;
        let list = self.gateway.send(octoprint(KEY, "GET /api/access/users", &Value::Null)).await;
        let user = |user: &Value| {
            let in_group = rows(&user["groups"]).any(|group| group == "admins");
            shown(0, &user["name"], truth(&user["admin"]) && in_group, truth(&user["active"]))
        };
        same("OctoPrint", self.expected(|_| 0), rows(&list.json["users"]).map(user).collect())?;
        let keys = |user: &Value| (user["name"].to_string(), user["apikey"].clone().to_string());
        let held = |own: &Person| (json!(own.name).to_string(), json!(own.key).to_string());
        let expected = self.people.iter().map(held).collect();
        same("OctoPrint's keys", expected, rows(&list.json["users"]).map(keys).collect())?;
        let list = self.gateway.send(rhodecode(KEY, "get_users", &json!({}))).await;
        let user = |user: &Value| {
            let id = number(&user["user_id"]);
            shown(id, &user["username"], truth(&user["admin"]), truth(&user["active"]))
        };
        let expected = self.expected(|own| own.rhodecode);
        same("RhodeCode", expected, rows(&list.json["result"]).map(user).collect())?;
        let list = self.gateway.send(dandelion(KEY, "GET /api/users/getusers", &json!({}))).await;
        let user = |user: &Value| {
            let admin = user["group_id"] == json!("2");
            shown(number(&user["id"]), &user["username"], admin, !truth(&user["disabled"]))
        };
        let expected = self.expected(|own| own.dandelion);
        same("Dandelion", expected, rows(&list.json["data"]).map(user).collect())?;
        self.compare_keys().await
    }

    async fn compare_kanboard(&self) -> Result<(), String> {
        let list = self.gateway.send(kanboard(LOGIN, "getAllUsers", &json!([]))).await;
        let user = |user: &Value| {
            let admin = user["role"] == json!("app-admin");
            shown(number(&user["id"]), &user["username"], admin, truth(&user["is_active"]))
        };
        let expected = self.expected(|own| own.kanboard);
        same("Kanboard", expected, rows(&list.json["result"]).map(user).collect())?;
        let managers = |user: &&Value| user["role"] == json!("app-manager");
        let managers = rows(&list.json["result"]).filter(managers).map(|user| number(&user["id"]));
        let own = self.people.iter().filter(|own| own.role == Role::Manager);
        same("managers", own.map(|own| own.kanboard).collect(), managers.collect())?;
        let members = self.gateway.send(kanboard(LOGIN, "getGroupMembers", &json!([1]))).await;
        let own = self.people.iter().filter(|own| own.member);
        let ids = rows(&members.json["result"]).map(|user| number(&user["id"])).collect();
        same("Kanboard's members", own.clone().map(|own| own.kanboard).collect(), ids)?;
        let crew = json!({"usergroupid": "crew"});
        let members = self.gateway.send(rhodecode(KEY, "get_user_group", &crew)).await;
        let users = &members.json["result"]["users"];
        let ids = rows(users).map(|user| number(&user["user_id"])).collect();
        same("RhodeCode's members", own.map(|own| own.rhodecode).collect(), ids)
    }

    /// A key is valid for its owner, also after a rename. No other key is valid.
    async fn compare_keys(&self) -> Result<(), String> {
        let alive = self.people.iter().filter_map(|own| Some((own.key.as_ref()?, Some(own))));
        for (key, owner) in alive.chain(self.dead.iter().map(|key| (key, None))) {
            let who = self.gateway.send(octoprint(key, "GET /api/currentuser", &Value::Null)).await;
            let expected = owner.filter(|own| own.active).map(|own| own.name.clone());
            if who.json["name"] != json!(expected) {
                return Err(format!("a key of {expected:?} opens {}", who.text));
            }
        }
        Ok(())
    }

    /// A password signs in its owner in each dialect, and no other user.
    pub(super) async fn everybody_is_themselves(&self) -> Result<(), String> {
        for own in self.people.iter().filter(|own| !own.password.is_empty()) {
            let login = format!("{}:{}", own.name, own.password);
            let me = self.gateway.send(kanboard(&login, "getMe", &json!([]))).await;
            // In Basic authentication the password starts after the first colon, and the name
            // `jsonrpc` is the application's.
            let may = own.active && own.name != "jsonrpc";
            let expected = if may { own.kanboard } else { -1 };
            if number(&me.json["result"]["id"]) != expected {
                return Err(format!("at Kanboard {own:?} is {} {}", me.status, me.text));
            }
            let spellings = [own.name.clone(), own.name.to_uppercase(), format!("{} ", own.name)];
            for name in spellings {
                self.at_dandelion(own, &name).await?;
            }
        }
        Ok(())
    }

    /// Dandelion accepts a name in another case, if only one user matches.
    async fn at_dandelion(&self, own: &Person, name: &str) -> Result<(), String> {
        let form = json!({"user": name, "pass": own.password});
        let session = self.gateway.send(dandelion("", "POST /login", &form)).await;
        let line = "GET /api/i/users/getuser";
        let me = dandelion("", line, &json!({})).within(&session.cookies);
        let me = self.gateway.send(me).await;
        let id = number(&me.json["data"][0]["id"]);
        let alike = self.people.iter().filter(|one| folded(&one.name) == folded(name)).count();
        let exact = self.people.iter().find(|one| one.name == name);
        let found = match exact {
            Some(exact) => exact.dandelion == own.dandelion,
            None => alike == 1 && folded(name) == folded(&own.name),
        };
        let expected = if found && own.active { own.dandelion } else { -1 };
        if id == expected {
            return Ok(());
        }
        Err(format!("at Dandelion {own:?} as {name:?} is {id}: {} {}", session.text, me.text))
    }
}
