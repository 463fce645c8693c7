//! Commands about people: the system executes the command, then the sidecar is updated.

use isogloss_canonical::capability::{Field, Rule};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{
    AttributeChanges, Attributes, GroupChange, Matching, NewUser, Uniqueness, User, UserPatch,
    UserRef, folded,
};
use isogloss_canonical::value::{self, Target, ValueKind};
use isogloss_canonical::verb::Verb;
use isogloss_store::{Named, Reading, Seen};
use jiff::Timestamp;

use crate::layers::sidecar::fields;
use crate::layers::sidecar::layer::{Sidecar, own_trouble};
use crate::layers::sidecar::policy::AttributePolicy;
use crate::layers::sidecar::recent::{LISTED_FOR, OVERWRITES_FOR};

impl Sidecar {
    /// Creates a person in the system, then the record. Creations with the same name run one at a
    /// time, also on several gateways.
    pub(super) async fn create(&self, mut user: NewUser) -> Result<Outcome, Fault> {
        user.attributes = self.stored_attributes(std::mem::take(&mut user.attributes))?;
        self.check_values(value::of_new(&user), Target::New)?;
        self.introduce().await?;
        let claim = self.records.claim(&claimed(&user.username, user.email.as_deref())).await?;
        let made = self.create_alone(user).await;
        claim.release().await;
        made
    }

    async fn create_alone(&self, user: NewUser) -> Result<Outcome, Fault> {
        self.unique(None, Some(&user.username), user.email.as_deref(), user.unique).await?;
        self.groups_are_there(user.groups.as_ref()).await?;
        self.ids_are_free(&user).await?;
        let (reading, begun) = (Reading::begin(), Timestamp::now());
        let asked = Command::CreateUser(Box::new(user.clone()));
        let seen = *self.ask_system(asked).await?.user()?;
        self.is_new(&seen, begun).await.map_err(own_trouble)?;
        let made = Some(Box::new(self.stored_part(user)));
        self.made(reading, Seen { made, ..Seen::from(seen) }).await
    }

    /// Checks that the system has created somebody, and has not overwritten a person whose name
    /// differs in case only ([`Rule::OverwritesFoldedName`]).
    async fn is_new(&self, seen: &User, begun: Timestamp) -> Result<(), Fault> {
        if !self.system.capability().has_rule(Rule::OverwritesFoldedName) {
            return Ok(());
        }
        let own = UserRef::Native(self.namespace.clone(), self.own_id(seen)?);
        let record = self.records.find(&own).await?.filter(|record| record.since < begun);
        if record.is_some_and(|record| folded(&record.user.username) == folded(&seen.username)) {
            return Err(Fault::new(FaultKind::Unexpected, "another user than the created one"));
        }
        Ok(())
    }

    /// Creates the record of a person whom the system has just created.
    async fn made(&self, reading: Reading, seen: Seen) -> Result<Outcome, Fault> {
        self.recent.forget_unknown();
        let (before, row) = (self.before(), seen.user.clone());
        let person = self.reconcile_one(reading.showing(vec![seen])).await;
        match person.map_err(own_trouble)? {
            Some(person) => {
                self.keep(before, &row, person.id);
                Ok(Outcome::User(Box::new(person)))
            }
            None => {
                Err(Fault::new(FaultKind::Unavailable, "the record of a new person has changed"))
            }
        }
    }

    async fn ids_are_free(&self, user: &NewUser) -> Result<(), Fault> {
        for (namespace, native) in
            user.ids.iter().filter(|(namespace, _)| **namespace != self.namespace)
        {
            let same = UserRef::Native(namespace.clone(), native.clone());
            if self.records.find(&same).await?.is_some() {
                return Err(Fault::conflict(Subject::User));
            }
        }
        Ok(())
    }

    /// Lets the system create a user of its own directory.
    pub(super) async fn create_from_directory(&self, name: String) -> Result<Outcome, Fault> {
        self.check_values(vec![(ValueKind::Username, &name)], Target::New)?;
        self.introduce().await?;
        let claim = self.records.claim(&claimed(&name, None)).await?;
        let reading = Reading::begin();
        let made = match self.ask_system(Command::CreateFromDirectory(name)).await {
            Ok(outcome) => self.made(reading, Seen::made_by_system(*outcome.user()?)).await,
            Err(fault) => Err(fault),
        };
        claim.release().await;
        made
    }

