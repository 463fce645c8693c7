//! The guards check the payload of a command, which the permission table does not see. A caller who
//! is no administrator can never give or change rights that the caller does not have ([`Guard`]).
//!
//! If the person or group does not exist, the guard passes: the command itself then answers not
//! found.

mod payload;

use std::collections::BTreeSet;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Caller;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::Group;
use isogloss_canonical::held::Held;
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::{Grant, Guard};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, GroupChange, User, UserRef};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::guards::payload::Payload;
use crate::registry;
use crate::runner::Runner;

/// Whether the guards allow a command that the permission table allows.
pub(crate) async fn pass(
    runner: &Runner,
    caller: &Caller,
    command: &Command,
) -> Result<bool, Fault> {
    let Some(user) = caller.user().filter(|_| !caller.holds(Grant::Administer)) else {
        return Ok(true);
    };
    let groups = OnceCell::new();
    let check = Check { runner, caller, user, own: Held::of(user), command, groups };
    for guard in command.verb().guards() {
        let passes = match guard {
            Guard::Subject => check.subject().await?,
            Guard::Given => check.given().await?,
            Guard::Group => check.group().await?,
            Guard::Rights => check.rights(),
            Guard::Attributes => check.attributes().await?,
        };
        if !passes {
            tracing::debug!(?guard, "the command needs rights that the caller does not have");
            return Ok(false);
        }
    }
    Ok(true)
}

struct Check<'a> {
    runner: &'a Runner,
    caller: &'a Caller,
    user: &'a User,
    own: Held,
    command: &'a Command,
    /// The attributes of the caller's groups, read once.
    groups: OnceCell<Vec<Attributes>>,
}

