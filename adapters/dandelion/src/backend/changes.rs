//! What changes people: their record, activity, password, and whether they are there at all.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{GroupChange, Role, User, UserPatch, UserRef};
use serde_json::Value;

use crate::backend::api::Given;
use crate::backend::people::{Acted, DELETED, SAVED, asks_for_password, group_of};
use crate::backend::{DandelionBackend, row};
use crate::php;
use crate::rights::{ADMINISTRATORS, GUESTS, ORDINARY};
use crate::wire::{INITIAL_LOGIN, REALM, THEME};

impl DandelionBackend {
    pub(super) async fn update(&self, user: &UserRef, patch: UserPatch) -> Result<Outcome, Fault> {
        if patch.username.is_some() {
            let fault = Fault::new(FaultKind::Unsupported, "Dandelion cannot rename people");
            return Err(fault.about(Subject::Username));
        }
        let known = self.get(user).await?;
        let id = self.id_of(&known)?;
        if let Some(password) = &patch.password {
            usable(password.as_ref())?;
        }
        let name = self.new_name(&known, &patch);
        let group = new_group(&known, &patch);
        let asked = |name: &str| patch.attributes.get(name).and_then(Option::as_ref);
        // A new password brings its own prompt.
        let prompt = asked(INITIAL_LOGIN).filter(|_| patch.password.is_none());
        let prompt = prompt.and_then(row::number).map(|prompt| prompt.to_string());
        let theme = asked(THEME).and_then(Value::as_str);
        let wanted = [
            ("fullname", name.as_deref()),
            ("role", group),
            ("theme", theme),
            ("prompt", prompt.as_deref()),
        ];
        // What is empty or 0 would not be taken anyway.
        let given: Given<'_> = wanted
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .filter(|(_, value)| php::is_text_true(value))
            .collect();
        if !given.is_empty() {
            self.act_on(id, "users/edit", given, SAVED).await?;
        }
        if let Some(password) = patch.password.clone() {
            let ask = asks_for_password(asked(INITIAL_LOGIN));
            self.reset(id, password, ask).await?;
        }
        if let Some(active) = patch.active {
            self.switch(id, active).await?;
        }
        Ok(Outcome::User(Box::new(self.by_id(id).await?)))
    }

    pub(super) async fn set_active(&self, user: &UserRef, on: bool) -> Result<Outcome, Fault> {
        self.switch(self.find(user).await?, on).await?;
        Ok(Outcome::Done)
    }

    async fn switch(&self, id: i32, on: bool) -> Result<(), Fault> {
        let (method, sentence) =
            if on { ("users/enable", "User enabled") } else { ("users/disable", "User disabled") };
        self.act_on(id, method, Vec::new(), sentence).await
    }

    /// Deletes, and looks whether it is so: members of an administrators' group stay, and the
    /// server says that they went (`fixtures/transcripts/dandelion/delete-admin-user.json`).
    pub(super) async fn delete(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        let id = self.id_of(&known)?;
        let shown = id.to_string();
        let said = self.act("users/delete", vec![("uid", &shown)], DELETED).await?;
        match (self.by_id(id).await, said) {
            (Err(fault), Acted::Done) if fault.is_absence_of(Subject::User) => {
                Ok(Outcome::User(Box::new(known)))
            }
            (Err(fault), _) | (Ok(_), Acted::Broken(fault)) => Err(fault),
            (Ok(_), Acted::Done) => Err(kept("Dandelion keeps its administrators")),
            (Ok(_), Acted::Refused) => Err(kept("Dandelion keeps whose key it is")),
        }
    }

    pub(super) async fn set_password(
        &self,
        user: &UserRef,
        password: Option<Secret>,
    ) -> Result<Outcome, Fault> {
        usable(password.as_ref())?;
        self.reset(self.find(user).await?, password, false).await?;
        Ok(Outcome::Done)
    }

    async fn reset(&self, id: i32, password: Option<Secret>, ask: bool) -> Result<(), Fault> {
        let password = password.unwrap_or_else(|| self.nobody_knows());
        let ask = if ask { "true" } else { "false" };
        let given = vec![("pw", password.expose()), ("force_reset", ask)];
        self.act_on(id, "users/resetpassword", given, "Password changed successfully").await
    }

    pub(super) async fn verify(&self, user: &UserRef, secret: &Secret) -> Result<Outcome, Fault> {
        let username = match user {
            UserRef::Name(name) => name.clone(),
            other => match self.get(other).await {
                Ok(user) => user.username,
                Err(fault) if fault.is_absence_of(Subject::User) => {
                    return Ok(Outcome::Verified(false));
                }
                Err(fault) => return Err(fault),
            },
        };
        self.api.lets_in(&username, secret).await.map(Outcome::Verified)
    }

    /// The new full name, if the change has one: whole, or joined from two of which one may stay.
    /// None can be taken away, so that the default takes the place of one that is.
    fn new_name(&self, known: &User, patch: &UserPatch) -> Option<String> {
        let name = match &patch.display_name {
            Some(name) => name.clone().unwrap_or_default(),
            None if patch.given_name.is_none() && patch.family_name.is_none() => return None,
            None => {
                let (given, family) = known.names();
                let given = patch.given_name.clone().map_or(given, Option::unwrap_or_default);
                let family = patch.family_name.clone().map_or(family, Option::unwrap_or_default);
                format!("{given} {family}").trim().to_owned()
            }
        };
        let default = || self.service.defaults.full_name_of(&known.username);
        Some(if name.is_empty() { default() } else { name })
    }
}

/// The new group, if it is one. Whoever is in a group that means nothing here stays in it until
/// the role changes.
fn new_group(known: &User, patch: &UserPatch) -> Option<&'static str> {
    let own = |change: &&GroupChange| change.realm == REALM;
    let current = match known.role {
        Role::Administrator => ADMINISTRATORS,
        _ if known.groups.is_empty() => ORDINARY,
        _ => GUESTS,
    };
    let role = patch.role.unwrap_or(known.role);
    let wanted = match (patch.groups.as_ref().filter(own), role) {
        (None, Role::Manager | Role::User) if current == GUESTS => GUESTS,
        (groups, role) => group_of(role, groups),
    };
    Some(wanted).filter(|group| *group != current)
}

/// The server takes neither an empty password nor `0`.
fn usable(password: Option<&Secret>) -> Result<(), Fault> {
    match password {
        Some(password) if !php::is_text_true(password.expose()) => {
            let fault = Fault::new(FaultKind::Invalid, "a password that Dandelion does not take");
            Err(fault.about(Subject::Password))
        }
        _ => Ok(()),
    }
}

fn kept(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Unsupported, detail).about(Subject::User)
}
