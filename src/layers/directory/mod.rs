//! The directory (LDAP): a layer that creates users of the directory, and signs them in with their
//! password there.
//!
//! The source [`SOURCE`] marks a user of the directory. Only such a user can sign in with it. If
//! the directory has a user with the same name as another account, it does not affect that account.

pub mod config;
pub mod ldap;

use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Support};
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::people::{Pages, PeopleQuery};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};
use isogloss_canonical::verb::Verb;

use crate::layers::directory::config::DirectoryConfig;
use crate::layers::directory::ldap::{Entry, Ldap};

/// The source of a user of the directory.
pub const SOURCE: &str = "ldap";

/// Tests the directory with a search for an unlikely name: whether it can be reached and accepts
/// the search.
pub async fn probe(config: DirectoryConfig, name: &str) -> Result<(), Fault> {
    let ldap = Ldap::new(config).map_err(|why| Fault::new(FaultKind::Invalid, why))?;
    ldap.find(name).await.map(drop)
}

/// The layer. Without a configured directory, a command that needs one is refused.
#[derive(Debug)]
pub struct Directory {
    inner: Arc<dyn Backend>,
    capability: Capability,
    ldap: Option<Ldap>,
}

impl Directory {
    /// Adds a directory to a backend. The error says what is wrong with its configuration.
    pub fn over(inner: Arc<dyn Backend>, config: Option<DirectoryConfig>) -> Result<Self, String> {
        let ldap = config.map(Ldap::new).transpose()?;
        let capability = capability(inner.capability().clone());
        Ok(Self { inner, capability, ldap })
    }

    /// Creates a user of the directory. A missing e-mail address is stored as an empty one, as in
    /// Kanboard's `createLdapUser`.
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

    /// A sign-in of a known user of the directory. It updates the user's record.
    async fn returns(&self, ldap: &Ldap, known: &User, password: &Secret) -> Result<bool, Fault> {
        match ldap.prove(&known.username, password).await? {
            Some(entry) if ldap.spell(&known.username) == entry.username => {
                self.refresh(known, entry).await?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    /// A sign-in with an unknown name. The directory can have the name, also in another case that
    /// is the name of a known user.
    async fn arrives(&self, ldap: &Ldap, name: &str, password: &Secret) -> Result<bool, Fault> {
        let Some(entry) = ldap.prove(name, password).await? else { return Ok(false) };
        if ldap.spell(name) != entry.username {
            // The entry matched by another attribute than the user name. It is unclear whose
            // password this is.
            return Ok(false);
        }
        let spelt = UserRef::Name(entry.username.clone());
        if self.find(spelt.clone()).await?.is_none() {
            if !ldap.config().create_at_login {
                return Ok(false);
            }
            let new = Command::CreateUser(Box::new(newcomer(entry)));
            match self.inner.execute(new).await {
                // Of two concurrent first sign-ins, one creates the user.
                Ok(_) => {}
                Err(fault) if fault.kind == FaultKind::Conflict => {}
                Err(fault) => return Err(fault),
            }
        }
        Ok(self.find(spelt).await?.is_some_and(|user| !is_ours(&user)))
    }

    /// Updates the record from the entry. An absent attribute changes nothing.
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

    fn pages(&self, query: &PeopleQuery) -> Option<Box<dyn Pages>> {
        self.inner.pages(query)
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
