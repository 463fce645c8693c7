//! Groups. If the system has teams, the teams are in the system. All other groups are in the
//! sidecar.

use isogloss_canonical::capability::Field;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::{GroupId, GroupRef};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::value::{Target, ValueKind};
use isogloss_canonical::verb::Verb;
use isogloss_store::{Reading, TeamReading, TeamRecord};

use crate::layers::sidecar::layer::{Sidecar, own_trouble};

/// The place of a group.
enum Holder {
    /// In the system, with this reference, and the id of its record if it is known.
    System(GroupRef, Option<GroupId>),
    /// In the sidecar.
    Sidecar,
}

impl Sidecar {
    /// Runs a command about groups in the system or in the sidecar.
    pub(super) async fn about_groups(&self, command: Command) -> Result<Outcome, Fault> {
        if self.is_about_rights(&command) {
            return self.about_rights(command).await;
        }
        if !self.system.capability().has(Verb::CreateGroup) {
            return self.in_sidecar(command).await;
        }
        if let Some(group) = command.group().cloned() {
            return match self.holder(&group).await? {
                Holder::System(own, known) => self.about_team(command, (own, known)).await,
                Holder::Sidecar => self.in_sidecar(command).await,
            };
        }
        if let Command::CreateGroup(team) = command {
            return match team.namespace {
                None => self.create_team(*team).await,
                Some(_) => self.in_sidecar(Command::CreateGroup(team)).await,
            };
        }
        if let Command::ListGroups(None) = command {
            return self.list_teams().await.map(Outcome::Groups);
        }
        if let Command::GroupsOf(user) = command {
            return self.groups_of(&user).await;
        }
        self.in_sidecar(command).await
    }

    async fn create_team(&self, team: NewGroup) -> Result<Outcome, Fault> {
        self.check_values(vec![(ValueKind::TeamName, &team.name)], Target::New)?;
        let (asked, stored) = self.split_new_team(team).await?;
        let reading = TeamReading::begin();
        let seen = self.ask_system(Command::CreateGroup(Box::new(asked))).await?.group()?;
        Ok(Outcome::Group(Box::new(self.made_team(reading, *seen, stored).await?)))
    }

    async fn groups_of(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let person = self.get(user).await?;
        let mut all = self.teams_of(&Command::GroupsOf(self.own(&person)?)).await?;
        let stored = self.ask_store(Command::GroupsOf(UserRef::Id(person.id))).await?.groups()?;
        all.extend(stored.into_iter().filter(|group| group.namespace.is_some()));
        Ok(Outcome::Groups(all))
    }

    /// Runs a command about a team of the system. The team is read first: a new team can have the
    /// id or the name of a deleted one.
    async fn about_team(
        &self,
        command: Command,
        (own, known): (GroupRef, Option<GroupId>),
    ) -> Result<Outcome, Fault> {
        let team = self.read_team(&own).await?;
        if known.is_some_and(|known| known != team.id) {
            return Err(Fault::not_found(Subject::Group));
        }
        let own = self.own_team(&team)?;
        self.run_on_team(command, (team, own)).await
    }

    async fn run_on_team(
        &self,
        command: Command,
        (team, own): (Group, GroupRef),
    ) -> Result<Outcome, Fault> {
        match command {
            Command::GetGroup(_) => Ok(Outcome::Group(Box::new(team))),
            Command::DeleteGroup(_) => {
                self.ask_system(Command::DeleteGroup(own)).await?;
                self.records.forget_team(team.id).await.map_err(own_trouble)?;
                Ok(Outcome::Done)
            }
            Command::UpdateGroup(_, patch) => self.update_team(&team, own, *patch).await,
            Command::AddMember(_, user) => {
                let user = self.system_ref_of(&user).await?;
                self.ask_system(Command::AddMember(own, user)).await
            }
            Command::RemoveMember(_, user) => {
                let user = self.system_ref_of(&user).await?;
                self.ask_system(Command::RemoveMember(own, user)).await
            }
            Command::ListMembers(_) => self.members(own).await,
            Command::CreateUser(_)
            | Command::CreateFromDirectory(_)
            | Command::GetUser(_)
            | Command::ListUsers
            | Command::UpdateUser(..)
            | Command::ActivateUser(_)
            | Command::DeactivateUser(_)
            | Command::DeleteUser(_)
            | Command::ChangePassword(..)
            | Command::IssueKey(..)
            | Command::RevokeKeys(..)
            | Command::ListKeys(..)
            | Command::ReadSettings(..)
            | Command::MergeSettings(..)
            | Command::CreateGroup(_)
            | Command::ListGroups(_)
            | Command::GroupsOf(_)
            | Command::ListLocks(_)
            | Command::ServerFacts
            | Command::AssignIds(_)
            | Command::FindKey(..)
            | Command::VerifyPassword(..)
            | Command::VerifyKey(..)
            | Command::CountFailure(..)
            | Command::ClearFailures(_) => {
                Err(Fault::new(FaultKind::Unsupported, command.verb().to_string()))
            }
        }
    }

