//! People, as OctoPrint's access API has them.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::command::Verb;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Role, UserPatch, UserRef};
use serde_json::{Map, Value, json};

use crate::backend::api::{Said, segment, unexpected};
use crate::backend::passwords::settable;
use crate::backend::row::{ADMIN, Listed, Row};
use crate::backend::{Era, OctoPrintBackend, unsupported};
use crate::rights::{ADMINS, USERS};
use crate::wire::APPLICATION;

impl OctoPrintBackend {
    /// Whose key the gateway calls with. Older servers do not say, but show people's keys; a key of
    /// an application is not among them.
    pub(super) async fn own(&self) -> Result<OwnAccount, Fault> {
        match self.own_name().await?.as_deref() {
            Some(APPLICATION) => Ok(OwnAccount::Nobody),
            Some(name) => self.row(name).await.map(|row| OwnAccount::of(row.user())),
            None => {
                let mut rows = self.everybody().await?.rows.into_iter();
                let own = |row: &Row| row.key.as_ref().is_some_and(|key| self.api.is_own(key));
                let own = rows.find(own).map(|row| OwnAccount::of(row.user()));
                Ok(own.unwrap_or(OwnAccount::Unknown))
            }
        }
    }

    async fn own_name(&self) -> Result<Option<String>, Fault> {
        match self.era {
            Era::Groups => self.api.own_name().await,
            Era::Switch => Ok(None),
        }
    }

    pub(super) async fn get(&self, user: &UserRef) -> Result<Outcome, Fault> {
        self.row(self.name(user)?).await.map(shown)
    }

    /// Whoever calls with this key, as the server says; its global key is nobody's.
    pub(super) async fn find_key(&self, value: &Secret) -> Result<Outcome, Fault> {
        let name = self.api.owner_of(value).await?.ok_or(Fault::not_found(Subject::Key))?;
        let owner = if name == APPLICATION {
            None
        } else {
            Some(self.get(&UserRef::Name(name)).await?.user()?)
        };
        let key =
            Key::vouched(self.service.namespace.clone(), owner.as_ref().map(|owner| owner.id));
        Ok(Outcome::KeyFound(Box::new(key), owner))
    }

    pub(super) async fn list(&self) -> Result<Outcome, Fault> {
        let listed = self.everybody().await?;
        let users = listed.rows.into_iter().map(Row::user).collect();
        Ok(Outcome::people(users, listed.unread))
    }

    /// Changes a person in several calls: what takes something away first, what gives last.
    pub(super) async fn update(&self, user: &UserRef, patch: &UserPatch) -> Result<Outcome, Fault> {
        check_patch(self.name(user)?, patch)?;
        if let Some(Some(password)) = &patch.password {
            settable(password)?;
        }
        let role = patch.role.map(held);
        let gives = role == Some(Role::Administrator);
        let takes = (role.filter(|_| !gives), patch.active.filter(|active| !active));
        let taken = match takes {
            (None, None) => None,
            (role, active) => Some(self.change(user, role, active).await?),
        };
        if let Some(password) = &patch.password {
            self.set_password(user, password.clone()).await?;
        }
        match (role.filter(|_| gives), patch.active.filter(|active| *active), taken) {
            (None, None, Some(taken)) => Ok(taken),
            (None, None, None) => self.get(user).await,
            (role, active, _) => self.change(user, role, active).await,
        }
    }

    /// Changes role and activity together. What says nothing about the role stays as it is.
    pub(super) async fn change(
        &self,
        user: &UserRef,
        role: Option<Role>,
        active: Option<bool>,
    ) -> Result<Outcome, Fault> {
        let name = self.name(user)?;
        let tail = addressed(name)?;
        let role = role.map(held);
        let mut body = Map::new();
        match (self.era, role) {
            (Era::Groups, None) => {}
            (Era::Groups, Some(role)) => {
                let known = self.row(name).await?;
                if known.role == role && active.is_none_or(|active| active == known.active) {
                    return Ok(shown(known));
                }
                regroup(&known, role, &mut body);
            }
            (Era::Switch, role) => {
                let known = self.row(name).await?;
                let admin = role.unwrap_or(known.role) == Role::Administrator;
                body.insert("admin".to_owned(), json!(admin));
                body.insert("active".to_owned(), json!(known.active));
            }
        }
        if let Some(active) = active {
            body.insert("active".to_owned(), json!(active));
        }
        match self.api.say("PUT", &tail, &body).await? {
            Said::Data(data) => confirmed(&data, name, role, active),
            said => Err(self.why_not(name, said).await),
        }
    }

