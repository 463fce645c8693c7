//! The verbs that the sidecar executes alone.

use std::collections::HashMap;

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{AttributeChanges, User, UserPatch, UserRef};

use crate::layers::sidecar::layer::{Sidecar, own_trouble};
use crate::layers::sidecar::reconcile::{Brought, nobody_called};

impl Sidecar {
    /// Runs a command in the sidecar. The person is first looked up in the system, so that the
    /// record of a deleted person gives no access.
    pub(super) async fn in_sidecar(&self, command: Command) -> Result<Outcome, Fault> {
        if let Command::ReadSettings(user, prefix) = command {
            let mut attributes = self.get(&user).await?.attributes;
            attributes.retain(|name, _| name.starts_with(&prefix));
            return Ok(Outcome::Settings(attributes));
        }
        if let Command::MergeSettings(user, prefix, changes) = command {
            return self.merge_settings(&user, prefix, changes).await;
        }
        if let Command::AssignIds(rows) = command {
            return self.assign(rows).await;
        }
        let command = self.about_the_present(command).await?;
        let outcome = self.ask_store(command).await?;
        if let Outcome::Users(members) = outcome {
            return self.seen(members).await.map(Outcome::Users);
        }
        Ok(outcome)
    }

    /// The command with its person by canonical id, if the system still has them.
    async fn about_the_present(&self, command: Command) -> Result<Command, Fault> {
        Ok(match command {
            Command::IssueKey(Some(user), key) => {
                Command::IssueKey(Some(self.present(&user).await?), key)
            }
            Command::RevokeKeys(Some(user), namespace, which) => {
                Command::RevokeKeys(Some(self.present(&user).await?), namespace, which)
            }
            Command::ListKeys(Some(user), namespace, choice) => {
                Command::ListKeys(Some(self.present(&user).await?), namespace, choice)
            }
            Command::AddMember(group, user) => {
                Command::AddMember(group, self.present(&user).await?)
            }
            Command::RemoveMember(group, user) => {
                Command::RemoveMember(group, self.present(&user).await?)
            }
            Command::GroupsOf(user) => Command::GroupsOf(self.present(&user).await?),
            Command::ListLocks(user) => Command::ListLocks(self.present(&user).await?),
            Command::CountFailure(user, lockout) => {
                Command::CountFailure(self.present(&user).await?, lockout)
            }
            Command::ClearFailures(user) => Command::ClearFailures(self.present(&user).await?),
            Command::IssueKey(None, _)
            | Command::RevokeKeys(None, ..)
            | Command::ListKeys(None, ..)
            | Command::CreateUser(_)
            | Command::CreateFromDirectory(_)
            | Command::GetUser(_)
            | Command::ListUsers
            | Command::UpdateUser(..)
            | Command::ActivateUser(_)
            | Command::DeactivateUser(_)
            | Command::DeleteUser(_)
            | Command::ChangePassword(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::CreateGroup(_)
            | Command::GetGroup(_)
            | Command::ListGroups(_)
            | Command::UpdateGroup(..)
            | Command::DeleteGroup(_)
            | Command::ListMembers(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::FindKey(..)
            | Command::VerifyPassword(..)
            | Command::VerifyKey(..) => command,
        })
    }

    /// Sets attributes. The system gets those that it has a column for, the sidecar gets all.
    async fn merge_settings(
        &self,
        user: &UserRef,
        prefix: String,
        changes: AttributeChanges,
    ) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        let changes = self.stored_changes(changes)?;
        let its_own = |(name, _): &(&String, _)| self.system.capability().stores(name);
        let attributes: AttributeChanges = changes
            .iter()
            .filter(its_own)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let asked = !attributes.is_empty();
        if asked {
            let patch = UserPatch { attributes, ..UserPatch::default() };
            self.ask_system(Command::UpdateUser(self.own(&known)?, Box::new(patch))).await?;
        }
        let mut changes = changes;
        changes.retain(|name, _| !self.system.capability().owns(name));
        if asked && changes.is_empty() {
            return Ok(Outcome::Done);
        }
        let stored = Command::MergeSettings(UserRef::Id(known.id), prefix, changes);
        let stored = self.ask_store(stored).await;
        if asked { stored.map_err(own_trouble) } else { stored }
    }

    /// The canonical id of a person who exists in the system.
    async fn present(&self, user: &UserRef) -> Result<UserRef, Fault> {
        self.get(user).await.map(|user| UserRef::Id(user.id))
    }

    /// The members of a group as the system shows them in this request. Deleted ones are left out.
    async fn seen(&self, members: Vec<User>) -> Result<Vec<User>, Fault> {
        let everybody = match self.listed_before() {
            Some(everybody) => everybody,
            None => self.list().await?,
        };
        let everybody = everybody.into_iter().map(|user| (user.id, user));
        let mut everybody: HashMap<_, _> = everybody.collect();
        Ok(members.into_iter().filter_map(|member| everybody.remove(&member.id)).collect())
    }

    /// Assigns the ids that clients already use. If no record exists yet, these ids are assigned
    /// first, and the other people get free ones.
    async fn assign(&self, rows: Vec<Brought>) -> Result<Outcome, Fault> {
        if rows.iter().any(|(_, namespace, _)| *namespace == self.namespace) {
            return Err(Fault::new(FaultKind::Invalid, "the system assigns its own ids"));
        }
        if rows.iter().all(is_by_name) && self.records.is_empty().await? {
            return self.list_with(rows).await.map(|_| Outcome::Done);
        }
        let everybody = self.list().await?;
        let by_name: HashMap<_, _> =
            everybody.iter().map(|user| (user.username.as_str(), user.id)).collect();
        let mut present = Vec::with_capacity(rows.len());
        for (user, namespace, native) in rows {
            let user = match &user {
                UserRef::Name(name) => {
                    let known = by_name.get(name.as_str()).copied();
                    UserRef::Id(known.ok_or_else(|| nobody_called(name))?)
                }
                UserRef::Id(_)
                | UserRef::Native(..)
                | UserRef::FoldedName(_)
                | UserRef::Email(_) => self.present(&user).await?,
            };
            present.push((user, namespace, native));
        }
        self.ask_store(Command::AssignIds(present)).await
    }
}

fn is_by_name((user, ..): &Brought) -> bool {
    matches!(user, UserRef::Name(_))
}
