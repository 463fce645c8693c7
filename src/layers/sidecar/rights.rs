//! The rights on a team, if the system decides who has which
//! ([`Field::GroupRights`]): the references of a change become those of the system, and nothing of
//! it is stored in the sidecar.

use isogloss_canonical::capability::Field;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup, RightChange, RightHolder};
use isogloss_canonical::membership::GroupRef;

use crate::layers::sidecar::layer::Sidecar;

impl Sidecar {
    /// Whether the system decides who has which right on a team.
    pub(super) fn has_rights(&self) -> bool {
        self.system.capability().holds(Field::GroupRights)
    }

    /// Splits a new team into a part for the system and a part for the sidecar.
    pub(super) async fn split_new_team(
        &self,
        team: NewGroup,
    ) -> Result<(NewGroup, NewGroup), Fault> {
        if !self.has_rights() {
            return Ok((team.clone(), team));
        }
        let rights = self.rights_in_system(&team.rights).await?;
        let mut stored = NewGroup { owner: None, rights: Vec::new(), ..team.clone() };
        stored.attributes.retain(|name, _| !self.is_systems(name));
        Ok((NewGroup { rights, ..team }, stored))
    }

    /// Splits a change of a team into a part for the system and a part for the sidecar.
    pub(super) async fn split_team_patch(
        &self,
        patch: GroupPatch,
    ) -> Result<(GroupPatch, GroupPatch), Fault> {
        if !self.has_rights() {
            return Ok((patch.clone(), patch));
        }
        let rights = self.rights_in_system(&patch.rights).await?;
        let (owner, co_owners) = (None, None);
        let mut stored = GroupPatch { owner, co_owners, rights: Vec::new(), ..patch.clone() };
        stored.attributes.retain(|name, _| !self.is_systems(name));
        Ok((GroupPatch { rights, ..patch }, stored))
    }

    /// The rights of a team as the system shows them. What the sidecar has of owners does not count.
    pub(super) fn with_rights_of(&self, team: Group, changers: Vec<String>) -> Group {
        if !self.has_rights() {
            return team;
        }
        Group { owner: None, co_owners: Vec::new(), changers, ..team }
    }

    fn is_systems(&self, attribute: &str) -> bool {
        self.system.capability().stores_of_teams(attribute)
    }

    async fn rights_in_system(&self, changes: &[RightChange]) -> Result<Vec<RightChange>, Fault> {
        let mut own = Vec::with_capacity(changes.len());
        for change in changes {
            own.push(match change {
                RightChange::Owner(holder) => RightChange::Owner(self.holder_of(holder).await?),
                RightChange::Revoke(holder) => RightChange::Revoke(self.holder_of(holder).await?),
                RightChange::Grant(holder, right) => {
                    RightChange::Grant(self.holder_of(holder).await?, right.clone())
                }
            });
        }
        Ok(own)
    }

    async fn holder_of(&self, holder: &RightHolder) -> Result<RightHolder, Fault> {
        Ok(match holder {
            RightHolder::Everybody => RightHolder::Everybody,
            RightHolder::Person(user) => RightHolder::Person(self.system_ref_of(user).await?),
            RightHolder::Group(group) => RightHolder::Group(self.system_ref_of_team(group).await?),
        })
    }

    /// The reference of the system to a team that it still has.
    async fn system_ref_of_team(&self, group: &GroupRef) -> Result<GroupRef, Fault> {
        let absent = || Fault::not_found(Subject::Group);
        let (own, known) = self.team_of_system(group).await?.ok_or_else(absent)?;
        let team = self.read_team(&own).await?;
        if known.is_some_and(|known| known != team.id) {
            return Err(absent());
        }
        self.own_team(&team)
    }
}
