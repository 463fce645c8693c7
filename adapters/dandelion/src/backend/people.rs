//! People, as Dandelion's user methods have them.

use isogloss_canonical::command::Verb;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::GroupRef;
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{GroupChange, NewUser, Role, User, UserRef, folded};
use serde_json::Value;

use crate::backend::api::{Given, REFUSED, Said, unavailable, unexpected};
use crate::backend::{DandelionBackend, row, unsupported};
use crate::php;
use crate::rights::{ADMINISTRATORS, GUESTS, ORDINARY};
use crate::wire::{CHEESTO, INITIAL_LOGIN, REALM, THEME};

/// So many letters of a user name are kept (`fixtures/transcripts/dandelion/long-values.json`).
const USERNAME_LETTERS: usize = 255;

impl DandelionBackend {
    pub(super) async fn create(&self, user: NewUser) -> Result<Outcome, Fault> {
        if user.username.chars().count() > USERNAME_LETTERS {
            let fault = Fault::new(FaultKind::Invalid, "the user name would be cut");
            return Err(fault.about(Subject::Username));
        }
        let password = user.password.clone().unwrap_or_else(|| self.nobody_knows());
        let name = self.full_name(&user);
        let mut given: Given<'_> = vec![
            ("username", &user.username),
            ("password", password.expose()),
            ("fullname", &name),
            ("role", group_of(user.role, user.groups.as_ref())),
        ];
        // Both are on unless they are given.
        if user.attributes.get(CHEESTO) == Some(&Value::Bool(false)) {
            given.push(("cheesto", "false"));
        }
        if !asks_for_password(user.attributes.get(INITIAL_LOGIN)) {
            given.push(("force_reset", "false"));
        }
        match self.act("users/create", given, "User created successfully").await? {
            Acted::Done => {}
            Acted::Refused => return Err(unexpected("it refuses to create somebody")),
            Acted::Broken(fault) => return Err(self.why_not(&user.username, fault).await),
        }
        let made = self.named(&user.username).await?;
        let made = made.ok_or_else(|| unexpected("somebody was created and is not there"))?;
        self.finish(&user, made).await.map(|user| Outcome::User(Box::new(user)))
    }

    /// What a creation does not take: a theme, and somebody who may not act yet.
    async fn finish(&self, user: &NewUser, made: User) -> Result<User, Fault> {
        let id = self.id_of(&made)?;
        let theme = user.attributes.get(THEME).and_then(Value::as_str);
        let theme = theme.filter(|theme| php::is_text_true(theme));
        if theme.is_none() && !user.inactive {
            return Ok(made);
        }
        if user.inactive {
            let off = self.act_on(id, "users/disable", Vec::new(), "User disabled").await;
            if let Err(fault) = off {
                // Nobody is left who may act and should not.
                self.act_on(id, "users/delete", Vec::new(), DELETED).await?;
                return Err(fault);
            }
        }
        if let Some(theme) = theme {
            self.act_on(id, "users/edit", vec![("theme", theme)], SAVED).await?;
        }
        self.by_id(id).await
    }

    /// A broken creation: a name that is there is why, else it stays what it was.
    async fn why_not(&self, username: &str, fault: Fault) -> Fault {
        match self.named(username).await {
            Ok(Some(_)) => Fault::conflict(Subject::Username),
            Ok(None) => fault,
            Err(outage) => outage,
        }
    }

    pub(super) async fn get(&self, user: &UserRef) -> Result<User, Fault> {
        match user {
            UserRef::Native(realm, id) if *realm == self.service.realm => {
                self.by_id(own_id(id)?).await
            }
            UserRef::Name(name) => {
                let everybody = self.list().await?;
                let named = everybody.into_iter().find(|user| user.username == *name);
                named.ok_or_else(|| Fault::not_found(Subject::User))
            }
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                Err(unsupported(Verb::GetUser))
            }
        }
    }

    pub(super) async fn by_id(&self, id: i32) -> Result<User, Fault> {
        let shown = id.to_string();
        match self.api.get("users/getuser", vec![("uid", &shown)]).await? {
            Said::Data(data) => {
                let user = row::only(&data, &self.service.realm)?;
                if self.id_of(&user)? == id {
                    Ok(user)
                } else {
                    Err(unexpected("it answers somebody else"))
                }
            }
            Said::Nothing => Err(Fault::not_found(Subject::User)),
            Said::Refused => Err(unexpected("it refuses to show somebody")),
            Said::Broken(_) => Err(unavailable("it cannot read")),
        }
    }

    /// Who has this name, as the server compares names.
    async fn named(&self, username: &str) -> Result<Option<User>, Fault> {
        let everybody = self.list().await?;
        Ok(everybody.into_iter().find(|user| folded(&user.username) == folded(username)))
    }

    /// Whoever calls with this key, as the server says.
    pub(super) async fn find_key(&self, value: &Secret) -> Result<Outcome, Fault> {
        let owner = match self.api.with(value).get("users/getuser", Vec::new()).await {
            Ok(Said::Data(data)) => row::only(&data, &self.service.realm)?,
            Ok(_) => return Err(unexpected("nobody calls with this key")),
            Err(fault) if fault.detail == REFUSED => {
                return Err(Fault::not_found(Subject::Key));
            }
            Err(fault) => return Err(fault),
        };
        let key = Key::vouched(self.service.realm.clone(), Some(owner.id));
        Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(owner))))
    }

    pub(super) async fn list(&self) -> Result<Vec<User>, Fault> {
        match self.api.get("users/getusers", Vec::new()).await? {
            Said::Data(data) => match row::people(&data, &self.service.realm)? {
                // Whose key it is would be there at least.
                nobody if nobody.is_empty() => Err(unexpected("it shows nobody at all")),
                everybody => Ok(everybody),
            },
            Said::Nothing => Err(unexpected("it shows nobody at all")),
            Said::Refused => Err(unexpected("it refuses to show people")),
            Said::Broken(_) => Err(unavailable("it cannot read")),
        }
    }

    /// Calls a method that answers one sentence.
    pub(super) async fn act(
        &self,
        method: &str,
        given: Given<'_>,
        sentence: &'static str,
    ) -> Result<Acted, Fault> {
        match self.api.post(method, given).await? {
            Said::Data(Value::String(words)) if words == sentence => Ok(Acted::Done),
            Said::Data(_) | Said::Nothing => Err(unexpected("it does not say what it did")),
            Said::Refused => Ok(Acted::Refused),
            Said::Broken(fault) => Ok(Acted::Broken(fault)),
        }
    }

    /// Calls a method that changes a person. If its database refuses, that the person is not there
    /// is a reason only if a look confirms it.
    pub(super) async fn act_on(
        &self,
        id: i32,
        method: &str,
        given: Given<'_>,
        sentence: &'static str,
    ) -> Result<(), Fault> {
        let shown = id.to_string();
        let given = [("uid", shown.as_str())].into_iter().chain(given).collect();
        match self.act(method, given, sentence).await? {
            Acted::Done => Ok(()),
            Acted::Refused => Err(unexpected("it refuses to change somebody")),
            Acted::Broken(fault) => match self.by_id(id).await {
                Ok(_) => Err(fault),
                Err(reason) => Err(reason),
            },
        }
    }

    /// The server's id of a person. A number it could not read would stand for the gateway's own
    /// account (`fixtures/transcripts/dandelion/resetpassword.json`), so none is ever sent.
    pub(super) async fn find(&self, user: &UserRef) -> Result<i32, Fault> {
        match user {
            UserRef::Native(realm, id) if *realm == self.service.realm => own_id(id),
            other => self.id_of(&self.get(other).await?),
        }
    }

    pub(super) fn id_of(&self, user: &User) -> Result<i32, Fault> {
        let id = user.native(&self.service.realm).and_then(|id| id.parse().ok());
        id.ok_or_else(|| unexpected("a person without id"))
    }

    /// A password for somebody who shall have none.
    pub(super) fn nobody_knows(&self) -> Secret {
        let digits = (self.service.random)().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        Secret::new(digits.collect::<String>())
    }

    /// The full name of a new person, which the server requires.
    fn full_name(&self, user: &NewUser) -> String {
        if let Some(name) = &user.display_name {
            return name.clone();
        }
        match (&user.given_name, &user.family_name) {
            (None, None) => self.service.defaults.full_name_of(&user.username),
            (given, family) => {
                let [given, family] = [given, family].map(|name| name.as_deref().unwrap_or(""));
                format!("{given} {family}").trim().to_owned()
            }
        }
    }
}

