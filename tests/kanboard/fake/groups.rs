//! The methods about groups and their members.

use serde_json::{Value, json};

use super::call::{Answer, Given, NO_COLUMN};
use super::values::{id, text};
use super::{Fake, Group, User};

impl Fake {
    pub(super) fn run_on_group(&mut self, method: &str, given: &Given) -> Answer {
        let at = |at: usize| id(given.get(at).and_then(Option::as_ref));
        let (first, second) = (at(0), at(1));
        Ok(match method {
            "createGroup" => self.create_group(given),
            "updateGroup" => return self.update_group(first, given),
            "removeGroup" => {
                let before = self.groups.len();
                self.groups.retain(|group| group.id != first);
                self.members.retain(|(group, _)| *group != first);
                json!(self.groups.len() < before)
            }
            "getGroup" => {
                let found = self.groups.iter().find(|group| group.id == first);
                found.map_or(Value::Null, Group::row)
            }
            "getAllGroups" => self.by_name(|_| true).map(|group| self.listed(group)).collect(),
            "getMemberGroups" => {
                let is_in = |group: &Group| self.members.contains(&(group.id, first));
                self.by_name(is_in).map(Group::row).collect()
            }
            "getGroupMembers" => self.members_of(first),
            "addGroupMember" => {
                let group = self.groups.iter().any(|group| group.id == first);
                let user = self.users.iter().any(|user| user.id == second);
                json!(group && user && self.members.insert((first, second)))
            }
            "removeGroupMember" => json!(self.members.remove(&(first, second))),
            _ => json!(self.members.contains(&(first, second))),
        })
    }

    /// The groups that fit, in the order of their names.
    fn by_name(&self, fits: impl Fn(&Group) -> bool) -> impl Iterator<Item = &Group> {
        let mut all: Vec<_> = self.groups.iter().filter(|group| fits(group)).collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all.into_iter()
    }

    fn listed(&self, group: &Group) -> Value {
        let members = self.members.iter().filter(|(own, _)| *own == group.id).count();
        json!({"id": group.id, "name": group.name, "external_id": group.external_id,
            "nb_users": members})
    }

    fn members_of(&self, group: i64) -> Value {
        let ids = self.members.iter().filter(|(own, _)| *own == group);
        let mut found: Vec<&User> =
            ids.filter_map(|(_, id)| self.users.iter().find(|user| user.id == *id)).collect();
        found.sort_by(|one, other| one.username.cmp(&other.username));
        found.into_iter().map(|user| user.as_member(group)).collect()
    }

    fn create_group(&mut self, given: &Given) -> Value {
        let name = given[0].as_ref().and_then(text);
        let Some(name) = name.filter(|name| self.groups.iter().all(|one| one.name != *name)) else {
            return json!(false);
        };
        let id = self.groups.iter().map(|group| group.id).max().unwrap_or_default() + 1;
        let external_id = given[1].as_ref().map_or(json!(""), |value| text(value).into());
        self.groups.push(Group { id, name, external_id });
        json!(id)
    }

    fn update_group(&mut self, own: i64, given: &Given) -> Answer {
        let (name, external) = (given[1].as_ref().and_then(text), given[2].as_ref().and_then(text));
        if name.is_none() && external.is_none() {
            return Err(NO_COLUMN);
        }
        let taken = self.groups.iter().any(|one| one.id != own && Some(&one.name) == name.as_ref());
        let Some(group) = self.groups.iter_mut().find(|group| group.id == own) else {
            return Ok(json!(true));
        };
        if taken {
            return Ok(json!(false));
        }
        group.name = name.unwrap_or(group.name.clone());
        group.external_id = external.map_or(group.external_id.clone(), Value::from);
        Ok(json!(true))
    }
}
