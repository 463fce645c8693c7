//! The directory (LDAP): a layer that creates the people it finds there, and lets them sign in
//! with their password there.
//!
//! People say by [`SOURCE`] that they are from the directory. Nobody else is ever let in by it: a
//! directory that holds somebody of the same name has no say about an account of our own.

pub mod config;
pub mod ldap;

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Support};
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};

use crate::layers::directory::config::DirectoryConfig;
use crate::layers::directory::ldap::{Entry, Ldap};

/// The source of a person who is from the directory.
pub const SOURCE: &str = "ldap";

/// Asks the directory for somebody who is hardly there: whether it can be reached, and lets the
/// searcher in and search.
pub async fn probe(config: DirectoryConfig, name: &str) -> Result<(), Fault> {
    let ldap = Ldap::new(config).map_err(|why| Fault::new(FaultKind::Invalid, why))?;
    ldap.find(name).await.map(drop)
}

/// The layer. Without a directory it says so where one is asked for.
#[derive(Debug)]
pub struct Directory {
    inner: Arc<dyn Backend>,
    capability: Capability,
    ldap: Option<Ldap>,
}

impl Directory {
    /// Lays a directory over a backend. The error says what is wrong with its configuration.
    pub fn over(inner: Arc<dyn Backend>, config: Option<DirectoryConfig>) -> Result<Self, String> {
        let ldap = config.map(Ldap::new).transpose()?;
        let capability = capability(inner.capability().clone());
        Ok(Self { inner, capability, ldap })
    }

    /// Creates somebody who is in the directory. An address that the directory lacks is empty, as
    /// in what Kanboard's `createLdapUser` stores.
    async fn create(&self, ldap: &Ldap, name: &str) -> Result<Outcome, Fault> {
        let entry = ldap.find(name).await?.ok_or_else(|| Fault::not_found(Subject::User))?;
        let mut new = newcomer(entry);
        new.display_name.get_or_insert_default();
        new.email.get_or_insert_default();
        self.inner.execute(Command::CreateUser(Box::new(new))).await
    }

    async fn verify(&self, ldap: &Ldap, user: UserRef, password: Secret) -> Result<Outcome, Fault> {
        let right = match self.find(user.clone()).await? {
            Some(known) if is_ours(&known) => None,
            Some(known) => Some(self.returns(ldap, &known, &password).await?),
            None => match &user {
                UserRef::Name(name) | UserRef::FoldedName(name) => {
                    self.arrives(ldap, name, &password).await?.then_some(true)
                }
                UserRef::Id(_) | UserRef::Native(..) | UserRef::Email(_) => None,
            },
        };
        match right {
            Some(right) => Ok(Outcome::Verified(right)),
            None => self.inner.execute(Command::VerifyPassword(user, password)).await,
        }
    }

    /// Somebody from the directory signs in again, and is brought up to date.
    async fn returns(&self, ldap: &Ldap, known: &User, password: &Secret) -> Result<bool, Fault> {
        match ldap.prove(&known.username, password).await? {
            Some(entry) if ldap.spell(&known.username) == entry.username => {
                self.refresh(known, entry).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// Somebody whom nobody knows by that name signs in: the directory may know them, and may
    /// spell them so that they are known after all.
    async fn arrives(&self, ldap: &Ldap, name: &str, password: &Secret) -> Result<bool, Fault> {
        let Some(entry) = ldap.prove(name, password).await? else { return Ok(false) };
        if ldap.spell(name) != entry.username {
            // Found by something else than the user name: whose password was this?
            return Ok(false);
        }
        let spelt = UserRef::Name(entry.username.clone());
        if self.find(spelt.clone()).await?.is_none() {
            if !ldap.config().create_at_login {
                return Ok(false);
            }
            let new = Command::CreateUser(Box::new(newcomer(entry)));
            match self.inner.execute(new).await {
                // Of two first sign-ins at once, one creates.
                Ok(_) => {}
                Err(fault) if fault.kind == FaultKind::Conflict => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(self.find(spelt).await?.is_some_and(|user| !is_ours(&user)))
    }

    /// Takes over what the directory says, unless it says nothing.
    async fn refresh(&self, known: &User, entry: Entry) -> Result<(), Fault> {
        let full_name = known.full_name();
        let patch = UserPatch {
            display_name: entry.name.filter(|name| full_name.as_ref() != Some(name)).map(Some),
            email: entry.email.filter(|email| known.email.as_ref() != Some(email)).map(Some),
            role: entry.role.filter(|role| known.role != *role),
            ..UserPatch::default()
        };
        if !known.active || patch == UserPatch::default() {
            return Ok(());
        }
        let patch = Command::UpdateUser(known.into(), Box::new(patch));
        self.inner.execute(patch).await.map(drop)
    }

    async fn find(&self, user: UserRef) -> Result<Option<User>, Fault> {
        match self.inner.execute(Command::GetUser(user)).await.and_then(Outcome::user) {
            Ok(user) => Ok(Some(*user)),
            Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
            Err(fault) => Err(fault),
        }
    }
}

#[async_trait]
impl Backend for Directory {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    async fn execute(&self, command: Command) -> Result<Outcome, Fault> {
        match (command, &self.ldap) {
            (Command::CreateFromDirectory(name), Some(ldap)) => self.create(ldap, &name).await,
            (Command::CreateFromDirectory(_), None) => {
                let fault = Fault::new(FaultKind::Unsupported, "no directory is configured");
                Err(fault.about(Subject::Directory))
            }
            (Command::VerifyPassword(user, password), Some(ldap)) => {
                self.verify(ldap, user, password).await
            }
            (command, _) => self.inner.execute(command).await,
        }
    }
}

/// What a backend can do under this layer.
#[must_use]
pub fn capability(inner: Capability) -> Capability {
    inner.with(Verb::CreateFromDirectory, Support::Native)
}

fn is_ours(user: &User) -> bool {
    user.source.as_deref() != Some(SOURCE)
}

fn newcomer(entry: Entry) -> NewUser {
    NewUser {
        username: entry.username,
        display_name: entry.name,
        email: entry.email,
        role: entry.role.unwrap_or_default(),
        source: Some(SOURCE.to_owned()),
        ..NewUser::default()
    }
}
