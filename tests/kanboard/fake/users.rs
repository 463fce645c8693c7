//! The methods about users.

use serde_json::{Value, json};

use super::call::{Answer, Given, NO_COLUMN, Refusal};
use super::caller::Caller;
use super::values::{id, is_email, text, trim};
use super::{Fake, ROLES, User};

/// The most characters of a user name.
const NAME_LENGTH: usize = 191;
/// The fewest characters of a password.
const PASSWORD_LENGTH: usize = 6;

impl Fake {
    pub(super) fn run_on_user(&mut self, method: &str, caller: &Caller, given: &Given) -> Answer {
        let first = id(given.first().and_then(Option::as_ref));
        Ok(match method {
            "createUser" => return self.create(given),
            "updateUser" => return self.update(caller, given),
            "getUser" => self.user(first).map_or(Value::Null, |user| user.row()),
            "getUserByName" => {
                let name = given[0].as_ref().and_then(text);
                let named = self.users.iter().find(|user| Some(&user.username) == name.as_ref());
                named.map_or(Value::Null, User::row)
            }
            "getAllUsers" => {
                let mut all: Vec<_> = self.users.iter().collect();
                all.sort_by(|one, other| one.username.cmp(&other.username));
                all.into_iter().map(User::row).collect()
            }
            "removeUser" => {
                self.members.retain(|(_, user)| *user != first);
                let before = self.users.len();
                self.users.retain(|user| user.id != first);
                json!(self.users.len() < before)
            }
            "disableUser" | "enableUser" => {
                if let Some(user) = self.user(first) {
                    user.active = method == "enableUser";
                }
                json!(true)
            }
            _ => json!(self.user(first).is_some_and(|user| user.active)),
        })
    }

    fn create(&mut self, given: &Given) -> Answer {
        let or = |at: usize, default: &str| given[at].clone().unwrap_or(json!(default));
        let email = or(3, "");
        // PHP stops at a value that a function for texts does not take.
        if [&or(0, ""), &or(1, ""), &email]
            .iter()
            .any(|value| value.is_array() || value.is_object())
        {
            return Err(Refusal::Fatal);
        }
        let (name, password) = (text(&or(0, "")), text(&or(1, "")));
        let (Some(username), Some(password), Some(role)) =
            (name, password, text(&or(4, "app-user")))
        else {
            return Ok(json!(false));
        };
        let takes = !username.is_empty()
            && username.chars().count() <= NAME_LENGTH
            && password.chars().count() >= PASSWORD_LENGTH
            && is_email(&email)
            && takes_role(&or(4, ""))
            && self.is_free(&username, 0);
        if !takes {
            return Ok(json!(false));
        }
        if password.contains('\0') {
            return Err(Refusal::Fatal);
        }
        let user = User {
            id: self.free_id(),
            username: trim(&username).to_owned(),
            password,
            hash: self.next_hash(),
            name: text(&or(2, "")).into(),
            email: text(&email).into(),
            role,
            active: true,
            ..User::default()
        };
        let made = json!(user.id);
        self.users.push(user);
        Ok(made)
    }

    /// Whether nobody else has the name, before and after it is trimmed.
    fn is_free(&self, username: &str, own: i64) -> bool {
        let is_it = |user: &User| [username, trim(username)].contains(&&*user.username);
        !self.users.iter().any(|user| user.id != own && is_it(user))
    }

    fn update(&mut self, caller: &Caller, given: &Given) -> Answer {
        let own = id(given[0].as_ref());
        let new = |at: usize| given[at].as_ref().and_then(text);
        let is_list =
            |at: usize| given[at].as_ref().is_some_and(|one| one.is_array() || one.is_object());
        if is_list(1) || is_list(3) {
            return Err(Refusal::Fatal);
        }
        if matches!(caller, Caller::Application) && own == 0 && is_nothing(given[0].as_ref()) {
            return Err(Refusal::Fatal);
        }
        let takes = new(1).is_none_or(|name| {
            name.chars().count() <= NAME_LENGTH && (name.is_empty() || self.is_free(&name, own))
        }) && given[3].as_ref().is_none_or(is_email)
            && given[4].as_ref().is_none_or(takes_role);
        if !takes {
            return Ok(json!(false));
        }
        if (1..5).all(|at| new(at).is_none()) {
            return Err(NO_COLUMN);
        }
        if let Some(user) = self.user(own) {
            user.username = new(1).map_or(user.username.clone(), |name| trim(&name).to_owned());
            user.name = new(2).map_or(user.name.clone(), Value::from);
            user.email = new(3).map_or(user.email.clone(), Value::from);
            user.role = new(4).unwrap_or(user.role.clone());
        }
        Ok(json!(true))
    }
}

/// Whether PHP takes a value for no id.
fn is_nothing(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(false)))
        || value.is_some_and(|value| *value == 0 || *value == "0")
}

/// Whether a value is a role of the server: PHP takes `true` for one, and null and the empty text for
/// no change.
fn takes_role(value: &Value) -> bool {
    *value == true || text(value).is_none_or(|role| role.is_empty() || ROLES.contains(&&*role))
}
