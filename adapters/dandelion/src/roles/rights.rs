//! Rights: what a group of Dandelion allows, and the canonical grants that each right gives.

use isogloss_canonical::group::Group;
use isogloss_canonical::permission::{Grant, Grants};
use isogloss_interop::php::{filter, truth};
use serde_json::{Map, Value, json};

/// The attribute of a group that holds its rights.
pub(crate) const RIGHTS: &str = "dandelion.rights";

/// The question for the rights of the caller, in the words of the server.
pub(crate) const RIGHTS_OF_HOLDER: &str = "groups/getuserrights";

/// A right: its name, its label on the web pages, and the grants that it gives in other dialects.
struct Right(&'static str, &'static str, &'static [Grant]);

/// Every right, in the order of the answers. The right `admin` alone allows nothing.
const TABLE: [Right; 17] = [
    Right("createlog", "Create logs", &[]),
    Right("editlog", "Edit logs created by user", &[]),
    Right("editlogall", "Edit any log", &[]),
    Right("viewlog", "View logs", &[]),
    Right("addcomment", "Add Comments", &[]),
    Right("createcat", "Create categories", &[]),
    Right("editcat", "Edit categories", &[]),
    Right("deletecat", "Delete categories", &[]),
    Right("createuser", "Create users", &[Grant::CreateUsers]),
    Right("edituser", "Edit users", &[Grant::SeeUsers, Grant::EditUsers]),
    Right("deleteuser", "Delete users", &[Grant::DeleteUsers]),
    Right("creategroup", "Create groups", &[Grant::CreateGroups]),
    Right("editgroup", "Edit groups", &[Grant::EditGroups]),
    Right("deletegroup", "Delete groups", &[Grant::DeleteGroups]),
    Right("viewcheesto", "View Cheesto", &[]),
    Right("updatecheesto", "Update Cheesto", &[]),
    Right("admin", "Is Full Admin", &[]),
];

/// The rights of one group. The stored values may be of any type.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rights {
    /// The rights as they are stored.
    Stored(Map<String, Value>),
    /// A client sent something that is no set of rights: the group has no rights left.
    Wiped,
    /// There is no such group.
    Missing,
}

impl Rights {
    /// The rights that a client sends, merged over the defaults. Anything but a JSON object or list
    /// wipes all rights of the group.
    pub(crate) fn sent(text: &str) -> Self {
        let sent = match serde_json::from_str(text) {
            Ok(Value::Object(members)) => members.into_iter().collect(),
            Ok(Value::Array(items)) => {
                items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
            }
            Ok(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) | Err(_) => {
                return Self::Wiped;
            }
        };
        Self::Stored(merged(sent))
    }

    /// The rights of a new group for which the client sent none.
    pub(crate) fn none() -> Self {
        Self::Stored(merged(Vec::new()))
    }

    /// The rights of a group.
    pub(crate) fn of(group: &Group) -> Self {
        match group.attributes.get(RIGHTS) {
            Some(Value::Object(members)) => Self::Stored(members.clone()),
            Some(
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_),
            )
            | None => Self::Wiped,
        }
    }

    /// Whether the group has this right.
    pub(crate) fn allow(&self, right: &str) -> bool {
        self.members().is_some_and(|members| members.get(right).is_some_and(truth::of_json))
    }

    /// Whether these rights allow the same as a group's attribute.
    pub(crate) fn are(&self, stored: &Value) -> bool {
        let other = stored.as_object().cloned().map_or(Self::Wiped, Self::Stored);
        names().all(|right| self.allow(right) == other.allow(right))
    }

    /// The grants that the rights give in other dialects.
    pub(crate) fn grants(&self) -> Grants {
        let held = TABLE.iter().filter(|Right(name, ..)| self.allow(name));
        held.flat_map(|Right(_, _, grants)| grants.iter().copied()).collect()
    }

    /// The value of the group's attribute.
    pub(crate) fn stored(&self) -> Value {
        self.members().cloned().map_or(Value::Null, Value::Object)
    }

    /// The rights as `groups/getuserrights` shows them: the stored ones only
    /// (`fixtures/transcripts/dandelion/permissions-guest.json`).
    pub(crate) fn shown(&self) -> Value {
        match self {
            Self::Stored(members) => Value::Object(members.clone()),
            Self::Wiped => json!([]),
            Self::Missing => json!([false]),
        }
    }

    /// The rights as `groups/getgroup` shows them: merged over the defaults.
    pub(crate) fn completed(&self) -> Value {
        let complete = |members: &Map<_, _>| merged(members.clone().into_iter().collect());
        self.members().map_or(Value::Null, |members| Value::Object(complete(members)))
    }

    fn members(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Stored(members) => Some(members),
            Self::Wiped | Self::Missing => None,
        }
    }
}

/// PHP's `array_merge` over the defaults: a named member replaces its default or is added at the
/// end; members whose name is an integer are numbered again from 0.
fn merged(sent: Vec<(String, Value)>) -> Map<String, Value> {
    let mut all: Map<_, _> = names().map(|name| (name.to_owned(), Value::Bool(false))).collect();
    let mut next = 0;
    for (name, value) in sent {
        if filter::int(&name).is_some_and(|number| number.to_string() == name) {
            all.insert(next.to_string(), value);
            next += 1;
        } else {
            all.insert(name, value);
        }
    }
    all
}

/// The names of all rights.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|Right(name, ..)| *name)
}

/// The labels of all rights on the web pages.
pub(crate) fn labels() -> Value {
    TABLE.iter().map(|Right(name, label, _)| ((*name).to_owned(), json!(label))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sent_rights_are_merged_over_the_defaults() {
        let rights = Rights::sent(r#"{"edituser":"1","own":2,"9":true,"admin":"0"}"#);
        assert!(rights.allow("edituser") && rights.allow("own") && !rights.allow("admin"));
        assert_eq!(rights.grants(), [Grant::SeeUsers, Grant::EditUsers].into_iter().collect());
        let Rights::Stored(members) = &rights else { panic!("stored") };
        assert_eq!(members.keys().next_back().map(String::as_str), Some("0"));
        assert_eq!(members.len(), 19);
    }

    #[test]
    fn anything_else_wipes_every_right() {
        for text in ["", "nonsense", "5", "null", "\"admin\"", "true"] {
            assert_eq!(Rights::sent(text), Rights::Wiped, "{text}");
        }
        assert_eq!(Rights::Wiped.completed(), Value::Null);
    }
}
