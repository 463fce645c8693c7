//! The methods `groups/*`, and who has which right.

use serde_json::{Map, Value, json};

use crate::fake::call::{Error, Said};
use crate::fake::form::Form;
use crate::fake::users::shown;
use crate::fake::{Fake, Group, RIGHTS, User, columns, take};

/// The labels of the rights.
const LABELS: [&str; 17] = [
    "Create logs",
    "Edit logs created by user",
    "Edit any log",
    "View logs",
    "Add Comments",
    "Create categories",
    "Edit categories",
    "Delete categories",
    "Create users",
    "Edit users",
    "Delete users",
    "Create groups",
    "Edit groups",
    "Delete groups",
    "View Cheesto",
    "Update Cheesto",
    "Is Full Admin",
];

/// Stored rights over the defaults. `None`: what is stored is no list of rights.
fn completed(rights: Option<&Map<String, Value>>) -> Option<Map<String, Value>> {
    let defaults = RIGHTS.iter().map(|right| ((*right).to_owned(), json!(false)));
    let mut all: Map<_, _> = defaults.collect();
    all.extend(rights?.clone());
    Some(all)
}

/// The rights of a form: JSON. What is no object overwrites all rights with nothing.
fn sent(text: &[u8]) -> Option<Map<String, Value>> {
    let read: Option<Map<String, Value>> = serde_json::from_slice(text).ok();
    completed(read.as_ref())
}

impl Fake {
    /// Whether the group of a user has a right.
    pub(super) fn has(&self, user: &User, right: &str) -> bool {
        let group = self.groups.iter().find(|group| group.id == user.group);
        let stored = group.and_then(|group| group.rights.as_ref()?.get(right));
        stored.is_some_and(|value| {
            ![json!(false), json!(0), json!(""), json!("0"), Value::Null].contains(value)
        })
    }

    pub(super) fn get_groups(&self) -> Value {
        let row = |group: &Group| json!({"id": group.id.to_string(), "name": shown(&group.name)});
        self.groups.iter().map(row).collect()
    }

    pub(super) fn get_group(&self, form: &Form) -> Value {
        let id = form.int("groupid").unwrap_or_default();
        let mut row = Map::new();
        let group = self.groups.iter().find(|group| group.id == id);
        if let Some(group) = group {
            row.insert("id".to_owned(), json!(id.to_string()));
            row.insert("name".to_owned(), json!(shown(&group.name)));
        }
        let rights = group.and_then(|group| completed(group.rights.as_ref()));
        row.insert("permissions".to_owned(), json!(rights));
        let labels =
            RIGHTS.iter().zip(LABELS).map(|(right, label)| ((*right).to_owned(), json!(label)));
        row.insert("permissionNames".to_owned(), Value::Object(labels.collect()));
        row.into()
    }

    /// The rights of the caller, as they are stored: for a key and for a session alike.
    pub(super) fn get_rights(&self, me: &User) -> Value {
        let group = self.groups.iter().find(|group| group.id == me.group);
        json!(group.and_then(|group| group.rights.clone()))
    }

    pub(super) fn create_group(&mut self, me: &User, form: &Form) -> Said {
        self.need(me, "creategroup")?;
        let rights = match form.given("rights").as_slice() {
            b"" | b"0" => completed(Some(&Map::new())),
            text => sent(text),
        };
        let id = take(&mut self.next_group);
        let name = columns::tiny(form.given("name").to_ascii_lowercase());
        self.groups.push(Group { id, name, rights });
        Ok(json!("User group created successfully"))
    }

    /// Sets the rights of a group. For an unknown group the answer is a success too.
    pub(super) fn edit_group(&mut self, me: &User, form: &Form) -> Said {
        self.need(me, "editgroup")?;
        let id = form.int("groupid").unwrap_or_default();
        if let Some(group) = self.groups.iter_mut().find(|group| group.id == id) {
            group.rights = sent(&form.given("rights"));
        }
        Ok(json!("User group saved"))
    }

    pub(super) fn delete_group(&mut self, me: &User, form: &Form) -> Said {
        self.need(me, "deletegroup")?;
        let id = form.int("groupid").unwrap_or_default();
        if self.users.iter().any(|user| user.group == id) {
            let text = "This group is assigned to users. Cannot delete group.";
            return Err(Error::general(text));
        }
        self.groups.retain(|group| group.id != id);
        Ok(json!("Group deleted successfully."))
    }
}