impl Check<'_> {
    /// [`Guard::Subject`]. A command about the application itself passes: its permission already
    /// requires an administrator.
    async fn subject(&self) -> Result<bool, Fault> {
        let Some(person) = self.command.person() else { return Ok(true) };
        if self.caller.is(person) {
            return Ok(true);
        }
        match self.person(person).await? {
            None => Ok(true),
            Some(found) if found.id == self.user.id => Ok(true),
            Some(found) if !Held::of(&found).within(&self.own) => Ok(false),
            Some(found) => self.has_no_more_words(&found).await,
        }
    }

    /// Whether the caller has all rights in the person's attributes, and in the attributes of the
    /// person's groups. The groups of a fresh server are left out: they give what every user has
    /// there.
    async fn has_no_more_words(&self, found: &User) -> Result<bool, Fault> {
        let mut words: Vec<(String, Value)> = found.attributes.clone().into_iter().collect();
        for own in found.groups.iter().filter(|own| !registry::is_founded(own)) {
            let group = self.group_of(&GroupRef::Id(own.group)).await?;
            words.extend(group.map(|group| group.attributes).unwrap_or_default());
        }
        for (name, value) in words.iter().filter(|(name, _)| registry::holds_rights(name)) {
            let Some(theirs) = flags(value) else { return Ok(false) };
            if !theirs.is_empty() && !theirs.is_subset(&self.held(name).await?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn given(&self) -> Result<bool, Fault> {
        match Payload::from(self.command) {
            Payload::NewUser(new) => {
                let plain = new.role <= self.own.role && new.ids.is_empty();
                Ok(plain && self.joins(new.groups.as_ref(), None).await?)
            }
            Payload::UserPatch(person, patch) => {
                let plain = patch.role.is_none_or(|role| role <= self.own.role);
                Ok(plain && self.joins(patch.groups.as_ref(), Some(person)).await?)
            }
            Payload::NewGroup(_)
            | Payload::GroupPatch(_)
            | Payload::Settings(_)
            | Payload::NoRights => Ok(true),
        }
    }

    /// Whether the new groups of a person give no right that the caller does not have.
    async fn joins(
        &self,
        change: Option<&GroupChange>,
        person: Option<&UserRef>,
    ) -> Result<bool, Fault> {
        let Some(change) = change else { return Ok(true) };
        let before = match person {
            Some(person) => self.person(person).await?.map(|found| found.groups),
            None => None,
        };
        for group in &change.groups {
            let Some(group) = self.group_of(group).await? else { continue };
            let joined = before.iter().flatten().all(|own| own.group != group.id);
            if joined && !Held::by(&group).within(&self.own) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn group(&self) -> Result<bool, Fault> {
        let Some(group) = self.command.group() else { return Ok(true) };
        let found = self.group_of(group).await?;
        Ok(found.is_none_or(|group| Held::by(&group).within(&self.own)))
    }

    fn rights(&self) -> bool {
        let given = match Payload::from(self.command) {
            Payload::NewGroup(new) => {
                let role = new.confers.unwrap_or(Role::User);
                Held { role, grants: new.grants.clone() }
            }
            Payload::GroupPatch(patch) => {
                let grants = patch.grants.clone().unwrap_or_default();
                Held { role: Role::User, grants }
            }
            Payload::NewUser(_)
            | Payload::UserPatch(..)
            | Payload::Settings(_)
            | Payload::NoRights => return true,
        };
        given.within(&self.own)
    }

    async fn attributes(&self) -> Result<bool, Fault> {
        for (name, value) in self.changes() {
            let Some(wanted) = flags(value) else { return Ok(false) };
            if !wanted.is_empty() && !wanted.is_subset(&self.held(name).await?) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The attributes with rights that the command sets.
    fn changes(&self) -> Vec<(&str, &Value)> {
        let all: Vec<(&String, &Value)> = match Payload::from(self.command) {
            Payload::NewUser(new) => new.attributes.iter().collect(),
            Payload::NewGroup(new) => new.attributes.iter().collect(),
            Payload::UserPatch(_, patch) => set(&patch.attributes),
            Payload::GroupPatch(patch) => set(&patch.attributes),
            Payload::Settings(changes) => set(changes),
            Payload::NoRights => Vec::new(),
        };
        let rights = all.into_iter().filter(|(name, _)| registry::holds_rights(name));
        rights.map(|(name, value)| (name.as_str(), value)).collect()
    }

    /// The caller's rights in an attribute: the caller's own, and those of the caller's groups.
    async fn held(&self, name: &str) -> Result<BTreeSet<String>, Fault> {
        let mut held = self.user.attribute(name).and_then(flags).unwrap_or_default();
        for attributes in self.groups.get_or_try_init(|| self.of_groups()).await? {
            held.extend(attributes.get(name).and_then(flags).unwrap_or_default());
        }
        Ok(held)
    }

    async fn of_groups(&self) -> Result<Vec<Attributes>, Fault> {
        let mut all = Vec::with_capacity(self.user.groups.len());
        for own in &self.user.groups {
            all.extend(self.group_of(&GroupRef::Id(own.group)).await?.map(|own| own.attributes));
        }
        Ok(all)
    }

    async fn person(&self, person: &UserRef) -> Result<Option<User>, Fault> {
        let read = Command::GetUser(person.clone());
        match self.runner.execute(read).await.and_then(Outcome::user) {
            Ok(found) => Ok(Some(*found)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    async fn group_of(&self, group: &GroupRef) -> Result<Option<Group>, Fault> {
        let read = Command::GetGroup(group.clone());
        match self.runner.execute(read).await.and_then(Outcome::group) {
            Ok(found) => Ok(Some(*found)),
            Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

fn set(changes: &isogloss_canonical::user::AttributeChanges) -> Vec<(&String, &Value)> {
    changes.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))).collect()
}

/// The rights in a value: the members of an object whose value is not false, or the texts of a
/// list. `None`: the value has another form.
fn flags(value: &Value) -> Option<BTreeSet<String>> {
    match value {
        Value::Null | Value::Bool(false) => Some(BTreeSet::new()),
        Value::Bool(true) => Some(["true".to_owned()].into()),
        Value::Array(items) => items.iter().map(|item| item.as_str().map(str::to_owned)).collect(),
        Value::Object(members) => {
            let given = members.iter().filter(|(_, value)| !is_false(value));
            Some(given.map(|(name, _)| name.clone()).collect())
        }
        Value::Number(_) | Value::String(_) => None,
    }
}

fn is_false(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_i64() == Some(0),
        Value::String(text) => matches!(text.as_str(), "" | "0"),
        Value::Bool(true) | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::flags;

    #[test]
    fn names_the_rights_of_each_shape() {
        let names = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        for (value, expected) in [
            (
                json!({"a": true, "b": false, "c": "1", "d": "0", "e": 0, "f": 2}),
                names(&["a", "c", "f"]),
            ),
            (json!(["ADMIN", "STATUS"]), names(&["ADMIN", "STATUS"])),
            (json!(null), names(&[])),
            (json!(true), names(&["true"])),
            (json!("admin"), None),
            (json!([1]), None),
        ] {
            assert_eq!(flags(&value), expected, "{value}");
        }
    }
}
