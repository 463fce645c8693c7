//! The rows that answers show, and the rights of users.

use serde_json::{Map, Value, json};

use crate::fake::{Fake, Group, User};

/// The rights on user groups, from the least.
const RIGHTS: [&str; 4] =
    ["usergroup.none", "usergroup.read", "usergroup.write", "usergroup.admin"];

/// The global permissions of an ordinary user.
const GLOBAL: [&str; 13] = [
    "hg.repogroup.create.false",
    "hg.extern_activate.auto",
    "group.read",
    "hg.inherit_default_perms.true",
    "hg.password_reset.enabled",
    "repository.read",
    "usergroup.read",
    "branch.push_force",
    "hg.create.repository",
    "hg.fork.repository",
    "hg.create.write_on_repogroup.true",
    "hg.usergroup.create.false",
    "hg.register.manual_activate",
];

pub(super) fn rank(right: &str) -> usize {
    RIGHTS.iter().position(|own| *own == right).unwrap_or_default()
}

pub(super) fn is_right(right: &str) -> bool {
    RIGHTS.contains(&right)
}

impl Fake {
    pub(super) fn user(&self, id: i64) -> &User {
        self.users.iter().find(|user| user.id == id).unwrap()
    }

    /// A user's row, with or without the tokens.
    pub(super) fn row(user: &User, secrets: bool) -> Map<String, Value> {
        let column =
            |name: &str, otherwise: Value| user.columns.get(name).cloned().unwrap_or(otherwise);
        let email = column("email", Value::Null);
        let tokens = user.tokens.iter().map(
            |(token, _)| {
                if secrets { token.clone() } else { "*".repeat(40) }
            },
        );
        let row = json!({
            "user_id": user.id, "username": user.username,
            "firstname": column("firstname", json!("")), "lastname": column("lastname", json!("")),
            "description": column("description", json!("")), "email": email, "emails": [email],
            "active": user.active, "admin": user.admin,
            "extern_type": column("extern_type", json!("rhodecode")),
            "extern_name": column("extern_name", json!("rhodecode")),
            "last_login": column("last_login", Value::Null),
            "last_activity": column("last_activity", Value::Null), "ip_addresses": user.addresses,
            "language": null, "auth_tokens": tokens.collect::<Vec<_>>()
        });
        row.as_object().cloned().unwrap()
    }

    /// What a user may do.
    pub(super) fn permissions(&self, user: &User) -> Value {
        let admin = user.admin && user.active;
        let global = if admin {
            json!(["hg.admin", "hg.create.write_on_repogroup.true"])
        } else {
            json!(GLOBAL)
        };
        let rights = self.groups.iter().map(|group| (group.name.clone(), self.right(user, group)));
        let rights: Map<_, _> = rights.map(|(name, right)| (name, json!(right))).collect();
        json!({"global": global, "repositories": {}, "repositories_groups": {},
            "repository_branches": {}, "user_groups": rights})
    }

    /// The best right of a user on a group.
    pub(super) fn right(&self, user: &User, group: &Group) -> &'static str {
        if user.admin && user.active || group.owner == user.id {
            return RIGHTS[3];
        }
        let own = group.rights.iter().filter(|(holder, _)| *holder == user.id || *holder == 1);
        let joined = group.of_groups.iter().filter(|(id, _)| {
            let source = self.groups.iter().find(|one| one.id == *id);
            source.is_some_and(|one| one.active == true && one.members.contains(&user.id))
        });
        let best = own.chain(joined).map(|(_, right)| rank(right)).max().unwrap_or_default();
        RIGHTS[best]
    }

    /// A group's row.
    pub(super) fn group_row(&self, group: &Group, secrets: bool) -> Map<String, Value> {
        let owner = self.user(group.owner);
        let members = group.members.iter().map(|id| Self::row(self.user(*id), secrets));
        let row = json!({
            "users_group_id": group.id, "group_name": group.name,
            "group_description": group.description, "active": group.active,
            "owner": owner.username, "sync": group.sync,
            "owner_email": owner.columns.get("email"), "users": members.collect::<Vec<_>>()
        });
        row.as_object().cloned().unwrap()
    }

    /// The rights on a group, as `get_user_group` lists them.
    pub(super) fn listed_rights(&self, group: &Group) -> Value {
        let entry = |name: &str, right: &str, origin: &str, kind: &str| json!({"name": name, "permission": right, "origin": origin, "type": kind});
        let mut listed = Vec::new();
        for user in self.users.iter().filter(|user| user.admin && user.id != group.owner) {
            listed.push(entry(&user.username, RIGHTS[3], "super-admin", "user"));
        }
        listed.push(entry(&self.user(group.owner).username, RIGHTS[3], "owner", "user"));
        let mut rights: Vec<_> = group.rights.iter().collect();
        let twice = |id: i64| id == group.owner || self.user(id).admin;
        rights.sort_by_key(|(id, right)| {
            let name = self.user(*id).username.clone();
            (*id != 1, std::cmp::Reverse(rank(right)), twice(*id), name)
        });
        for (id, right) in rights {
            listed.push(entry(&self.user(*id).username, right, "permission", "user"));
        }
        for (id, right) in &group.of_groups {
            let name = self.groups.iter().find(|one| one.id == *id).map(|one| one.name.as_str());
            listed.push(entry(name.unwrap_or_default(), right, "permission", "user_group"));
        }
        listed.into()
    }
}
