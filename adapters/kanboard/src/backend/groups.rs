//! Teams, as Kanboard's group procedures have them.

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupId, GroupPatch, GroupRef, NewGroup};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::user::{Attributes, Evidence, UserRef};
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::backend::people::number;
use crate::backend::rpc::unexpected;
use crate::backend::{KanboardBackend, unsupported};
use crate::wire::EXTERNAL_ID;

impl KanboardBackend {
    pub(super) async fn about_groups(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        match command {
            Command::CreateGroup(group) => self.create_group(&group).await,
            Command::GetGroup(group) => Ok(Outcome::Group(Box::new(self.group(&group).await?))),
            Command::ListGroups(None) => Ok(Outcome::Groups(self.groups().await?)),
            Command::UpdateGroup(group, patch) => self.update_group(&group, &patch).await,
            Command::DeleteGroup(group) => {
                let id = self.group_id(&group).await?;
                self.agree("removeGroup", json!([id]), Fault::not_found(Subject::Group)).await
            }
            Command::AddMember(group, user) => {
                let params = self.pair(&group, &user).await?;
                self.agree("addGroupMember", params, Fault::conflict(Subject::Membership)).await
            }
            Command::RemoveMember(group, user) => {
                let params = self.pair(&group, &user).await?;
                let absent = Fault::not_found(Subject::Membership);
                self.agree("removeGroupMember", params, absent).await
            }
            Command::ListMembers(group) => self.members(&group).await,
            Command::GroupsOf(user) => {
                let id = self.id_of(&self.get(&user).await?)?;
                let rows = self.rpc.call("getMemberGroups", json!([id])).await?;
                Ok(Outcome::Groups(self.read_groups(&rows)?))
            }
            _ => Err(unsupported(verb)),
        }
    }

    /// Calls a procedure that answers true; false has just one meaning.
    async fn agree(&self, method: &str, params: Value, refusal: Fault) -> Result<Outcome, Fault> {
        match self.rpc.call(method, params).await? {
            Value::Bool(true) => Ok(Outcome::Done),
            Value::Bool(false) => Err(refusal),
            _ => Err(unexpected("neither true nor false")),
        }
    }

    async fn create_group(&self, group: &NewGroup) -> Result<Outcome, Fault> {
        if group.namespace.is_some() {
            return Err(unsupported(Verb::CreateGroup));
        }
        let external = group.attributes.get(EXTERNAL_ID).cloned().unwrap_or(json!(""));
        match self.rpc.call("createGroup", json!([group.name, external])).await? {
            Value::Bool(false) => Err(Fault::conflict(Subject::Group)),
            answer => {
                let id = number(&answer).ok_or_else(|| unexpected("createGroup has no id"))?;
                let made = self.group_by_id(id).await?;
                if made.name != group.name {
                    return Err(unexpected("another group than was created"));
                }
                Ok(Outcome::Group(Box::new(made)))
            }
        }
    }

    async fn update_group(&self, group: &GroupRef, patch: &GroupPatch) -> Result<Outcome, Fault> {
        // Kanboard answers true for groups that are not there.
        let known = self.group(group).await?;
        let id = self.own_group_id(&known)?;
        let external = patch.attributes.get(EXTERNAL_ID);
        if patch.name.is_some() || external.is_some() {
            let name = patch.name.as_ref().unwrap_or(&known.name);
            let params = json!({"group_id": id, "name": name, "external_id": external});
            self.agree("updateGroup", params, Fault::conflict(Subject::Group)).await?;
        }
        let now = self.group_by_id(id).await?;
        if patch.name.as_ref().is_some_and(|name| *name != now.name) {
            return Err(unexpected("a change is not to be seen"));
        }
        Ok(Outcome::Group(Box::new(now)))
    }

    async fn group(&self, group: &GroupRef) -> Result<Group, Fault> {
        match group {
            GroupRef::Native(namespace, id) if *namespace == self.service.namespace => {
                let id = id.parse().map_err(|_| Fault::not_found(Subject::Group))?;
                self.group_by_id(id).await
            }
            GroupRef::Name(None, name) => {
                let all = self.groups().await?;
                let named = all.into_iter().find(|group| group.name == *name);
                named.ok_or_else(|| Fault::not_found(Subject::Group))
            }
            GroupRef::Id(_) | GroupRef::Native(..) | GroupRef::Name(Some(_), _) => {
                Err(unsupported(Verb::GetGroup))
            }
        }
    }

    async fn group_by_id(&self, id: i64) -> Result<Group, Fault> {
        match self.rpc.call("getGroup", json!([id])).await? {
            Value::Object(row) => match self.read_group(&row)? {
                found if self.own_group_id(&found)? == id => Ok(found),
                _ => Err(unexpected("it shows another group")),
            },
            Value::Null => Err(Fault::not_found(Subject::Group)),
            _ => Err(unexpected("neither a group nor null")),
        }
    }

    async fn groups(&self) -> Result<Vec<Group>, Fault> {
        let rows = self.rpc.call("getAllGroups", json!([])).await?;
        self.read_groups(&rows)
    }

    fn read_groups(&self, rows: &Value) -> Result<Vec<Group>, Fault> {
        let Value::Array(rows) = rows else { return Err(unexpected("no list of groups")) };
        let row = |row: &Value| match row {
            Value::Object(row) => self.read_group(row),
            _ => Err(unexpected("a group that is no object")),
        };
        rows.iter().map(row).collect()
    }

    async fn members(&self, group: &GroupRef) -> Result<Outcome, Fault> {
        let id = self.group_id(group).await?;
        let Value::Array(rows) = self.rpc.call("getGroupMembers", json!([id])).await? else {
            return Err(unexpected("no list of members"));
        };
        self.people(&rows)
    }

    async fn group_id(&self, group: &GroupRef) -> Result<i64, Fault> {
        self.own_group_id(&self.group(group).await?)
    }

    fn own_group_id(&self, group: &Group) -> Result<i64, Fault> {
        let id = group.native(&self.service.namespace).and_then(|id| id.parse().ok());
        id.ok_or_else(|| Fault::new(FaultKind::Unexpected, "a group without id"))
    }

    async fn pair(&self, group: &GroupRef, user: &UserRef) -> Result<Value, Fault> {
        let group = self.group_id(group).await?;
        let user = self.id_of(&self.get(user).await?)?;
        Ok(json!([group, user]))
    }

    fn read_group(&self, row: &Map<String, Value>) -> Result<Group, Fault> {
        let id = row.get("id").and_then(number).ok_or_else(|| unexpected("a group without id"))?;
        let text = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
        Ok(Group {
            id: GroupId(Uuid::nil()),
            namespace: None,
            ids: [(self.service.namespace.clone(), id.to_string())].into(),
            name: text("name").ok_or_else(|| unexpected("a group without name"))?,
            description: None,
            owner: None,
            stewards: Vec::new(),
            active: true,
            grants: Grants::none(),
            confers: None,
            members: row.get("nb_users").and_then(number).unwrap_or(0).unsigned_abs(),
            attributes: Attributes::from_iter([(
                EXTERNAL_ID.to_owned(),
                row.get("external_id").cloned().unwrap_or(Value::Null),
            )]),
            created: Timestamp::UNIX_EPOCH,
            // The row is id, name and a text that anybody may set: none proves anything.
            evidence: Evidence::default(),
        })
    }
}
