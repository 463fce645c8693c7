//! Teams, as RhodeCode's user-group methods have them.

use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, GroupRef, NewGroup};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use serde_json::{Value, json};

use crate::backend::api::{Arguments, only, unexpected};
use crate::backend::people::number;
use crate::backend::row::Listed;
use crate::backend::{RhodeCodeBackend, row, unsupported};
use crate::version::Version;
use crate::wire::kept;

/// How the server words that a member is one already, and that they were none.
const IS_MEMBER: &str = "User is already in that group";
const IS_NO_MEMBER: &str = "User wasn't in group";

impl RhodeCodeBackend {
    pub(super) async fn about_groups(&self, command: Command) -> Result<Outcome, Fault> {
        let verb = command.verb();
        let outcome = match command {
            Command::CreateGroup(group) => self.create_group(&group).await,
            Command::GetGroup(group) => {
                self.group(&group).await.map(|(group, _)| Outcome::Group(Box::new(group)))
            }
            Command::ListGroups(None) => self.groups().await.map(|all| {
                Outcome::Groups(all.into_iter().map(|(group, _)| group).collect::<Vec<_>>())
            }),
            Command::UpdateGroup(group, patch) => self.update_group(&group, &patch).await,
            Command::DeleteGroup(group) => self.delete_group(&group).await,
            Command::AddMember(group, user) => {
                let refusal = (IS_MEMBER, Fault::conflict(Subject::Membership));
                self.membership("add_user_to_user_group", (&group, &user), refusal).await
            }
            Command::RemoveMember(group, user) => {
                let refusal = (IS_NO_MEMBER, Fault::not_found(Subject::Membership));
                self.membership("remove_user_from_user_group", (&group, &user), refusal).await
            }
            Command::ListMembers(group) => {
                let (_, members) = self.group(&group).await?;
                Ok(Outcome::people(members.users, members.unread))
            }
            Command::GroupsOf(user) => self.groups_of(&user).await,
            _ => Err(unsupported(verb)),
        };
        match outcome {
            Err(fault) if fault.is_absence_of(Subject::Group) => Err(self.truly(fault).await),
            outcome => outcome,
        }
    }

    /// A group that our token has no right to is said not to be there. Only a super administrator
    /// is told this for certain, and only they may ask for addresses.
    async fn truly(&self, absence: Fault) -> Fault {
        match self.api.call("get_ip", Arguments::new()).await {
            Ok(_) => absence,
            Err(fault) => fault,
        }
    }

    async fn create_group(&self, group: &NewGroup) -> Result<Outcome, Fault> {
        if group.namespace.is_some() {
            return Err(unsupported(Verb::CreateGroup));
        }
        let mut args = only("group_name", group.name.as_str());
        if let Some(text) = group.description.as_deref().filter(|text| !text.is_empty()) {
            args.insert("description".to_owned(), text.into());
        }
        if group.inactive {
            args.insert("active".to_owned(), false.into());
        }
        let synced = group.attributes.get(kept::SYNC).is_some_and(|sync| !sync.is_null());
        if synced && self.version == Version::Current {
            args.insert("sync".to_owned(), true.into());
        }
        let made = self.shown("create_user_group", args).await?;
        if made.name != group.name || made.active == group.inactive {
            return Err(unexpected("another group than was created"));
        }
        Ok(Outcome::Group(Box::new(made)))
    }

    /// Calls a method that shows the group in its answer.
    async fn shown(&self, method: &str, args: Arguments) -> Result<Group, Fault> {
        let row = self.api.about(method, args, "user_group").await?;
        row::group(self.eyes(), &row).map(|(group, _)| group)
    }

