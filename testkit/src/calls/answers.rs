//! What an answer of a dialect means, by its status, its text and the places of its JSON.

use serde::Deserialize;
use serde_json::Value;

/// One condition. All that it names must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Condition {
    /// The status is one of these, or between the two of a range.
    status: Vec<u16>,
    between: Option<(u16, u16)>,
    /// The text of the answer has one of these.
    text: Vec<String>,
    /// Whether there is no text.
    empty: Option<bool>,
    /// The place in the JSON that the following are about.
    at: String,
    /// Whether the place exists.
    exists: Option<bool>,
    /// Whether it is null or does not exist.
    null: Option<bool>,
    /// Whether it is true as PHP's databases write it: neither `0`, `false`, null nor empty.
    truth: Option<bool>,
    /// It is one of these.
    is: Vec<Value>,
    /// It is none of these.
    not: Vec<Value>,
    /// Its text, or the text of its JSON, has one of these.
    has: Vec<String>,
}

/// The rules of a dialect for its answers. An answer means what the conditions of one list of a rule
/// say together.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// The caller is not known, or is not allowed.
    refused: Vec<Vec<Condition>>,
    /// The call was carried out, unless it was refused.
    done: Vec<Vec<Condition>>,
    /// The new name exists already.
    taken: Vec<Vec<Condition>>,
    /// Something behind the dialect failed, and the caller has not caused it.
    outage: Vec<Vec<Condition>>,
}

/// The class of an answer, independent of the dialect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request succeeded.
    Done,
    /// The caller is not allowed or not known.
    Refused,
    /// The request failed for another reason.
    Failed,
}

/// A list of users in an answer.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct People {
    /// The place of the list.
    pub rows: String,
    /// The place of the id in a row. Absent: a user has no id but the name.
    pub id: Option<String>,
    /// The place of the name.
    pub name: String,
    /// The place of the key, if the list shows it.
    pub key: Option<String>,
    #[serde(default)]
    administrator: Vec<Condition>,
    #[serde(default)]
    active: Vec<Condition>,
    /// Who is a manager. Absent: the dialect does not show it.
    manager: Option<Vec<Condition>>,
}

/// A user in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The id; none if users have no id but the name.
    pub id: Option<String>,
    /// The name.
    pub name: String,
    /// Whether it has the administrator's role.
    pub administrator: bool,
    /// Whether it is active.
    pub active: bool,
    /// Whether it is a manager, if the dialect shows that.
    pub manager: Option<bool>,
    /// The key, if the list shows it.
    pub key: Option<Value>,
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Condition {
    /// Whether it holds for an answer.
    #[must_use]
    pub fn holds(&self, status: u16, text: &str, json: &Value) -> bool {
        let any = |list: &[String], text: &str| {
            list.is_empty() || list.iter().any(|one| text.contains(one.as_str()))
        };
        let statuses = self.status.is_empty() || self.status.contains(&status);
        let range = self.between.is_none_or(|(least, most)| (least..=most).contains(&status));
        let empty = self.empty.is_none_or(|empty| empty == text.is_empty());
        statuses && range && empty && any(&self.text, text) && self.holds_at(json.pointer(&self.at))
    }

    fn holds_at(&self, place: Option<&Value>) -> bool {
        let value = place.unwrap_or(&Value::Null);
        let said = text(value);
        let truth = !["0", "false", "null", ""].contains(&said.as_str());
        self.exists.is_none_or(|exists| exists == place.is_some())
            && self.null.is_none_or(|null| null == value.is_null())
            && self.truth.is_none_or(|wanted| wanted == truth)
            && (self.is.is_empty() || self.is.contains(value))
            && !self.not.contains(value)
            && (self.has.is_empty() || self.has.iter().any(|one| said.contains(one.as_str())))
    }
}

impl Meaning {
    fn any(rules: &[Vec<Condition>], (status, text, json): (u16, &str, &Value)) -> bool {
        rules.iter().any(|all| all.iter().all(|one| one.holds(status, text, json)))
    }

    /// The class of an answer.
    #[must_use]
    pub fn class(&self, status: u16, text: &str, json: &Value) -> Class {
        let answer = (status, text, json);
        match (Self::any(&self.refused, answer), Self::any(&self.done, answer)) {
            (true, _) => Class::Refused,
            (false, true) => Class::Done,
            (false, false) => Class::Failed,
        }
    }

    /// Whether it says that a name exists already.
    #[must_use]
    pub fn is_taken(&self, status: u16, text: &str, json: &Value) -> bool {
        Self::any(&self.taken, (status, text, json))
    }

    /// Whether it is the dialect's error for a fault that the caller has not caused.
    #[must_use]
    pub fn is_outage(&self, status: u16, text: &str, json: &Value) -> bool {
        Self::any(&self.outage, (status, text, json))
    }
}

impl People {
    /// Whether it shows who is an administrator.
    #[must_use]
    pub const fn shows_role(&self) -> bool {
        !self.administrator.is_empty()
    }

    /// Whether it shows who is active.
    #[must_use]
    pub const fn shows_state(&self) -> bool {
        !self.active.is_empty()
    }

    /// Whether it shows who is a manager.
    #[must_use]
    pub const fn shows_managers(&self) -> bool {
        self.manager.is_some()
    }

    /// The users of an answer. `None`: it has no list.
    #[must_use]
    pub fn of(&self, json: &Value) -> Option<Vec<Shown>> {
        let rows = json.pointer(&self.rows)?.as_array()?;
        Some(rows.iter().map(|row| self.shown(row)).collect())
    }

    fn shown(&self, row: &Value) -> Shown {
        let at = |place: &str| row.pointer(place).cloned().unwrap_or_default();
        let all = |rules: &[Condition]| rules.iter().all(|one| one.holds(200, "", row));
        Shown {
            id: self.id.as_deref().map(|place| text(&at(place))),
            name: at(&self.name).as_str().unwrap_or("not a text").to_owned(),
            administrator: all(&self.administrator),
            active: all(&self.active),
            manager: self.manager.as_deref().map(all),
            key: self.key.as_deref().map(at),
        }
    }
}
