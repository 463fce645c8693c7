//! Groups: the teams of a system that has teams are the system's; every other group is kept aside.

use isogloss_canonical::capability::Field;
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupRef, NewGroup};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;

use crate::layers::bridge::Bridge;

/// Who keeps a group.
enum Keeper {
    /// The system, which points at it so.
    System(GroupRef),
    /// The shadow.
    Shadow,
}

impl Bridge {
    /// Carries out a command about groups where the group is kept.
    pub(super) async fn about_groups(&self, command: Command) -> Result<Outcome, Fault> {
        if !self.system.capability().has(Verb::CreateGroup) {
            return self.aside(command).await;
        }
        match command {
            Command::CreateGroup(group) if group.realm.is_none() => self.create_team(*group).await,
            Command::ListGroups(None) => self.teams().await,
            Command::GroupsOf(user) => self.groups_of(&user).await,
            other => match other.group().cloned() {
                Some(group) => match self.keeper(&group).await? {
                    Keeper::System(own) => self.about_team(other, own).await,
                    Keeper::Shadow => self.aside(other).await,
                },
                None => self.aside(other).await,
            },
        }
    }

    async fn create_team(&self, team: NewGroup) -> Result<Outcome, Fault> {
        let seen = self.ask_system(Command::CreateGroup(Box::new(team.clone()))).await?.group()?;
        self.disinherit_team(&seen).await?;
        let shadow = NewGroup {
            ids: team.ids.into_iter().chain(seen.ids.clone()).collect(),
            unique_name: false,
            ..team
        };
        let made = self.ask_shadow(Command::CreateGroup(Box::new(shadow))).await?.group()?;
        Ok(Outcome::Group(Box::new(self.merge(*seen, *made))))
    }

    /// Deletes the shadow of a team that was deleted behind our back, whose id the system has given
    /// to the one that was created just now.
    async fn disinherit_team(&self, created: &Group) -> Result<(), Fault> {
        let Some(id) = created.native(&self.realm) else { return Ok(()) };
        let own = GroupRef::Native(self.realm.clone(), id.to_owned());
        match self.ask_shadow(Command::GetGroup(own.clone())).await {
            Ok(_) => self.ask_shadow(Command::DeleteGroup(own)).await.map(drop),
            Err(fault) if fault.is_absence_of(Subject::Group) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn teams(&self) -> Result<Outcome, Fault> {
        let mut all = Vec::new();
        for team in self.ask_system(Command::ListGroups(None)).await?.groups()? {
            all.push(self.adopt_team(team).await?);
        }
        Ok(Outcome::Groups(all))
    }

    async fn groups_of(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let person = self.get(user).await?;
        let mut all = Vec::new();
        let asked = Command::GroupsOf(self.own(&person)?);
        for team in self.ask_system(asked).await?.groups()? {
            all.push(self.adopt_team(team).await?);
        }
        let aside = self.ask_shadow(Command::GroupsOf(UserRef::Id(person.id))).await?.groups()?;
        all.extend(aside.into_iter().filter(|group| group.realm.is_some()));
        Ok(Outcome::Groups(all))
    }

    async fn about_team(&self, command: Command, own: GroupRef) -> Result<Outcome, Fault> {
        let read = Command::GetGroup(own.clone());
        let seen = self.ask_system(read.clone()).await?.group()?;
        let team = self.adopt_team(*seen).await?;
        let aside = GroupRef::Id(team.id);
        match command {
            Command::GetGroup(_) => Ok(Outcome::Group(Box::new(team))),
            Command::DeleteGroup(_) => {
                self.ask_system(Command::DeleteGroup(own)).await?;
                self.ask_shadow(Command::DeleteGroup(aside)).await
            }
            Command::UpdateGroup(_, patch) => {
                self.ask_system(Command::UpdateGroup(own, patch.clone())).await?;
                self.ask_shadow(Command::UpdateGroup(aside, patch)).await?;
                let seen = self.ask_system(read).await?.group()?;
                Ok(Outcome::Group(Box::new(self.adopt_team(*seen).await?)))
            }
            Command::AddMember(_, user) => {
                let user = self.at_home(&user).await?;
                self.ask_system(Command::AddMember(own, user)).await
            }
            Command::RemoveMember(_, user) => {
                let user = self.at_home(&user).await?;
                self.ask_system(Command::RemoveMember(own, user)).await
            }
            Command::ListMembers(_) => self.members(own).await,
            other => Err(Fault::new(FaultKind::Unsupported, other.verb().to_string())),
        }
    }

    async fn members(&self, own: GroupRef) -> Result<Outcome, Fault> {
        let members = self.ask_system(Command::ListMembers(own)).await?.users()?;
        let mut seen = Vec::with_capacity(members.len());
        for member in members {
            seen.push(self.get(&self.own(&member)?).await?);
        }
        Ok(Outcome::Users(seen))
    }

    /// How the system points at a person whom a front points at its own way.
    async fn at_home(&self, user: &UserRef) -> Result<UserRef, Fault> {
        self.own(&self.get(user).await?)
    }

    async fn keeper(&self, group: &GroupRef) -> Result<Keeper, Fault> {
        match group {
            GroupRef::Native(realm, _) if *realm == self.realm => Ok(Keeper::System(group.clone())),
            GroupRef::Name(None, _) => Ok(Keeper::System(group.clone())),
            GroupRef::Name(Some(_), _) => Ok(Keeper::Shadow),
            GroupRef::Native(..) | GroupRef::Id(_) => {
                let known = self.ask_shadow(Command::GetGroup(group.clone())).await?.group()?;
                match (&known.realm, known.native(&self.realm)) {
                    (None, Some(id)) => {
                        let own = GroupRef::Native(self.realm.clone(), id.to_owned());
                        Ok(Keeper::System(own))
                    }
                    _ => Ok(Keeper::Shadow),
                }
            }
        }
    }

    /// The shadow of a team: found by the system's own id, or made.
    async fn adopt_team(&self, seen: Group) -> Result<Group, Fault> {
        let Some(id) = seen.native(&self.realm).map(str::to_owned) else {
            return Err(Fault::new(FaultKind::Unexpected, "a team without an id of its system"));
        };
        let own = Command::GetGroup(GroupRef::Native(self.realm.clone(), id));
        let shadow = match self.ask_shadow(own.clone()).await.and_then(Outcome::group) {
            Ok(shadow) => shadow,
            Err(fault) if fault.is_absence_of(Subject::Group) => {
                let ids = seen.ids.clone();
                let new = NewGroup { name: seen.name.clone(), ids, ..NewGroup::default() };
                match self.ask_shadow(Command::CreateGroup(Box::new(new))).await {
                    Ok(made) => made.group()?,
                    // Another request saw the same team at the same time.
                    Err(fault) if fault.kind == FaultKind::Conflict => {
                        self.ask_shadow(own).await?.group()?
                    }
                    Err(fault) => return Err(fault),
                }
            }
            Err(fault) => return Err(fault),
        };
        Ok(self.merge(seen, *shadow))
    }

    /// A team: what the system holds as the system has it, the rest from the shadow.
    fn merge(&self, seen: Group, shadow: Group) -> Group {
        let mut team = Group { name: seen.name, members: seen.members, ..shadow };
        if self.system.capability().holds(Field::TeamActive) {
            team.active = seen.active;
        }
        for (name, value) in seen.attributes {
            team.attributes.insert(name, value);
        }
        team.description = seen.description.or(team.description);
        team
    }
}