    async fn update_group(&self, group: &GroupRef, patch: &GroupPatch) -> Result<Outcome, Fault> {
        let id = self.group_id(group).await?;
        let mut args = only("usergroupid", id);
        let mut say = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                args.insert(name.to_owned(), value);
            }
        };
        say("group_name", patch.name.as_deref().map(Value::from));
        let description = patch.description.clone();
        say("description", description.map(|text| text.unwrap_or_default().into()));
        say("active", patch.active.map(Value::from));
        if self.version == Version::Current {
            let sync = patch.attributes.get(kept::SYNC);
            say("sync", sync.map(|sync| sync.as_ref().is_some_and(|sync| !sync.is_null()).into()));
        }
        match self.shown("update_user_group", args).await {
            Err(fault) if fault.kind == FaultKind::Invalid => {
                Err(self.why_no_group(id, patch.name.as_deref()).await?.unwrap_or(fault))
            }
            Err(fault) => Err(fault),
            Ok(now) => {
                let own = now.native(&self.service.namespace) == Some(id.to_string().as_str());
                let named = patch.name.as_ref().is_none_or(|name| *name == now.name);
                if own && named && patch.active.is_none_or(|active| active == now.active) {
                    return Ok(Outcome::Group(Box::new(now)));
                }
                Err(unexpected("a change is not to be seen"))
            }
        }
    }

    /// The server gives no reason; a name that is another group's is one.
    async fn why_no_group(&self, id: i64, name: Option<&str>) -> Result<Option<Fault>, Fault> {
        let Some(name) = name else { return Ok(None) };
        let others = self.groups().await?;
        let own = id.to_string();
        let taken = others.iter().any(|(group, _)| {
            group.name == name && group.native(&self.service.namespace) != Some(own.as_str())
        });
        Ok(taken.then(|| Fault::conflict(Subject::Group)))
    }

    async fn delete_group(&self, group: &GroupRef) -> Result<Outcome, Fault> {
        let args = only("usergroupid", self.group_id(group).await?);
        match self.api.about("delete_user_group", args, "user_group").await? {
            Value::Null => Ok(Outcome::Done),
            _ => Err(unexpected("a group that was deleted is shown")),
        }
    }

    /// Calls a method that says whether it did anything, and in a sentence why not.
    async fn membership(
        &self,
        method: &str,
        (group, user): (&GroupRef, &UserRef),
        (sentence, refusal): (&str, Fault),
    ) -> Result<Outcome, Fault> {
        let mut args = only("usergroupid", self.group_id(group).await?);
        args.insert("userid".to_owned(), self.id_of(user).await?.into());
        let result = self.api.call(method, args).await?;
        match (result.get("success"), result.get("msg").and_then(Value::as_str)) {
            (Some(Value::Bool(true)), Some(_)) => Ok(Outcome::Done),
            (Some(Value::Bool(false)), Some(why)) if why == sentence => Err(refusal),
            _ => Err(unexpected("neither done nor refused")),
        }
    }

    /// A group with its members.
    async fn group(&self, group: &GroupRef) -> Result<(Group, Listed), Fault> {
        let absent = || Fault::not_found(Subject::Group);
        let id = match group {
            GroupRef::Native(namespace, id) if *namespace == self.service.namespace => {
                json!(number(id).ok_or_else(absent)?)
            }
            GroupRef::Name(None, name) => json!(name),
            GroupRef::Id(_) | GroupRef::Native(..) | GroupRef::Name(Some(_), _) => {
                return Err(unsupported(Verb::GetGroup));
            }
        };
        let row = self.api.call("get_user_group", only("usergroupid", id)).await?;
        let (found, members) = row::group(self.eyes(), &row)?;
        match group {
            // A MySQL database finds names in any case.
            GroupRef::Name(_, name) if *name != found.name => Err(absent()),
            GroupRef::Native(namespace, id) if found.native(namespace) != Some(id) => {
                Err(unexpected("another group than was asked for"))
            }
            _ => Ok((found, members)),
        }
    }

    /// Every group with its members, in the order of creation.
    async fn groups(&self) -> Result<Vec<(Group, Listed)>, Fault> {
        let Value::Array(rows) = self.api.call("get_user_groups", Arguments::new()).await? else {
            return Err(unexpected("no list of groups"));
        };
        let all = rows.iter().map(|row| row::group(self.eyes(), row));
        let mut all: Vec<_> = all.collect::<Result<_, _>>()?;
        all.sort_by_key(|(group, _)| group.native(&self.service.namespace).and_then(number));
        Ok(all)
    }

    async fn groups_of(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let namespace = &self.service.namespace;
        let id = self.id_of(user).await?.to_string();
        let mut all = self.groups().await?;
        all.retain(|(_, members)| {
            members.users.iter().any(|one| one.native(namespace) == Some(&id))
        });
        Ok(Outcome::Groups(all.into_iter().map(|(group, _)| group).collect()))
    }

    /// The number that the server points at a group by.
    async fn group_id(&self, group: &GroupRef) -> Result<i64, Fault> {
        let absent = || Fault::not_found(Subject::Group);
        match group {
            GroupRef::Native(namespace, id) if *namespace == self.service.namespace => {
                number(id).ok_or_else(absent)
            }
            other => {
                let (found, _) = self.group(other).await?;
                found.native(&self.service.namespace).and_then(number).ok_or_else(absent)
            }
        }
    }
}