    /// Changes a person, first in the system, because the system can refuse.
    pub(super) async fn update(&self, user: &UserRef, patch: UserPatch) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        self.check_renaming(&known, &patch)?;
        self.check_values(value::of_patch(&patch), Target::User(&known))?;
        let email = patch.email.clone().flatten();
        let name = patch.username.clone().filter(|name| *name != known.username);
        let claim = match (&name, &email) {
            (None, None) => None,
            (name, email) => {
                let name = name.as_ref().unwrap_or(&known.username);
                Some(self.records.claim(&claimed(name, email.as_deref())).await?)
            }
        };
        let done = self.update_alone(&known, name, patch).await;
        if let Some(claim) = claim {
            claim.release().await;
        }
        done
    }

    async fn update_alone(
        &self,
        known: &User,
        name: Option<String>,
        patch: UserPatch,
    ) -> Result<Outcome, Fault> {
        let email = patch.email.clone().flatten();
        self.unique(Some(known), name.as_deref(), email.as_deref(), patch.unique).await?;
        self.groups_are_there(patch.groups.as_ref()).await?;
        let attributes = self.stored_changes(patch.attributes)?;
        if let Some(name) = &name {
            // A read that sees the new name in the system can now identify the person.
            self.records.expect_name(known.id, name).await?;
            self.recent.forget_unknown();
        }
        let patch = UserPatch { username: name, attributes, ..patch };
        let (mut asked, mut stored) = fields::split(self.system.capability(), patch);
        self.divide(&mut asked, &mut stored);
        fields::join_names(self.system.capability(), known, &mut asked);
        let mut shown = None;
        if fields::asks_something(self.system.capability(), &asked) {
            let name = asked.username.clone();
            let command = Command::UpdateUser(self.own(known)?, Box::new(asked));
            let reading = Reading::begin();
            match self.ask_system(command).await.and_then(Outcome::user) {
                Ok(row) => shown = Some((reading, *row)),
                Err(fault) => {
                    self.renaming_failed(known, name.as_deref(), &fault).await;
                    return Err(fault);
                }
            }
        }
        self.records.update(known.id, stored).await.map_err(own_trouble)?;
        let changed = self.changed(known, shown).await.map_err(own_trouble)?;
        Ok(Outcome::User(Box::new(changed)))
    }

    /// A person after a change, from the row that the system has answered. Without a row, and if the
    /// row is outdated or shows somebody else, the person is read again.
    async fn changed(&self, known: &User, shown: Option<(Reading, User)>) -> Result<User, Fault> {
        if let Some((reading, row)) = shown
            && let Some(person) = self.reconcile_row(reading, self.before(), row).await?
            && person.id == known.id
        {
            return Ok(person);
        }
        self.get(&UserRef::Id(known.id)).await
    }

    /// After a refusal by the system, the new name is no longer expected, so that a later person
    /// with this name is not taken for this one. An update can be several requests, and the first
    /// one may have renamed already, so the system is read first. After an outage the name stays
    /// expected.
    async fn renaming_failed(&self, known: &User, name: Option<&str>, why: &Fault) {
        let Some(name) = name.filter(|_| why.kind.is_callers()) else { return };
        let cleared = match self.get(&UserRef::Id(known.id)).await {
            Ok(now) if now.username == name => Ok(()),
            Ok(_) => self.records.clear_expected_name(known.id, name).await,
            Err(fault) => Err(fault),
        };
        if let Err(fault) = cleared {
            tracing::warn!(person = %known.id, %fault, "the name of a refused rename stays expected for a while");
        }
    }

    /// Checks that the groups of a change exist, before the system gets the change. So either all
    /// of the change happens or none.
    async fn groups_are_there(&self, change: Option<&GroupChange>) -> Result<(), Fault> {
        let wanted = change.into_iter().flat_map(|change| &change.groups);
        for group in wanted.filter(|group| !self.is_rights_group(group)) {
            self.ask_store(Command::GetGroup(group.clone())).await?;
        }
        Ok(())
    }

    fn check_renaming(&self, known: &User, patch: &UserPatch) -> Result<(), Fault> {
        let renamed = patch.username.as_ref().is_some_and(|name| *name != known.username);
        if renamed && !self.system.capability().holds(Field::Rename) {
            let detail = "the system cannot rename users";
            return Err(Fault::new(FaultKind::Unsupported, detail).about(Subject::Username));
        }
        if patch.password.is_some() && !self.system.capability().holds(Field::Password) {
            let detail = "the system cannot set passwords";
            return Err(Fault::new(FaultKind::Unsupported, detail).about(Subject::Password));
        }
        Ok(())
    }

    /// Activates or deactivates a person. If the system cannot do it, the sidecar stores it, and
    /// the gateway refuses the person's requests.
    pub(super) async fn activate(&self, user: &UserRef, active: bool) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        if self.system.capability().holds(Field::Active) {
            let own = self.own(&known)?;
            let command =
                if active { Command::ActivateUser(own) } else { Command::DeactivateUser(own) };
            self.ask_system(command).await?;
        }
        let patch = UserPatch { active: Some(active), ..UserPatch::default() };
        self.records.update(known.id, patch).await.map_err(own_trouble)?;
        Ok(Outcome::User(Box::new(User { active, ..known })))
    }

    /// Deletes a person in the system, then the record. The ids are never used again.
    pub(super) async fn delete(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        self.ask_system(Command::DeleteUser(self.own(&known)?)).await?;
        self.records.forget(known.id).await.map_err(own_trouble)?;
        Ok(Outcome::Done)
    }

    /// Sets a password in the system, never in the sidecar.
    pub(super) async fn password(
        &self,
        user: &UserRef,
        password: Option<Secret>,
    ) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        let new = password.iter().map(|password| (ValueKind::Password, password.expose()));
        self.check_values(new.collect(), Target::User(&known))?;
        self.ask_system(Command::ChangePassword(self.own(&known)?, password)).await?;
        // The date of the password ends the sessions that began with the old one.
        let patch = UserPatch { password: Some(None), ..UserPatch::default() };
        self.records.update(known.id, patch).await.map_err(own_trouble)?;
        Ok(Outcome::Done)
    }

    /// The repositories that a person has locked, from a system that has locks.
    pub(super) async fn locks(&self, user: UserRef) -> Result<Outcome, Fault> {
        if !self.system.capability().has(Verb::ListLocks) {
            return self.in_sidecar(Command::ListLocks(user)).await;
        }
        let own = self.own(&self.get(&user).await?)?;
        self.ask_system(Command::ListLocks(own)).await
    }

    /// The attributes to store. A fault if the policy of one is to refuse.
    fn stored_attributes(&self, attributes: Attributes) -> Result<Attributes, Fault> {
        let mut kept = Attributes::new();
        for (name, value) in attributes {
            if self.stores(&name)? {
                kept.insert(name, value);
            }
        }
        Ok(kept)
    }

    pub(super) fn stored_changes(
        &self,
        changes: AttributeChanges,
    ) -> Result<AttributeChanges, Fault> {
        let mut kept = AttributeChanges::new();
        for (name, value) in changes {
            if self.stores(&name)? {
                kept.insert(name, value);
            }
        }
        Ok(kept)
    }

    fn stores(&self, attribute: &str) -> Result<bool, Fault> {
        if self.system.capability().stores(attribute) {
            return Ok(true);
        }
        match self.policies.of(attribute) {
            AttributePolicy::Store => Ok(true),
            AttributePolicy::Drop => Ok(false),
            AttributePolicy::Refuse => {
                let detail =
                    format!("{attribute} would be lost, and the route's policy refuses that");
                Err(Fault::new(FaultKind::Unsupported, detail))
            }
        }
    }

    /// Refuses a name or an address that another person has, if the dialect requires that and the
    /// system does not refuse it itself.
    async fn unique(
        &self,
        known: Option<&User>,
        name: Option<&str>,
        email: Option<&str>,
        wanted: Uniqueness,
    ) -> Result<(), Fault> {
        if let Some(name) = name
            && let Named::Alias(holder) = self.records.named(name, Matching::Folded).await?
            && known.is_none_or(|known| known.id != holder)
        {
            return Err(Fault::conflict(Subject::Username));
        }
        let rule = |rule| self.system.capability().has_rule(rule);
        let folded = wanted.name == Matching::Folded && !rule(Rule::RefusesFoldedName);
        // A change overwrites nobody.
        let overwrites = known.is_none() && rule(Rule::OverwritesFoldedName);
        let name = name.filter(|_| folded || overwrites);
        let email = email.filter(|email| wanted.email && !email.is_empty());
        let email = email.filter(|_| !rule(Rule::RefusesEmail));
        let name = name.map(|name| (UserRef::FoldedName(name.to_owned()), Subject::Username));
        let email = email.map(|email| (UserRef::Email(email.to_owned()), Subject::Email));
        let known = known.map(|known| known.id);
        // Somebody who is missing in the list would be overwritten.
        let age = if overwrites { OVERWRITES_FOR } else { LISTED_FOR };
        let mut just_listed = None;
        for (user, subject) in name.into_iter().chain(email) {
            if just_listed.is_none() {
                just_listed = self.listed_within(age).await?;
            }
            if self.is_taken(&user, known, just_listed.as_deref()).await? {
                return Err(Fault::conflict(subject));
            }
        }
        Ok(())
    }
}

/// The names that no other request may take in the meantime.
fn claimed<'n>(name: &'n str, email: Option<&'n str>) -> Vec<&'n str> {
    [name].into_iter().chain(email.filter(|email| !email.is_empty())).collect()
}
