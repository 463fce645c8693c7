//! What a request has read of the system is not read again: the sidecar's use of its memo.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::{GroupId, GroupRef};
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::secret::{Secret, same};
use isogloss_canonical::user::{User, UserId, UserRef};
use isogloss_store::State;
use jiff::Timestamp;

use crate::layers::sidecar::fields;
use crate::layers::sidecar::layer::Sidecar;
use crate::layers::sidecar::memo::{Before, Shown, find, put};

impl Sidecar {
    /// The moment before a read. `None`: not in a request.
    pub(super) fn before(&self) -> Option<Before> {
        self.memo.as_ref().map(|memo| memo.before())
    }

    /// Keeps the row of a person for the rest of the request.
    pub(super) fn keep(&self, before: Option<Before>, row: &User, id: UserId) {
        if let Some((memo, before)) = self.memo.as_ref().zip(before) {
            let shown = Shown::new(before, row.clone(), id);
            memo.keep(before, |rows| put(&mut rows.people, shown));
        }
    }

    /// Keeps a list of all people.
    pub(super) fn keep_everybody(&self, before: Option<Before>, everybody: &[User]) {
        if let Some((memo, before)) = self.memo.as_ref().zip(before) {
            let shown = Shown::new(before, everybody.to_vec(), ());
            memo.keep(before, |rows| rows.everybody = Some(shown));
        }
    }

    /// All people, if this request has listed them just now. Only for what their rows show: the
    /// records may have changed since.
    pub(super) fn listed_before(&self) -> Option<Vec<User>> {
        self.memo.as_ref()?.everybody()
    }

    /// Keeps the row of a team.
    pub(super) fn keep_team(&self, before: Option<Before>, row: &Group, id: GroupId) {
        if let Some((memo, before)) = self.memo.as_ref().zip(before) {
            let shown = Shown::new(before, row.clone(), id);
            memo.keep(before, |rows| put(&mut rows.teams, shown));
        }
    }

    /// Keeps a rights group of the system.
    pub(super) fn keep_rights(&self, before: Option<Before>, asked: &GroupRef, row: &Group) {
        if let Some((memo, before)) = self.memo.as_ref().zip(before) {
            let shown = Shown::new(before, row.clone(), ());
            memo.keep(before, |rows| rows.rights.push((asked.clone(), shown)));
        }
    }

    /// A rights group of the system, if this request has read it.
    pub(super) fn rights_before(&self, wanted: &GroupRef) -> Option<Group> {
        self.memo.as_ref()?.rights(wanted)
    }

    /// Keeps a key of the system with its owner.
    pub(super) fn keep_key(&self, before: Option<Before>, key: &Secret, owner: Option<UserId>) {
        if let Some((memo, before)) = self.memo.as_ref().zip(before) {
            let shown = Shown::new(before, key.clone(), owner);
            memo.keep(before, |rows| put(&mut rows.keys, shown));
        }
    }

    /// The person of a reference of the system, if this request has read the row, and the record
    /// has not changed since.
    pub(super) async fn read_before(&self, user: &UserRef) -> Result<Option<User>, Fault> {
        let is_meant = |row: &User| match user {
            UserRef::Name(name) => row.username == *name,
            UserRef::Native(namespace, id) if *namespace == self.namespace => {
                match self.numbering {
                    Numbering::Names => row.username == *id,
                    Numbering::From(_) => row.native(namespace) == Some(id),
                }
            }
            UserRef::Native(..) | UserRef::Id(_) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                false
            }
        };
        let memo = self.memo.as_ref();
        let shown = memo.and_then(|memo| memo.rows(|rows| find(&mut rows.people, is_meant)));
        let Some(Shown { row, id, reconciled, .. }) = shown else { return Ok(None) };
        let record = self.records.find(&UserRef::Id(id)).await?;
        let same = record.filter(|one| one.state == State::Active && one.since <= reconciled);
        Ok(same.map(|record| fields::merge((&self.system, &self.namespace), row, record.user)))
    }

    /// The team of a reference of the system, in the same way.
    pub(super) async fn team_before(&self, team: &GroupRef) -> Result<Option<Group>, Fault> {
        let is_meant = |row: &Group| match team {
            GroupRef::Name(None, name) => row.name == *name,
            GroupRef::Native(namespace, id) => row.native(namespace) == Some(id),
            GroupRef::Name(Some(_), _) | GroupRef::Id(_) => false,
        };
        let memo = self.memo.as_ref();
        let shown = memo.and_then(|memo| memo.rows(|rows| find(&mut rows.teams, is_meant)));
        let Some(Shown { row, id, reconciled, .. }) = shown else { return Ok(None) };
        let record = self.records.find_team(&GroupRef::Id(id)).await?;
        let is_same = |at: Timestamp| at <= reconciled;
        let same = record.filter(|one| one.state == State::Active && is_same(one.since()));
        Ok(same.map(|record| self.merge(row, record.team)))
    }

    /// The key of the system and its owner, if this request has asked for it. The application's key has
    /// no owner.
    pub(super) fn key_before(&self, key: &Secret) -> Option<Shown<Secret, Option<UserId>>> {
        let is_meant = |known: &Secret| same(known.expose(), key.expose());
        self.memo.as_ref()?.rows(|rows| find(&mut rows.keys, is_meant))
    }
}
