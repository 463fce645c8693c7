//! The verbs that the shadow carries out alone, and how a person of the system gets a shadow.

use isogloss_canonical::capability::Field;
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::GroupRef;
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::realm::{Numbering, Realm};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{
    AttributeChanges, GroupChange, NewUser, User, UserId, UserPatch, UserRef,
};

use crate::layers::bridge::{Bridge, fields};

impl Bridge {
    /// Carries out what the shadow does alone. The person it is about is looked up in the system
    /// first, so that the shadow of somebody who is gone opens nothing.
    pub(super) async fn aside(&self, command: Command) -> Result<Outcome, Fault> {
        let command = match command {
            Command::IssueKey(Some(user), key) => {
                Command::IssueKey(Some(self.present(&user).await?), key)
            }
            Command::RevokeKeys(Some(user), realm, which) => {
                Command::RevokeKeys(Some(self.present(&user).await?), realm, which)
            }
            Command::ListKeys(Some(user), realm) => {
                Command::ListKeys(Some(self.present(&user).await?), realm)
            }
            Command::ReadSettings(user, prefix) => {
                let mut attributes = self.get(&user).await?.attributes;
                attributes.retain(|name, _| name.starts_with(&prefix));
                return Ok(Outcome::Settings(attributes));
            }
            Command::MergeSettings(user, prefix, changes) => {
                return self.merge_settings(&user, prefix, changes).await;
            }
            Command::FindKey(realm, value) => return self.find_key(realm, value).await,
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
            Command::AssignIds(rows) => {
                let mut present = Vec::with_capacity(rows.len());
                for (user, realm, native) in rows {
                    if realm == self.realm {
                        return Err(Fault::new(FaultKind::Invalid, "the system gives its own ids"));
                    }
                    present.push((self.present(&user).await?, realm, native));
                }
                Command::AssignIds(present)
            }
            Command::ClearFailures(user) => Command::ClearFailures(self.present(&user).await?),
            other => other,
        };
        match self.ask_shadow(command).await? {
            Outcome::Users(members) => self.seen(members).await.map(Outcome::Users),
            other => Ok(other),
        }
    }

    /// Finds a key of the gateway's own, with its owner as the system has them; or has the system
    /// say whose one of its own is.
    async fn find_key(&self, realm: Realm, value: Secret) -> Result<Outcome, Fault> {
        match self.ask_shadow(Command::FindKey(realm.clone(), value.clone())).await {
            Ok(Outcome::KeyFound(key, Some(owner))) => {
                let owner = self.get(&UserRef::Id(owner.id)).await.map_err(gone_is_no_key)?;
                Ok(Outcome::KeyFound(key, Some(Box::new(owner))))
            }
            Err(fault) if realm == self.realm && fault.is_absence_of(Subject::Key) => {
                self.forward(value).await
            }
            other => other,
        }
    }

