//! User groups as the answers of either version show them, with the rights on them.

use isogloss_canonical::adapter::Service;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::outcome::Listed;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::user::{Attributes, Evidence};
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::backend::fault::unexpected;
use crate::backend::row::columns::Columns;
use crate::backend::row::users;
use crate::roles::Right;
use crate::wire::values::DEFAULT_USER;
use crate::wire::{DEFAULT_USER_ID, attribute};

/// The columns of a user group that a dialect shows as they are. Version 4.3 has the permissions in
/// the column `members`.
const GROUP_COLUMNS: [&str; 5] =
    ["owner", "owner_email", "permissions", "permissions_summary", "members"];

/// The row of a user group.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend) struct GroupRow<'a>(Columns<'a>);

impl<'a> GroupRow<'a> {
    /// Takes a value for the row of a user group.
    pub(in crate::backend) fn of(value: &'a Value) -> Result<Self, Fault> {
        Columns::of(value, "a group that is no object").map(Self)
    }

    /// The group and its members.
    pub(in crate::backend) fn group(self, service: &Service) -> Result<(Group, Listed), Fault> {
        let row = self.0;
        let id = row.number("users_group_id")?;
        let members = users(row.get("users").unwrap_or(&Value::Null), service)?;
        let group = Group {
            id: GroupId(Uuid::nil()),
            namespace: None,
            ids: [(service.namespace.clone(), id.to_string())].into(),
            name: row.text("group_name")?.ok_or_else(|| unexpected("a group without a name"))?,
            description: row.text("group_description")?,
            owner: None,
            co_owners: Vec::new(),
            changers: self.changers(),
            active: row.flag("active")? == Some(true),
            grants: Grants::none(),
            confers: None,
            members: (members.users.len() + members.unread.len()) as u64,
            attributes: self.attributes()?,
            created: Timestamp::UNIX_EPOCH,
            // The owner of a group can change every column of its row.
            evidence: Evidence::default(),
        };
        Ok((group, members))
    }

    /// The columns that only RhodeCode has, and the nulls of others.
    fn attributes(self) -> Result<Attributes, Fault> {
        let row = self.0;
        let mut attributes = Attributes::new();
        let mut set = |name: &str, value: Value| {
            attributes.insert(name.to_owned(), value);
        };
        set(attribute::SYSTEM, row.picked(GROUP_COLUMNS.iter()));
        let is_default =
            |user: &Value| user.get("user_id").and_then(Value::as_i64) == Some(DEFAULT_USER_ID);
        let users = row.get("users").and_then(Value::as_array);
        let member = users.is_some_and(|users| users.iter().any(is_default));
        set(attribute::DEFAULT_MEMBER, member.into());
        let owner = row.get("owner").and_then(Value::as_str);
        set(attribute::DEFAULT_OWNER, (owner == Some(DEFAULT_USER)).into());
        if row.text("group_description")?.is_none() {
            set(attribute::DESCRIPTION, Value::Null);
        }
        if row.flag("active")?.is_none() {
            set(attribute::ACTIVE, Value::Null);
        }
        // Version 4.3 has no such column.
        if row.has("sync") {
            set(attribute::SYNC, row.text_or_null("sync")?);
        }
        Ok(attributes)
    }

    /// The rights on the group, if the row shows them.
    pub(in crate::backend) fn rights(self) -> impl Iterator<Item = RightRow<'a>> {
        let listed = self.0.get("permissions").or_else(|| self.0.get("members"));
        let listed = listed.and_then(Value::as_array).into_iter().flatten();
        listed.filter_map(|row| {
            let text = |name: &str| row.get(name).and_then(Value::as_str);
            let is_group = text("type")? == "user_group";
            Some(RightRow { holder: text("name")?, is_group, right: text("permission")? })
        })
    }

    /// The names of the users who may change the group by a right of their own. Super administrators
    /// may do so anyway. What everybody has is not told by name, and counts less here than there.
    fn changers(self) -> Vec<String> {
        let admins = self.rights().filter(|row| !row.is_group && row.right == Right::Admin.name());
        let admins = admins.filter(|row| row.holder != DEFAULT_USER);
        admins.map(|row| row.holder.to_owned()).collect()
    }

    /// The user names of its members, if it is active: otherwise its rights are nobody's.
    pub(in crate::backend) fn active_members(self) -> Vec<String> {
        let users = self.0.get("users").and_then(Value::as_array).into_iter().flatten();
        let active = self.0.get("active") == Some(&Value::Bool(true));
        let name = |user: &Value| user.get("username").and_then(Value::as_str).map(str::to_owned);
        users.filter_map(name).filter(|_| active).collect()
    }
}

/// A right on a user group.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend) struct RightRow<'a> {
    /// The name of the user or user group that has it.
    pub(in crate::backend) holder: &'a str,
    /// Whether the holder is a user group.
    pub(in crate::backend) is_group: bool,
    /// The right.
    pub(in crate::backend) right: &'a str,
}