    pub(super) async fn delete(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let name = self.name(user)?;
        let tail = addressed(name)?;
        let known = self.row(name).await?;
        match self.api.delete(&tail).await? {
            Said::Data(data) => match Row::find(&data, name)? {
                Some(_) => Err(unexpected("it still shows whom it has deleted")),
                None => Ok(shown(known)),
            },
            Said::Refused(words) if words.contains("yourself") => {
                let detail = "the gateway's own account there cannot delete itself";
                Err(Fault::new(FaultKind::Unsupported, detail).about(Subject::User))
            }
            said => Err(self.why_not(name, said).await),
        }
    }

    /// Why something about a person was not done.
    pub(super) async fn why_not(&self, name: &str, said: Said) -> Fault {
        match said {
            Said::Absent => Fault::not_found(Subject::User),
            // Only the list can tell whether that was about the person.
            Said::Lost => match self.look(name).await {
                Ok(_) => unexpected("it does not find somebody whom it lists"),
                Err(fault) => fault,
            },
            Said::Data(_) | Said::Taken | Said::Refused(_) => {
                unexpected("it does not understand what is asked of a person")
            }
        }
    }

    /// The user name, which is the id.
    pub(super) fn name<'a>(&self, user: &'a UserRef) -> Result<&'a str, Fault> {
        match user {
            UserRef::Name(name) => Ok(name),
            UserRef::Native(namespace, name) if *namespace == self.service.namespace => Ok(name),
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                Err(unsupported(Verb::GetUser))
            }
        }
    }

    pub(super) async fn row(&self, name: &str) -> Result<Row, Fault> {
        // Whoever cannot be addressed is listed all the same.
        let Some(tail) = segment(name) else { return self.look(name).await };
        match self.api.get(&tail).await? {
            Said::Data(data) => {
                let row = Row::read(&data)?;
                if row.name == name { Ok(row) } else { Err(unexpected("it shows somebody else")) }
            }
            said => Err(self.why_not(name, said).await),
        }
    }

    async fn everybody(&self) -> Result<Listed, Fault> {
        Row::read_all(&self.list_of_people().await?)
    }

    async fn list_of_people(&self) -> Result<Value, Fault> {
        match self.api.get("").await? {
            Said::Data(data) => Ok(data),
            _ => Err(unexpected("it does not show people")),
        }
    }

    async fn look(&self, name: &str) -> Result<Row, Fault> {
        let named = Row::find(&self.list_of_people().await?, name)?;
        named.ok_or_else(|| Fault::not_found(Subject::User))
    }
}

/// A person's path, if they can have one.
pub(super) fn addressed(name: &str) -> Result<String, Fault> {
    let cannot = || {
        let detail = "the system behind has no address for this name";
        Fault::new(FaultKind::Unsupported, detail).about(Subject::Username)
    };
    segment(name).ok_or_else(cannot)
}

fn shown(row: Row) -> Outcome {
    Outcome::User(Box::new(row.user()))
}

/// The person in the list that answers a change, if the change is to be seen there.
pub(super) fn confirmed(
    data: &Value,
    name: &str,
    role: Option<Role>,
    active: Option<bool>,
) -> Result<Outcome, Fault> {
    match Row::find(data, name)? {
        Some(row)
            if role.is_none_or(|role| role == row.role)
                && active.is_none_or(|active| active == row.active) =>
        {
            Ok(shown(row))
        }
        Some(_) => Err(unexpected("a change is not to be seen")),
        None => Err(unexpected("somebody was changed and is not there")),
    }
}

/// The roles that OctoPrint has.
pub(super) fn held(role: Role) -> Role {
    match role {
        Role::Administrator => Role::Administrator,
        Role::Manager | Role::User => Role::User,
    }
}

/// Puts the role among groups and permissions, and leaves the others alone.
fn regroup(known: &Row, role: Role, body: &mut Map<String, Value>) {
    if known.role == role {
        return;
    }
    let mut groups = known.groups.clone();
    groups.retain(|group| group != ADMINS);
    if role == Role::Administrator {
        groups.push(ADMINS.to_owned());
    } else if groups.is_empty() {
        groups.push(USERS.to_owned());
    }
    body.insert("groups".to_owned(), json!(groups));
    let others: Vec<_> = known.permissions.iter().filter(|own| *own != ADMIN).collect();
    if role != Role::Administrator && others.len() < known.permissions.len() {
        body.insert("permissions".to_owned(), json!(others));
    }
}

/// Refuses what OctoPrint has no place for; the gateway keeps it aside.
fn check_patch(name: &str, patch: &UserPatch) -> Result<(), Fault> {
    let renamed = patch.username.as_ref().is_some_and(|wanted| wanted != name);
    let named = patch.display_name.is_some() || patch.given_name.is_some();
    let named = named || patch.family_name.is_some();
    let more = patch.email.is_some() || patch.source.is_some() || patch.groups.is_some();
    if renamed || named || more {
        let detail = "OctoPrint has no place for names, addresses and sources";
        return Err(Fault::new(FaultKind::Unsupported, detail).about(Subject::Username));
    }
    Ok(())
}