    /// Sets attributes: the system those that it keeps, the shadow all of them.
    async fn merge_settings(
        &self,
        user: &UserRef,
        prefix: String,
        changes: AttributeChanges,
    ) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        let changes = self.kept_changes(changes)?;
        let kept = |(name, _): &(&String, _)| self.system.capability().keeps(name);
        let attributes: AttributeChanges = changes
            .iter()
            .filter(kept)
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !attributes.is_empty() {
            let patch = UserPatch { attributes, ..UserPatch::default() };
            self.ask_system(Command::UpdateUser(self.own(&known)?, Box::new(patch))).await?;
        }
        self.ask_shadow(Command::MergeSettings(UserRef::Id(known.id), prefix, changes)).await
    }

    /// Where front and backend are the same system, whoever comes with a key of that system's own
    /// is who the system says.
    async fn forward(&self, value: Secret) -> Result<Outcome, Fault> {
        if !self.system.capability().has(Verb::FindKey) {
            return Err(Fault::not_found(Subject::Key));
        }
        match self.ask_system(Command::FindKey(self.realm.clone(), value)).await? {
            Outcome::KeyFound(_, Some(owner)) => {
                let shadow = self.adopt(&owner).await?;
                let owner = fields::merge(&self.system, *owner, shadow);
                let key = Key::vouched(self.realm.clone(), Some(owner.id));
                Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(owner))))
            }
            other => Ok(other),
        }
    }

    /// A person who is really there, by canonical id.
    async fn present(&self, user: &UserRef) -> Result<UserRef, Fault> {
        self.get(user).await.map(|user| UserRef::Id(user.id))
    }

    /// The members of a group as the system has them now; those who are gone are left out.
    async fn seen(&self, members: Vec<User>) -> Result<Vec<User>, Fault> {
        let everybody = self.list().await?;
        let now = |member: User| everybody.iter().find(|user| user.id == member.id).cloned();
        Ok(members.into_iter().filter_map(now).collect())
    }

    /// The shadow of a person of the system: found by the system's own id, or made.
    pub(super) async fn adopt(&self, seen: &User) -> Result<User, Fault> {
        let own = self.own(seen)?;
        match self.ask_shadow(Command::GetUser(own.clone())).await.and_then(Outcome::user) {
            Ok(shadow) if shadow.username == seen.username => self.settle(*shadow, seen).await,
            Ok(shadow) => {
                let shadow = self.follow(&shadow, seen).await?;
                self.settle(shadow, seen).await
            }
            Err(fault) if fault.is_absence_of(Subject::User) => {
                let shadow = self.make_shadow(shadow_of(seen)).await?;
                self.settle(shadow, seen).await
            }
            Err(fault) => Err(fault),
        }
    }

    /// Takes over the memberships that a system shows in its own sets of rights.
    pub(super) async fn settle(&self, shadow: User, seen: &User) -> Result<User, Fault> {
        let held = self.system.capability().holds(Field::Groups);
        let Some(realm) = seen.groups.first().and_then(|group| group.realm.clone()) else {
            return Ok(shadow);
        };
        let ids = |user: &User| -> Vec<String> {
            let own = user.groups.iter().filter(|group| group.realm.as_ref() == Some(&realm));
            own.filter_map(|group| group.ids.get(&realm).cloned()).collect()
        };
        let wanted = ids(seen);
        if !held || wanted == ids(&shadow) {
            return Ok(shadow);
        }
        let groups = wanted.into_iter().map(|id| GroupRef::Native(realm.clone(), id)).collect();
        let groups = Some(GroupChange { realm: realm.clone(), groups });
        let patch = UserPatch { groups, ..UserPatch::default() };
        let settle = Command::UpdateUser((&shadow).into(), Box::new(patch));
        Ok(*self.ask_shadow(settle).await?.user()?)
    }

    /// The shadow that has this name before somebody is created.
    pub(super) async fn predecessor(&self, name: &str) -> Result<Option<UserId>, Fault> {
        let shadow = self.shadow_by(UserRef::Name(name.to_owned())).await?;
        Ok(shadow.map(|shadow| shadow.id))
    }

    /// Deletes the shadow that somebody who was created just now would come into, keys and all. It
    /// is of somebody who was deleted behind our back, and whose name or id the system has given
    /// again: Kanboard on SQLite gives the highest id again.
    pub(super) async fn disinherit(
        &self,
        created: &User,
        before: Option<UserId>,
    ) -> Result<(), Fault> {
        let Some(shadow) = self.shadow_by(self.own(created)?).await? else { return Ok(()) };
        // A namesake who was not there before was made by another request that saw this person.
        if before != Some(shadow.id) && shadow.username == created.username {
            return Ok(());
        }
        match self.ask_shadow(Command::DeleteUser(UserRef::Id(shadow.id))).await {
            Err(fault) if !fault.is_absence_of(Subject::User) => Err(fault),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    async fn shadow_by(&self, user: UserRef) -> Result<Option<User>, Fault> {
        match self.ask_shadow(Command::GetUser(user)).await.and_then(Outcome::user) {
            Ok(shadow) => Ok(Some(*shadow)),
            Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Follows a renaming that happened in the system.
    async fn follow(&self, shadow: &User, seen: &User) -> Result<User, Fault> {
        let patch = UserPatch { username: Some(seen.username.clone()), ..UserPatch::default() };
        self.clear_the_name(&seen.username).await?;
        let rename = Command::UpdateUser(shadow.into(), Box::new(patch));
        Ok(*self.ask_shadow(rename).await?.user()?)
    }

    /// Makes a shadow; a stale one that stands in its way belongs to somebody who is gone.
    pub(super) async fn make_shadow(&self, shadow: NewUser) -> Result<User, Fault> {
        self.clear_the_name(&shadow.username).await?;
        let own = match self.numbering {
            Numbering::Names => UserRef::Name(shadow.username.clone()),
            Numbering::From(_) => {
                let id = shadow.ids.get(&self.realm).cloned().unwrap_or_default();
                UserRef::Native(self.realm.clone(), id)
            }
        };
        match self.ask_shadow(Command::CreateUser(Box::new(shadow))).await {
            Ok(made) => Ok(*made.user()?),
            // Another request saw the same person at the same time.
            Err(fault) if fault.kind == FaultKind::Conflict => {
                Ok(*self.ask_shadow(Command::GetUser(own)).await?.user()?)
            }
            Err(fault) => Err(fault),
        }
    }

    /// The shadow that holds a name which now is somebody else's: its person was renamed or
    /// deleted behind our back. Numbered systems only; where the name is the id, it is the person.
    async fn clear_the_name(&self, name: &str) -> Result<(), Fault> {
        if self.numbering == Numbering::Names {
            return Ok(());
        }
        let named = Command::GetUser(UserRef::Name(name.to_owned()));
        let stale = match self.ask_shadow(named).await.and_then(Outcome::user) {
            Ok(stale) => stale,
            Err(fault) if fault.is_absence_of(Subject::User) => return Ok(()),
            Err(fault) => return Err(fault),
        };
        let own = self.own(&stale)?;
        match self.ask_system(Command::GetUser(own)).await.and_then(Outcome::user) {
            Ok(now) if now.username == name => Ok(()),
            Ok(now) => {
                let patch = UserPatch { username: Some(now.username), ..UserPatch::default() };
                self.ask_shadow(Command::UpdateUser(stale.as_ref().into(), Box::new(patch)))
                    .await
                    .map(drop)
            }
            Err(fault) if fault.is_absence_of(Subject::User) => {
                self.ask_shadow(Command::DeleteUser(stale.as_ref().into())).await.map(drop)
            }
            Err(fault) => Err(fault),
        }
    }
}

/// A first shadow holds what the system shows, so that it can be read back by itself.
fn shadow_of(seen: &User) -> NewUser {
    let mut shadow = NewUser { username: seen.username.clone(), ..NewUser::default() };
    fields::remember(&mut shadow, seen);
    shadow
}

/// The key of somebody who is gone is no key.
fn gone_is_no_key(fault: Fault) -> Fault {
    if fault.is_absence_of(Subject::User) { Fault::not_found(Subject::Key) } else { fault }
}
