//! The methods about user groups.

use serde_json::{Map, Value, json};

use crate::fake::rows::{is_right, rank};
use crate::fake::users::text;
use crate::fake::{Answer, Fake, Group, User};

type Args = Map<String, Value>;

impl Fake {
    fn find_group(&self, value: &Value) -> Result<Group, Value> {
        let fits = |group: &&Group| match value {
            Value::Number(id) => id.as_i64() == Some(group.id),
            Value::String(name) => *name == group.name,
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
        };
        let absent = || json!(format!("user group `{}` does not exist", text(value)));
        self.groups.iter().find(fits).cloned().ok_or_else(absent)
    }

    /// The group, if the caller has this right on it.
    fn group_for(&self, caller: &User, value: &Value, right: &str) -> Result<Group, Value> {
        let group = self.find_group(value)?;
        if rank(self.right(caller, &group)) < rank(right) {
            return Err(json!(format!("user group `{}` does not exist", text(value))));
        }
        Ok(group)
    }

    fn change(&mut self, id: i64) -> &mut Group {
        self.groups.iter_mut().find(|group| group.id == id).unwrap()
    }

    pub(super) fn about_groups(&mut self, caller: &User, method: &str, args: &Args) -> Answer {
        match method {
            "get_user_groups" => Ok(self.all_groups(caller)),
            "get_user_group" => self.get_group(caller, args),
            "create_user_group" => self.create_group(caller, args),
            "update_user_group" => self.update_group(caller, args),
            "delete_user_group" => self.delete_group(caller, args),
            "add_user_to_user_group" => self.set_member(caller, args, true),
            "remove_user_from_user_group" => self.set_member(caller, args, false),
            "grant_user_permission_to_user_group" | "revoke_user_permission_from_user_group" => {
                self.set_right(caller, args)
            }
            _ => self.set_group_right(caller, args),
        }
    }

    fn all_groups(&self, caller: &User) -> Value {
        let seen = |group: &&Group| rank(self.right(caller, group)) > 0;
        let rows = self.groups.iter().filter(seen);
        rows.map(|group| Value::from(self.group_row(group, caller.admin))).collect()
    }

    fn get_group(&self, caller: &User, args: &Args) -> Answer {
        let group = self.group_for(caller, &args["usergroupid"], "usergroup.read")?;
        let mut row = self.group_row(&group, false);
        row.insert("permissions".to_owned(), self.listed_rights(&group));
        let none = json!({"repositories": {}, "repositories_groups": {}});
        row.insert("permissions_summary".to_owned(), none);
        Ok(row.into())
    }

    fn create_group(&mut self, caller: &User, args: &Args) -> Answer {
        if !caller.admin {
            return Err(json!("Access was denied to this resource."));
        }
        let name = text(&args["group_name"]);
        if self.groups.iter().any(|group| group.name == name) {
            return Err(json!(format!("user group `{name}` already exist")));
        }
        let owner = match args.get("owner") {
            Some(owner) => self.find_user(owner)?.id,
            None => caller.id,
        };
        let group = Group {
            id: self.next_id(),
            name: name.clone(),
            description: args.get("description").cloned().unwrap_or_else(|| json!("")),
            active: args.get("active").cloned().unwrap_or(Value::Bool(true)),
            owner,
            rights: vec![(1, "usergroup.read".to_owned()), (owner, "usergroup.admin".to_owned())],
            ..Group::default()
        };
        let row = self.group_row(&group, false);
        self.groups.push(group);
        let sentence = format!("created new user group `{name}`");
        Ok(json!({"msg": sentence, "user_group": row}))
    }

    fn update_group(&mut self, caller: &User, args: &Args) -> Answer {
        let group = self.group_for(caller, &args["usergroupid"], "usergroup.admin")?;
        let owner = args.get("owner").map(|owner| self.find_user(owner)).transpose()?;
        let name = args.get("group_name").map(text);
        let taken =
            self.groups.iter().any(|one| one.id != group.id && Some(&one.name) == name.as_ref());
        let odd = args.get("group_name").is_some_and(Value::is_null);
        if taken || odd || args.get("active").is_some_and(Value::is_string) {
            let which = text(&args["usergroupid"]);
            return Err(json!(format!("failed to update user group `{which}`")));
        }
        let now = self.change(group.id);
        now.name = name.unwrap_or(group.name);
        now.description = args.get("description").cloned().unwrap_or(group.description);
        now.active = match args.get("active") {
            Some(Value::Number(number)) => Value::Bool(number.as_i64() != Some(0)),
            Some(other) => other.clone(),
            None => group.active,
        };
        now.owner = owner.map_or(group.owner, |owner| owner.id);
        let now = now.clone();
        let sentence = format!("updated user group ID:{} {}", now.id, now.name);
        Ok(json!({"msg": sentence, "user_group": self.group_row(&now, caller.admin)}))
    }