    async fn update_team(
        &self,
        team: &Group,
        own: GroupRef,
        patch: GroupPatch,
    ) -> Result<Outcome, Fault> {
        if let Some(name) = patch.name.as_ref().filter(|name| **name != team.name) {
            self.check_values(vec![(ValueKind::TeamName, name)], Target::Team)?;
            // A read that sees the new name in the system can now identify the team.
            self.records.expect_team_name(team.id, name).await?;
        }
        let name = patch.name.clone();
        let (asked, stored) = self.split_team_patch(patch).await?;
        let asked = Command::UpdateGroup(own.clone(), Box::new(asked));
        let reading = TeamReading::begin();
        let row = match self.ask_system(asked).await.and_then(Outcome::group) {
            Ok(row) => *row,
            Err(fault) => {
                self.team_renaming_failed((team, &own), name.as_deref(), &fault).await;
                return Err(fault);
            }
        };
        self.records.update_team(team.id, stored).await.map_err(own_trouble)?;
        // The answer to a change need not show the rights: a later read asks the system again.
        let before = self.before().filter(|_| !self.has_rights());
        let shown = self.reconcile_team_row(reading, before, row).await;
        let changed = match shown.map_err(own_trouble)?.filter(|now| now.id == team.id) {
            Some(changed) => changed,
            None => self.read_team(&own).await.map_err(own_trouble)?,
        };
        Ok(Outcome::Group(Box::new(changed)))
    }

    /// After a refusal by the system, the new name is no longer expected, unless the system already
    /// has it.
    async fn team_renaming_failed(
        &self,
        (team, own): (&Group, &GroupRef),
        name: Option<&str>,
        why: &Fault,
    ) {
        let Some(name) = name.filter(|_| why.kind.is_callers()) else { return };
        let cleared = match self.read_team(own).await {
            Ok(now) if now.name == name => Ok(()),
            Ok(_) => self.records.clear_expected_team_name(team.id, name).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = cleared {
            tracing::warn!(team = %team.id, %fault, "the name of a refused rename stays expected for a while");
        }
    }

    /// The reference of the system to a team.
    pub(super) fn own_team(&self, team: &Group) -> Result<GroupRef, Fault> {
        let id = team.native(&self.namespace).map(str::to_owned);
        let id = id.ok_or_else(|| {
            Fault::new(FaultKind::Unexpected, "a team without an id of the system")
        })?;
        Ok(GroupRef::Native(self.namespace.clone(), id))
    }

    async fn members(&self, own: GroupRef) -> Result<Outcome, Fault> {
        let reading = Reading::begin();
        let members = self.ask_system(Command::ListMembers(own)).await?.listed()?;
        let users = self.reconcile_all(reading, members.users).await?;
        Ok(Outcome::people(users, members.unread))
    }

    /// The reference of the system to a person.
    pub(super) async fn system_ref_of(&self, user: &UserRef) -> Result<UserRef, Fault> {
        self.own(&self.get(user).await?)
    }

    async fn holder(&self, group: &GroupRef) -> Result<Holder, Fault> {
        Ok(match self.team_of_system(group).await? {
            Some((own, known)) => Holder::System(own, known),
            None => Holder::Sidecar,
        })
    }

    /// The reference of the system to a team, and the id of its record if it is known. `None`: it is
    /// no team of the system.
    pub(super) async fn team_of_system(
        &self,
        group: &GroupRef,
    ) -> Result<Option<(GroupRef, Option<GroupId>)>, Fault> {
        Ok(match group {
            GroupRef::Native(namespace, _) if *namespace == self.namespace => {
                Some((group.clone(), None))
            }
            GroupRef::Name(None, _) => Some((group.clone(), None)),
            GroupRef::Name(Some(_), _) => None,
            GroupRef::Native(..) | GroupRef::Id(_) => match self.records.find_team(group).await? {
                Some(TeamRecord { team, native: Some(id), .. }) => {
                    Some((GroupRef::Native(self.namespace.clone(), id), Some(team.id)))
                }
                _ => None,
            },
        })
    }

    /// Merges a team: fields that the system stores come from the system, the others from the
    /// sidecar.
    pub(super) fn merge(&self, seen: Group, stored: Group) -> Group {
        let mut team = Group { name: seen.name, members: seen.members, ..stored };
        if self.system.capability().holds(Field::TeamActive) {
            team.active = seen.active;
        }
        for (name, value) in seen.attributes {
            team.attributes.insert(name, value);
        }
        team.description = seen.description.or(team.description);
        self.with_rights_of(team, seen.changers)
    }
}
