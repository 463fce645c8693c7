//! Keys. On a route whose dialect is the system's own, the keys are the system's: it issues and
//! revokes them, and its rows show them. The sidecar has the keys for all other dialects, and the
//! keys that an operator issued.

use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::{Issuer, Key, KeyChoice, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::verb::Verb;
use isogloss_store::Reading;

use crate::layers::sidecar::layer::{Sidecar, own_trouble};

impl Sidecar {
    /// Runs a command about keys in the system or in the sidecar.
    pub(super) async fn about_keys(&self, command: Command) -> Result<Outcome, Fault> {
        if let Command::FindKey(namespace, value) = command {
            return self.find_key(namespace, value).await;
        }
        if let Command::IssueKey(Some(user), new) = &command
            && new.namespace == self.namespace
            && new.issuer != Issuer::Gateway
        {
            return self.issue_in_system(user, NewKey::clone(new)).await;
        }
        if let Command::RevokeKeys(Some(user), namespace, choice) = &command
            && *namespace == self.namespace
        {
            return self.revoke_in_system(user, choice.clone()).await;
        }
        if let Command::ListKeys(owner, namespace, choice) = &command
            && *namespace == self.namespace
        {
            return self.list_of_system(owner.as_ref(), choice).await.map(Outcome::Keys);
        }
        self.in_sidecar(command).await
    }

    /// Lets the system issue a key. The key that it replaces no longer opens the gateway either.
    async fn issue_in_system(&self, user: &UserRef, new: NewKey) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        self.system.capability().check(Verb::IssueKey)?;
        let chosen = new.label.clone().map_or(KeyChoice::Plain, KeyChoice::Labelled);
        let replaces = new.replaces;
        self.key_changes(&known, &chosen).await?;
        let asked = Command::IssueKey(Some(self.own(&known)?), Box::new(new));
        let mut issued = self.ask_system(asked).await?.keys()?;
        if replaces {
            self.revoke_in_sidecar(&known, chosen).await.map_err(own_trouble)?;
        }
        for key in &mut issued {
            key.owner = Some(known.id);
        }
        Ok(Outcome::Keys(issued))
    }

    /// Lets the system revoke keys, and revokes those of the sidecar. If the system cannot do it,
    /// nothing is revoked.
    async fn revoke_in_system(&self, user: &UserRef, choice: KeyChoice) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        self.system.capability().check(Verb::RevokeKeys)?;
        self.key_changes(&known, &choice).await?;
        let own = Some(self.own(&known)?);
        let asked = Command::RevokeKeys(own, self.namespace.clone(), choice.clone());
        let mut revoked = self.ask_system(asked).await?.keys()?;
        for key in &mut revoked {
            key.owner = Some(known.id);
        }
        revoked.extend(self.revoke_in_sidecar(&known, choice).await.map_err(own_trouble)?);
        Ok(Outcome::Keys(revoked))
    }

    /// The gateway is about to change a key that can be the evidence in the row. The next read
    /// stores the new one, and ends no session.
    async fn key_changes(&self, known: &User, choice: &KeyChoice) -> Result<(), Fault> {
        if matches!(choice, KeyChoice::Plain | KeyChoice::All) && known.evidence.secret.is_some() {
            self.records.expect_secret(known.id).await?;
        }
        Ok(())
    }

    async fn revoke_in_sidecar(&self, known: &User, choice: KeyChoice) -> Result<Vec<Key>, Fault> {
        let owner = Some(UserRef::Id(known.id));
        let revoke = Command::RevokeKeys(owner, self.namespace.clone(), choice);
        self.ask_store(revoke).await?.keys()
    }

    /// The system's keys of a person, or (`None`) of everybody.
    async fn list_of_system(
        &self,
        owner: Option<&UserRef>,
        choice: &KeyChoice,
    ) -> Result<Vec<Key>, Fault> {
        let able = self.system.capability();
        if !able.shows_keys() {
            able.check(Verb::ListKeys)?;
        }
        let one = owner.is_some();
        let people = match owner {
            Some(user) => vec![self.get(user).await?],
            None => match self.listed_before() {
                Some(people) => people,
                None => self.list().await?,
            },
        };
        let mut keys: Vec<_> =
            people.iter().flat_map(|person| self.keys_in_row(person, choice)).collect();
        if able.has(Verb::ListKeys) && !(able.shows_keys() && *choice == KeyChoice::Plain) {
            let alone = people.first().filter(|_| one);
            let asked = alone.map(|person| self.own(person)).transpose()?;
            let more = Command::ListKeys(asked, self.namespace.clone(), choice.clone());
            let more = self.ask_system(more).await?.keys()?;
            keys.extend(more.into_iter().filter_map(|key| self.owned(key, alone, &people)));
        }
        Ok(keys)
    }

    fn keys_in_row(&self, person: &User, choice: &KeyChoice) -> Vec<Key> {
        let chosen = |label: &Option<String>| match choice {
            KeyChoice::All => true,
            KeyChoice::Plain => label.is_none(),
            KeyChoice::Labelled(wanted) => label.as_ref() == Some(wanted),
            KeyChoice::Id(_) => false,
        };
        let keys = person.evidence.keys.iter().filter(|key| chosen(&key.label));
        keys.map(|key| Key {
            label: key.label.clone(),
            shown: key.value.clone(),
            ..Key::vouched(self.namespace.clone(), Some(person.id))
        })
        .collect()
    }

    /// A key of the system with its owner's canonical id. `None`: the owner has no record.
    fn owned(&self, key: Key, alone: Option<&User>, people: &[User]) -> Option<Key> {
        let owner = match (alone, &key.system_owner) {
            (Some(owner), _) => Some(owner),
            (None, None) => None,
            (None, Some(named)) => {
                let is_owner = |one: &&User| self.own(one).is_ok_and(|own| own == *named);
                Some(people.iter().find(is_owner)?)
            }
        };
        Some(Key { owner: owner.map(|owner| owner.id), system_owner: None, ..key })
    }

    /// Finds a key of the gateway, with its owner as read from the system. For another key it asks
    /// the system for the owner.
    async fn find_key(&self, namespace: IdNamespace, value: Secret) -> Result<Outcome, Fault> {
        match self.ask_store(Command::FindKey(namespace.clone(), value.clone())).await {
            Ok(Outcome::KeyFound(key, Some(owner))) => {
                let owner = self.get(&UserRef::Id(owner.id)).await.map_err(gone_is_no_key)?;
                Ok(Outcome::KeyFound(key, Some(Box::new(owner))))
            }
            Err(fault) if namespace == self.namespace && fault.is_absence_of(Subject::Key) => {
                self.forward(value).await
            }
            other => other,
        }
    }

    /// Asks the system for the owner of one of its keys. This is possible only if dialect and
    /// backend are the same system.
    async fn forward(&self, value: Secret) -> Result<Outcome, Fault> {
        if !self.system.capability().has(Verb::FindKey) {
            return Err(Fault::not_found(Subject::Key));
        }
        self.introduce().await?;
        let vouched = |owner| Box::new(Key::vouched(self.namespace.clone(), owner));
        if let Some(known) = self.key_before(&value) {
            let Some(owner) = known.id else { return Ok(Outcome::KeyFound(vouched(None), None)) };
            let owner = self.get(&UserRef::Id(owner)).await.map_err(gone_is_no_key)?;
            return Ok(Outcome::KeyFound(vouched(Some(owner.id)), Some(Box::new(owner))));
        }
        let (reading, before) = (Reading::begin(), self.before());
        let find = Command::FindKey(self.namespace.clone(), value.clone());
        let found = self.ask_system(find).await?;
        let Outcome::KeyFound(_, Some(owner)) = found else {
            self.keep_key(before, &value, None);
            return Ok(found);
        };
        let owner = match self.reconcile_row(reading, before, *owner).await? {
            Some(owner) => owner,
            // The records have changed in the meantime, so the owner is read again.
            None => self.owner_again(value.clone()).await?,
        };
        self.keep_key(before, &value, Some(owner.id));
        Ok(Outcome::KeyFound(vouched(Some(owner.id)), Some(Box::new(owner))))
    }

    async fn owner_again(&self, value: Secret) -> Result<User, Fault> {
        let reading = Reading::begin();
        let found = self.ask_system(Command::FindKey(self.namespace.clone(), value)).await?;
        let Outcome::KeyFound(_, Some(owner)) = found else {
            return Err(Fault::not_found(Subject::Key));
        };
        let owners = self.reconcile_all(reading, vec![*owner]).await?;
        owners.into_iter().next().ok_or_else(|| Fault::not_found(Subject::Key))
    }
}

/// If the owner of a key is deleted, the key does not exist.
fn gone_is_no_key(fault: Fault) -> Fault {
    if fault.is_absence_of(Subject::User) { Fault::not_found(Subject::Key) } else { fault }
}
