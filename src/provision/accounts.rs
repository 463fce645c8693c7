//! The accounts file: the users and keys of a new store, for containers and tests.

use std::collections::BTreeMap;

use anyhow::{Context, bail};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::Subject;
use isogloss_canonical::group::Group;
use isogloss_canonical::key::{Issuer, NewKey};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, GroupChange, NewUser, UserPatch, UserRef};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::registry;

/// Kanboard's attribute for a second factor, and the attribute for it that all dialects use.
const SECOND_FACTOR: (&str, &str) = ("kanboard.twofactor_activated", "second_factor");

/// An accounts file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// People.
    #[serde(default)]
    pub users: Vec<Account>,
    /// Keys that belong to an application rather than to a person.
    #[serde(default)]
    pub application_keys: Vec<AccountKey>,
    /// Values for the authors of the file. They are ignored.
    #[serde(default, rename = "vars")]
    _vars: Map<String, Value>,
    /// A remark. It is ignored.
    #[serde(default, rename = "notes")]
    _notes: Option<String>,
}

/// A user of an accounts file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manual is docs/accounts.md")]
pub struct Account {
    pub username: String,
    #[serde(default)]
    pub password: Option<String>,
    #[serde(default)]
    pub admin: bool,
    #[serde(default)]
    pub role: Option<String>,
    #[serde(default)]
    pub active: Option<bool>,
    #[serde(default)]
    pub display_name: Option<String>,
    #[serde(default)]
    pub first_name: Option<String>,
    #[serde(default)]
    pub last_name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
    #[serde(default)]
    pub emails: Vec<String>,
    #[serde(default)]
    pub ids: BTreeMap<String, i64>,
    #[serde(default)]
    pub groups: Vec<String>,
    #[serde(default)]
    pub keys: Vec<AccountKey>,
    #[serde(default)]
    pub addresses: Vec<String>,
    #[serde(default)]
    pub attributes: Attributes,
    #[serde(default, rename = "only_for")]
    _only_for: Vec<String>,
}

/// A key of an accounts file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the manual is docs/accounts.md")]
pub struct AccountKey {
    pub dialect: String,
    pub value: String,
    #[serde(default)]
    pub scope: Option<String>,
    #[serde(default)]
    pub label: Option<String>,
    #[serde(default)]
    pub expires: Option<Timestamp>,
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// Whether a text can be the value of a key that an operator brings: something visible, on one line.
pub(crate) fn is_key(value: &str) -> bool {
    !value.trim().is_empty() && !value.chars().any(char::is_control)
}

impl AccountKey {
    /// A key without restrictions.
    #[must_use]
    pub fn plain(dialect: &str, value: String) -> Self {
        let dialect = dialect.to_owned();
        Self { dialect, value, scope: None, label: None, expires: None, addresses: Vec::new() }
    }

    /// The key for the store.
    pub(super) fn new_key(&self) -> Result<NewKey, String> {
        let adapter = registry::dialect(&self.dialect)?;
        Ok(NewKey {
            namespace: IdNamespace::named(adapter.name),
            value: self.value.clone().into(),
            label: self.label.clone(),
            scope: self.scope.clone(),
            expires: self.expires,
            addresses: self.addresses.clone(),
            issuer: Issuer::Gateway,
            replaces: false,
        })
    }
}

impl Account {
    /// An administrator with a password.
    #[must_use]
    pub fn administrator(username: &str, password: &str) -> Self {
        let (username, password) = (username.to_owned(), Some(password.to_owned()));
        Self { username, password, admin: true, ..Self::default() }
    }

    async fn create(&self, backend: &dyn Backend) -> anyhow::Result<()> {
        let command = Command::CreateUser(Box::new(self.new_user()?));
        let user = backend.execute(command).await?.user()?;
        self.equip(backend, &user.as_ref().into()).await
    }

    /// Gives an existing person the memberships and the keys of this account.
    pub async fn equip(&self, backend: &dyn Backend, user: &UserRef) -> anyhow::Result<()> {
        for name in &self.groups {
            let joined = join(backend, user, name).await;
            joined.with_context(|| format!("group {name:?}"))?;
        }
        for key in &self.keys {
            issue(backend, Some(user.clone()), key).await.context("key")?;
        }
        Ok(())
    }