/// What `users/edit` says when it is done.
pub(super) const SAVED: &str = "User saved successfully";
/// What `users/delete` says, done or not.
pub(super) const DELETED: &str = "User deleted successfully";

/// What came of a method that answers one sentence.
#[derive(Debug)]
pub(super) enum Acted {
    Done,
    Refused,
    Broken(Fault),
}

/// The group that goes with a role and, for all but administrators, a membership among guests.
/// Other groups are the gateway's own.
pub(super) fn group_of(role: Role, groups: Option<&GroupChange>) -> &'static str {
    let guests = [GroupRef::Native(REALM, GUESTS.to_owned())];
    let is_guest = groups.is_some_and(|change| change.realm == REALM && change.groups == guests);
    match role {
        Role::Administrator => ADMINISTRATORS,
        Role::Manager | Role::User if is_guest => GUESTS,
        Role::Manager | Role::User => ORDINARY,
    }
}

/// Reads an id. The server's column holds 32 bits, and what it cannot read is not there.
fn own_id(id: &str) -> Result<i32, Fault> {
    let id = id.parse().ok().filter(|id: &i32| *id > 0);
    id.ok_or_else(|| Fault::not_found(Subject::User))
}

/// Whether somebody is to be asked for a new password at the next login.
pub(super) fn asks_for_password(prompt: Option<&Value>) -> bool {
    prompt.and_then(row::number).is_some_and(|prompt| prompt != 0)
}
