//! The directory (LDAP): a layer that creates the people it finds there, and lets them sign in
//! with their password there.
//!
//! People say by [`SOURCE`] that they are from the directory. Nobody else is ever let in by it: a
//! directory that holds somebody of the same name has no say about an account of our own.

mod ldap;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Support};
use isogloss_canonical::command::{Command, Verb};
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserPatch, UserRef};

use self::ldap::{Entry, Ldap};

/// The source of a person who is from the directory.
pub const SOURCE: &str = "ldap";

/// How the directory is asked. What is not said here has Kanboard's defaults.
#[derive(Clone, Debug)]
pub struct DirectoryConfig {
    /// Where it is: `ldap://`, `ldaps://` or `ldapi://`.
    pub url: String,
    /// Whether an `ldap://` connection turns to TLS before anything else is said.
    pub start_tls: bool,
    /// A file of the certificate authorities (PEM) that vouch for it, in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// Who searches; `None`: anybody may.
    pub bind_dn: Option<String>,
    /// The searcher's password.
    pub bind_password: Option<Secret>,
    /// Below which entry people are searched.
    pub user_base_dn: String,
    /// How they are searched; `%s` is the user name, escaped (RFC 4515).
    pub user_filter: String,
    /// The attribute that holds the user name.
    pub username_attribute: String,
    /// The attribute that holds the full name.
    pub fullname_attribute: String,
    /// The attribute that holds the e-mail address.
    pub email_attribute: String,
    /// The attribute that holds the names (DN) of the groups somebody is in.
    pub groups_attribute: String,
    /// The group whose members are administrators.
    pub admin_group_dn: Option<String>,
    /// The group whose members are managers.
    pub manager_group_dn: Option<String>,
    /// Whether upper case in a user name is kept; else it is lowered.
    pub case_sensitive: bool,
    /// Whether somebody who is only in the directory is created when they first sign in.
    pub create_at_login: bool,
    /// How long one answer may take altogether.
    pub timeout: Duration,
}

impl DirectoryConfig {
    /// A directory that anybody may search.
    #[must_use]
    pub fn new(url: impl Into<String>, user_base_dn: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            start_tls: false,
            ca_file: None,
            bind_dn: None,
            bind_password: None,
            user_base_dn: user_base_dn.into(),
            user_filter: "uid=%s".to_owned(),
            username_attribute: "uid".to_owned(),
            fullname_attribute: "cn".to_owned(),
            email_attribute: "mail".to_owned(),
            groups_attribute: "memberof".to_owned(),
            admin_group_dn: None,
            manager_group_dn: None,
            case_sensitive: false,
            create_at_login: true,
            timeout: Duration::from_secs(5),
        }
    }

    /// A sentence that says what is wrong with it.
    pub fn check(&self) -> Result<(), String> {
        check_url(&self.url).map_err(|why| format!("directory.url: {why}"))?;
        check_filter(&self.user_filter).map_err(|why| format!("directory.user_filter: {why}"))?;
        let password = self.bind_password.as_ref().map_or("", Secret::expose);
        if self.bind_dn.is_some() && password.is_empty() {
            // A name without a password is let in as nobody (RFC 4513, section 5.1.2).
            return Err("directory.bind_password: is missing or empty".to_owned());
        }
        Ok(())
    }
}

/// Whether this is the URL of a directory. The error never repeats it: it may hold a password.
pub fn check_url(url: &str) -> Result<(), String> {
    let host = ["ldap://", "ldaps://", "ldapi://"].iter().find_map(|own| url.strip_prefix(own));
    match host {
        None => Err("it is no ldap://, ldaps:// or ldapi:// URL".to_owned()),
        Some("") => Err("it has no host".to_owned()),
        Some(host) if host.contains('@') => Err("it holds a user name or a password".to_owned()),
        Some(host) if host.contains(['?', '#', ' ']) => Err("it holds more than a host".to_owned()),
        Some(_) => Ok(()),
    }
}

/// Whether this is a filter (RFC 4515) with a place for the user name.
pub fn check_filter(filter: &str) -> Result<(), String> {
    if !filter.contains("%s") {
        return Err(format!("{filter:?} has no %s"));
    }
    match ldap3::parse_filter(filter.replace("%s", "ada")) {
        Ok(_) => Ok(()),
        Err(()) => Err(format!("{filter:?} is no filter")),
    }
}

/// Whether a file holds certificate authorities. The error names the file.
pub fn check_authorities(path: &std::path::Path) -> Result<(), String> {
    ldap::trusting(path).map(drop)
}

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
        let capability = inner.capability().clone();
        let capability = capability.with(Verb::CreateFromDirectory, Support::Native);
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