    /// The attributes of this account.
    #[must_use]
    pub fn kept(&self) -> Attributes {
        let mut attributes = self.attributes.clone();
        if let Some(value) = attributes.get(SECOND_FACTOR.0).cloned() {
            attributes.insert(SECOND_FACTOR.1.to_owned(), value);
        }
        attributes
    }

    /// The person for the store, with the role of the account alone.
    pub(super) fn new_user(&self) -> anyhow::Result<NewUser> {
        Ok(NewUser {
            username: self.username.clone(),
            password: self.password.clone().map(Into::into),
            display_name: self.display_name.clone(),
            given_name: self.first_name.clone(),
            family_name: self.last_name.clone(),
            email: self.email.clone().or_else(|| self.emails.first().cloned()),
            role: self.role()?,
            inactive: self.active == Some(false),
            addresses: self.addresses.clone(),
            attributes: self.kept(),
            ids: self
                .ids
                .iter()
                .map(|(namespace, id)| (IdNamespace::new(namespace), id.to_string()))
                .collect(),
            ..NewUser::default()
        })
    }

    fn role(&self) -> anyhow::Result<Role> {
        match self.role.as_deref() {
            _ if self.admin => Ok(Role::Administrator),
            None => Ok(Role::User),
            Some(word) if Role::from_word(word).as_str() == word => Ok(Role::from_word(word)),
            Some(word) => bail!("role {word:?}; known: user, manager, administrator"),
        }
    }
}

impl Accounts {
    /// Creates all accounts in a backend of any kind, with one command after another.
    pub async fn provision(&self, backend: &dyn Backend) -> anyhow::Result<()> {
        for account in &self.users {
            let made = account.create(backend).await;
            made.with_context(|| format!("user {:?}", account.username))?;
        }
        self.equip(backend).await
    }

    /// Issues the application keys.
    pub async fn equip(&self, backend: &dyn Backend) -> anyhow::Result<()> {
        for key in &self.application_keys {
            issue(backend, None, key).await.with_context(|| format!("{}'s key", key.dialect))?;
        }
        Ok(())
    }
}

async fn issue(
    backend: &dyn Backend,
    owner: Option<UserRef>,
    key: &AccountKey,
) -> anyhow::Result<()> {
    let key = key.new_key().map_err(anyhow::Error::msg)?;
    backend.execute(Command::IssueKey(owner, Box::new(key))).await?;
    Ok(())
}

/// Makes a person a member of every group with this name, in all systems. A group that stands for a
/// role gives the role.
async fn join(backend: &dyn Backend, user: &UserRef, name: &str) -> anyhow::Result<()> {
    for group in groups_called(backend, name).await? {
        let member = (&group).into();
        let command = match group.namespace {
            None => Command::AddMember(member, user.clone()),
            Some(namespace) => {
                let groups = Some(GroupChange { namespace, groups: vec![member] });
                let patch = UserPatch { groups, role: group.confers, ..UserPatch::default() };
                Command::UpdateUser(user.clone(), Box::new(patch))
            }
        };
        backend.execute(command).await?;
    }
    Ok(())
}

/// The groups with this name, in all systems. It is an error if there is none.
pub(super) async fn groups_called(backend: &dyn Backend, name: &str) -> anyhow::Result<Vec<Group>> {
    let own = registry::dialects().map(|adapter| Some(IdNamespace::named(adapter.name)));
    let mut found = Vec::new();
    for namespace in own.chain([None]) {
        let group = Command::GetGroup(GroupRef::Name(namespace, name.to_owned()));
        match backend.execute(group).await.and_then(Outcome::group) {
            Ok(group) => found.push(*group),
            Err(fault) if fault.is_absence_of(Subject::Group) => {}
            Err(fault) => return Err(fault.into()),
        }
    }
    if found.is_empty() {
        bail!("there is no such group");
    }
    Ok(found)
}