    fn delete_group(&mut self, caller: &User, args: &Args) -> Answer {
        let group = self.group_for(caller, &args["usergroupid"], "usergroup.admin")?;
        self.groups.retain(|one| one.id != group.id);
        for other in &mut self.groups {
            other.of_groups.retain(|(id, _)| *id != group.id);
        }
        let sentence = format!("deleted user group ID:{} {}", group.id, group.name);
        Ok(json!({"msg": sentence, "user_group": null}))
    }

    fn set_member(&mut self, caller: &User, args: &Args, on: bool) -> Answer {
        let user = self.find_user(&args["userid"])?;
        let group = self.group_for(caller, &args["usergroupid"], "usergroup.admin")?;
        let was = group.members.contains(&user.id);
        let now = self.change(group.id);
        now.members.retain(|id| *id != user.id);
        if on {
            now.members.push(user.id);
        }
        let (who, which) = (&user.username, &group.name);
        let sentence = match (on, was) {
            (true, true) => "User is already in that group".to_owned(),
            (false, false) => "User wasn't in group".to_owned(),
            (true, false) => format!("added member `{who}` to user group `{which}`"),
            (false, true) => format!("removed member `{who}` from user group `{which}`"),
        };
        Ok(json!({"success": on != was, "msg": sentence}))
    }

    fn set_right(&mut self, caller: &User, args: &Args) -> Answer {
        let group = self.group_for(caller, &args["usergroupid"], "usergroup.admin")?;
        let user = self.find_user(&args["userid"])?;
        let right = args.get("perm").map(checked).transpose()?;
        put(&mut self.change(group.id).rights, user.id, right.as_deref());
        let (who, which) = (&user.username, &group.name);
        let sentence = right.map_or_else(
            || format!("Revoked perm for user: `{who}` in user group: `{which}`"),
            |right| format!("Granted perm: `{right}` for user: `{who}` in user group: `{which}`"),
        );
        Ok(json!({"success": true, "msg": sentence}))
    }

    fn set_group_right(&mut self, caller: &User, args: &Args) -> Answer {
        let source = self.find_group(&args["sourceusergroupid"])?;
        let target = self.group_for(caller, &args["usergroupid"], "usergroup.admin")?;
        let right = args.get("perm").map(checked).transpose()?;
        put(&mut self.change(target.id).of_groups, source.id, right.as_deref());
        let (from, to) = (&source.name, &target.name);
        let sentence = right.map_or_else(
            || format!("Revoked perm for user group: `{from}` in user group: `{to}`"),
            |right| {
                format!("Granted perm: `{right}` for user group: `{from}` in user group: `{to}`")
            },
        );
        Ok(json!({"success": true, "msg": sentence}))
    }
}

/// A right of a call, or the error for any other permission.
fn checked(value: &Value) -> Result<String, Value> {
    let name = text(value);
    if is_right(&name) {
        return Ok(name);
    }
    Err(json!(if name.starts_with("usergroup.") {
        format!(
            "permission `{name}` does not exist. Permission should start with prefix: `usergroup.`"
        )
    } else {
        format!("permission `{name}` is invalid, should start with usergroup.")
    }))
}

/// Sets or (`None`) removes a right.
fn put(rights: &mut Vec<(i64, String)>, holder: i64, right: Option<&str>) {
    match (rights.iter_mut().find(|(id, _)| *id == holder), right) {
        (Some(own), Some(right)) => right.clone_into(&mut own.1),
        (None, Some(right)) => rights.push((holder, right.to_owned())),
        (_, None) => rights.retain(|(id, _)| *id != holder),
    }
}
