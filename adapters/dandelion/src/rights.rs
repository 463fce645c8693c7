//! Groups: Dandelion's sets of rights, and what they mean to every other dialect.

use isogloss_canonical::group::{Group, NewGroup};
use isogloss_canonical::permission::{Grant, Grants};
use isogloss_canonical::user::{Role, User};
use serde_json::{Map, Value, json};

use crate::ids::Gid;
use crate::php;
use crate::wire::NAMESPACE;

/// The attribute of a group that holds its rights.
pub(crate) const RIGHTS: &str = "dandelion.rights";

/// A right: its name, what the web pages call it, and what it means to other dialects.
struct Right(&'static str, &'static str, &'static [Grant]);

/// Every right, in the order of the answers. The right `admin` by itself allows nothing.
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

/// The rights of one group, as they were stored: any values, of any truth.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Rights {
    /// As stored.
    Stored(Map<String, Value>),
    /// Wiped by something that was no list of rights.
    Wiped,
    /// There is no such group.
    Missing,
}

impl Rights {
    /// What a client sends, over the defaults. What is no JSON object or list wipes all rights.
    pub(crate) fn sent(text: &str) -> Self {
        let sent = match serde_json::from_str(text) {
            Ok(Value::Object(members)) => members.into_iter().collect(),
            Ok(Value::Array(items)) => {
                items.into_iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect()
            }
            _ => return Self::Wiped,
        };
        Self::Stored(merged(sent))
    }

    /// Of a new group for which none were sent.
    pub(crate) fn none() -> Self {
        Self::Stored(merged(Vec::new()))
    }

    /// Of a group.
    pub(crate) fn of(group: &Group) -> Self {
        match group.attributes.get(RIGHTS) {
            Some(Value::Object(members)) => Self::Stored(members.clone()),
            _ => Self::Wiped,
        }
    }

    /// Whether this one is among them.
    pub(crate) fn allow(&self, right: &str) -> bool {
        match self {
            Self::Stored(members) => members.get(right).is_some_and(php::is_true),
            Self::Wiped | Self::Missing => false,
        }
    }

    /// What they mean to other dialects.
    pub(crate) fn grants(&self) -> Grants {
        let held = TABLE.iter().filter(|Right(name, ..)| self.allow(name));
        held.flat_map(|Right(_, _, grants)| grants.iter().copied()).collect()
    }

    /// As the attribute of a group.
    pub(crate) fn stored(&self) -> Value {
        match self {
            Self::Stored(members) => Value::Object(members.clone()),
            Self::Wiped | Self::Missing => Value::Null,
        }
    }

    /// As `groups/getuserrights` shows them: those stored, no more
    /// (`fixtures/transcripts/dandelion/permissions-guest.json`).
    pub(crate) fn shown(&self) -> Value {
        match self {
            Self::Stored(members) => Value::Object(members.clone()),
            Self::Wiped => json!([]),
            Self::Missing => json!([false]),
        }
    }

    /// As `groups/getgroup` shows them: over the defaults.
    pub(crate) fn completed(&self) -> Value {
        match self {
            Self::Stored(members) => Value::Object(merged(members.clone().into_iter().collect())),
            Self::Wiped | Self::Missing => Value::Null,
        }
    }
}

/// PHP's `array_merge` over the defaults: named members take their place or come last, members
/// that are named by a number are numbered anew.
fn merged(sent: Vec<(String, Value)>) -> Map<String, Value> {
    let mut all: Map<_, _> =
        TABLE.iter().map(|Right(name, ..)| ((*name).to_owned(), Value::Bool(false))).collect();
    let mut next = 0;
    for (name, value) in sent {
        if php::int(&name).is_some_and(|number| number.to_string() == name) {
            all.insert(next.to_string(), value);
            next += 1;
        } else {
            all.insert(name, value);
        }
    }
    all
}

/// What the web pages call each right.
pub(crate) fn names() -> Value {
    TABLE.iter().map(|Right(name, words, _)| ((*name).to_owned(), json!(words))).collect()
}

/// The group a person belongs to, by its id. The role is the truth for administrators. Groups are
/// Dandelion's own whatever the route calls its people's ids.
pub(crate) fn group_of(user: &User) -> Gid {
    if user.role == Role::Administrator {
        return Gid::ADMINISTRATORS;
    }
    let own = user
        .groups
        .iter()
        .find(|group| group.namespace.as_ref() == Some(&NAMESPACE) && group.confers.is_none());
    own.and_then(|group| group.ids.get(&NAMESPACE)).map_or(Gid::ORDINARY, |id| Gid::read(id))
}

/// The three groups that Dandelion is installed with. Guests never had all rights stored.
pub(crate) fn foundation() -> Vec<NewGroup> {
    const USER: &[&str] = &[
        "createlog",
        "editlog",
        "viewlog",
        "addcomment",
        "createcat",
        "editcat",
        "deletecat",
        "viewcheesto",
        "updatecheesto",
    ];
    const GUEST: &[&str] = &["viewlog", "viewcheesto"];
    let admin: Vec<_> = TABLE.iter().map(|Right(name, ..)| *name).collect();
    vec![
        founded(Gid::ORDINARY, "user", (USER, &[]), None),
        founded(Gid::ADMINISTRATORS, "admin", (&admin, &[]), Some(Role::Administrator)),
        founded(Gid::GUESTS, "guest", (GUEST, &["editlogall", "addcomment"]), None),
    ]
}

fn founded(
    id: Gid,
    name: &str,
    (held, unknown): (&[&str], &[&str]),
    confers: Option<Role>,
) -> NewGroup {
    let known = TABLE.iter().filter(|Right(name, ..)| !unknown.contains(name));
    let rights = Rights::Stored(
        known.map(|Right(name, ..)| ((*name).to_owned(), json!(held.contains(name)))).collect(),
    );
    NewGroup {
        namespace: Some(NAMESPACE),
        name: name.to_owned(),
        grants: rights.grants(),
        confers,
        attributes: Map::from_iter([(RIGHTS.to_owned(), rights.stored())]),
        ids: [(NAMESPACE, id.to_string())].into(),
        ..NewGroup::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_lies_over_the_defaults() {
        let rights = Rights::sent(r#"{"edituser":"1","own":2,"9":true,"admin":"0"}"#);
        assert!(rights.allow("edituser") && rights.allow("own") && !rights.allow("admin"));
        assert_eq!(rights.grants(), [Grant::SeeUsers, Grant::EditUsers].into_iter().collect());
        let Rights::Stored(members) = &rights else { panic!("stored") };
        assert_eq!(members.keys().next_back().map(String::as_str), Some("0"));
        assert_eq!(members.len(), 19);
    }

    #[test]
    fn nonsense_wipes_every_right() {
        for text in ["", "nonsense", "5", "null", "\"admin\"", "true"] {
            assert_eq!(Rights::sent(text), Rights::Wiped, "{text}");
        }
        assert_eq!(Rights::Wiped.completed(), Value::Null);
    }

    #[test]
    fn guests_are_founded_with_fifteen_rights() {
        let guests = foundation().remove(2);
        let rights = guests.attributes[RIGHTS].as_object().map(Map::len);
        assert_eq!((rights, guests.grants), (Some(15), Grants::none()));
    }
}
