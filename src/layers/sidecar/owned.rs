//! What a system has of its own besides people, teams and keys: its rights groups, with who is a
//! member, and attributes that are the system's alone. The sidecar stores none of it.

use isogloss_canonical::capability::Capability;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::membership::{GroupRef, Membership};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{GroupChange, NewUser, User, UserPatch};

use crate::layers::sidecar::layer::Sidecar;

impl Sidecar {
    /// Whether a command is about the rights groups that the system has itself.
    pub(super) fn is_about_rights(&self, command: &Command) -> bool {
        if let Some(group) = command.group() {
            return self.is_rights_group(group);
        }
        let named = if let Command::ListGroups(namespace) = command {
            namespace.as_ref()
        } else if let Command::CreateGroup(new) = command {
            new.namespace.as_ref()
        } else {
            None
        };
        named.is_some_and(|named| self.rights_are_of(named))
    }

    /// Runs a command about the rights groups of the system. What a request has read of one is not read
    /// again.
    pub(super) async fn about_rights(&self, command: Command) -> Result<Outcome, Fault> {
        let Command::GetGroup(wanted) = command else { return self.send(command).await };
        if let Some(group) = self.rights_before(&wanted) {
            return Ok(Outcome::Group(Box::new(group)));
        }
        let before = self.before();
        let group = self.send(Command::GetGroup(wanted.clone())).await?.group()?;
        self.keep_rights(before, &wanted, &group);
        Ok(Outcome::Group(group))
    }

    /// Whether a reference names a rights group that the system has itself.
    pub(super) fn is_rights_group(&self, group: &GroupRef) -> bool {
        match group {
            GroupRef::Id(id) => {
                id.is_derived() && self.system.capability().rights_groups().is_some()
            }
            GroupRef::Native(namespace, _) | GroupRef::Name(Some(namespace), _) => {
                self.rights_are_of(namespace)
            }
            GroupRef::Name(None, _) => false,
        }
    }

    /// Whether the rights groups of an id namespace are the system's own.
    fn rights_are_of(&self, namespace: &IdNamespace) -> bool {
        self.system.capability().rights_namespace(&self.namespace) == Some(namespace)
    }

    fn has_members_of(&self, change: &GroupChange) -> bool {
        self.rights_are_of(&change.namespace)
    }

    /// The part of a new person that the sidecar stores.
    pub(super) fn stored_part(&self, mut new: NewUser) -> NewUser {
        new.groups = new.groups.filter(|change| !self.has_members_of(change));
        new.attributes.retain(|name, _| !self.system.capability().owns(name));
        new
    }

    /// Moves the change of memberships in the system's own rights groups to the system's part of a
    /// change, and removes from the sidecar's part what is the system's alone.
    pub(super) fn divide(&self, asked: &mut UserPatch, stored: &mut UserPatch) {
        if stored.groups.as_ref().is_some_and(|change| self.has_members_of(change)) {
            asked.groups = stored.groups.take();
        }
        stored.attributes.retain(|name, _| !self.system.capability().owns(name));
    }
}

/// Takes what is the system's alone out of a record, and adds what the system's row shows of it.
pub(super) fn replace(
    (capability, namespace): (&Capability, &IdNamespace),
    seen: Vec<Membership>,
    person: &mut User,
) {
    person.attributes.retain(|name, _| !capability.owns(name));
    if let Some(rights) = capability.rights_namespace(namespace) {
        person.groups.retain(|own| own.namespace.as_ref() != Some(rights));
        person.groups.extend(seen);
    }
}
