//! What changes people: their record, activity, password, and whether they are there at all.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::group::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{GroupChange, Role, User, UserPatch, UserRef};
use serde_json::Value;

use crate::backend::api::{Given, unexpected};
use crate::backend::people::{Acted, DELETED, SAVED, asks_for_password};
use crate::backend::row::Person;
use crate::backend::{DandelionBackend, limits, row};
use crate::ids::{Gid, Uid};
use crate::php;
use crate::wire::{INITIAL_LOGIN, NAMESPACE, THEME};

impl DandelionBackend {
    /// Changes a person in several calls: what takes something away first, what gives last.
    pub(super) async fn update(&self, user: &UserRef, patch: UserPatch) -> Result<Outcome, Fault> {
        if patch.username.is_some() {
            let fault = Fault::new(FaultKind::Unsupported, "Dandelion cannot rename people");
            return Err(fault.about(Subject::Username));
        }
        if let Some(password) = &patch.password {
            usable(password.as_ref())?;
        }
        let known = self.get(user).await?;
        let edit = self.edit_of(&known, &patch)?;
        if patch.active == Some(false) {
            self.switch(known.id, false).await?;
        }
        if !edit.gives {
            self.send_edit(known.id, &edit).await?;
        }
        if let Some(password) = patch.password.clone() {
            let asked = patch.attributes.get(INITIAL_LOGIN).and_then(Option::as_ref);
            self.reset(known.id, password, asks_for_password(asked)).await?;
        }
        if edit.gives {
            self.send_edit(known.id, &edit).await?;
        }
        if patch.active == Some(true) {
            self.switch(known.id, true).await?;
        }
        self.changed(known.id, edit.group, patch.active).await
    }

    /// The person after a change, which is to be seen: the server says "saved" to anything.
    async fn changed(
        &self,
        id: Uid,
        group: Option<Gid>,
        active: Option<bool>,
    ) -> Result<Outcome, Fault> {
        let now = self.by_id(id).await?;
        let grouped = group.is_none_or(|group| group == now.group);
        if grouped && active.is_none_or(|active| active == now.user.active) {
            return Ok(Outcome::User(Box::new(now.user)));
        }
        Err(unexpected("a change is not to be seen"))
    }

    /// What `users/edit` is to change.
    fn edit_of(&self, known: &Person, patch: &UserPatch) -> Result<Edit, Fault> {
        let asked = |name: &str| patch.attributes.get(name).and_then(Option::as_ref);
        let theme = asked(THEME).and_then(Value::as_str);
        limits::theme(theme)?;
        let name = self.new_name(&known.user, patch);
        limits::full_name(name.as_deref().unwrap_or_default())?;
        // A new password brings its own prompt.
        let prompt = asked(INITIAL_LOGIN).filter(|_| patch.password.is_none());
        let prompt = prompt.and_then(row::number).map(|prompt| prompt.to_string());
        let group = new_group(known, patch);
        let wanted = [
            ("fullname", name),
            ("role", group.map(|group| group.to_string())),
            ("theme", theme.map(str::to_owned)),
            ("prompt", prompt),
        ];
        // What is empty or 0 would not be taken anyway.
        let given = wanted.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let given = given.filter(|(_, value)| php::is_text_true(value)).collect();
        let gives = match group {
            Some(Gid::ADMINISTRATORS) => true,
            Some(Gid::ORDINARY) => known.group == Gid::GUESTS,
            _ => false,
        };
        Ok(Edit { given, group, gives })
    }

    async fn send_edit(&self, id: Uid, edit: &Edit) -> Result<(), Fault> {
        let given: Given<'_> =
            edit.given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if given.is_empty() {
            return Ok(());
        }
        self.act_on(id, "users/edit", given, SAVED).await
    }

    pub(super) async fn set_active(&self, user: &UserRef, on: bool) -> Result<Outcome, Fault> {
        let id = self.find(user).await?;
        self.switch(id, on).await?;
        self.changed(id, None, Some(on)).await
    }

    async fn switch(&self, id: Uid, on: bool) -> Result<(), Fault> {
        let (method, sentence) =
            if on { ("users/enable", "User enabled") } else { ("users/disable", "User disabled") };
        self.act_on(id, method, Vec::new(), sentence).await
    }

    /// Deletes, and looks whether it is so: members of an administrators' group stay, and the
    /// server says that they went (`fixtures/transcripts/dandelion/delete-admin-user.json`). So an
    /// administrator is made an ordinary person first. Where that is not done they would go all the
    /// same if somebody's id was that group's
    /// (`fixtures/transcripts/dandelion-user-two/delete-admin-user-two.json`), so nothing is deleted.
    pub(super) async fn delete(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let known = self.get(user).await?;
        if known.group == Gid::ADMINISTRATORS {
            let ordinary = Gid::ORDINARY.to_string();
            self.act_on(known.id, "users/edit", vec![("role", &ordinary)], SAVED).await?;
            self.shown(known.id, Gid::ORDINARY, known.user.active).await?;
        }
        let shown = known.id.to_string();
        let said = self.act("users/delete", vec![("uid", &shown)], DELETED).await?;
        match (self.by_id(known.id).await, said) {
            (Err(fault), Acted::Done) if fault.is_absence_of(Subject::User) => {
                Ok(Outcome::User(Box::new(known.user)))
            }
            (Err(fault), _) | (Ok(_), Acted::Broken(fault)) => Err(fault),
            (Ok(_), Acted::Done) => Err(kept("Dandelion keeps who may administer it")),
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

    async fn reset(&self, id: Uid, password: Option<Secret>, ask: bool) -> Result<(), Fault> {
        let password = password.unwrap_or_else(|| self.nobody_knows());
        let ask = if ask { "true" } else { "false" };
        let given = vec![("pw", password.expose()), ("force_reset", ask)];
        self.act_on(id, "users/resetpassword", given, "Password changed successfully").await
    }

    pub(super) async fn verify(&self, user: &UserRef, secret: &Secret) -> Result<Outcome, Fault> {
        let username = match user {
            UserRef::Name(name) => name.clone(),
            other => match self.get(other).await {
                Ok(known) => known.user.username,
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

/// What `users/edit` is to change: its parameters, the group, and whether that gives rights.
struct Edit {
    given: Vec<(&'static str, String)>,
    group: Option<Gid>,
    gives: bool,
}

/// The group that goes with a role and, for all but administrators, a membership among guests.
/// Other groups are the gateway's own.
pub(super) fn group_of(role: Role, groups: Option<&GroupChange>) -> Gid {
    let guests = [GroupRef::Native(NAMESPACE, Gid::GUESTS.to_string())];
    let is_guest =
        groups.is_some_and(|change| change.namespace == NAMESPACE && change.groups == guests);
    match role {
        Role::Administrator => Gid::ADMINISTRATORS,
        Role::Manager | Role::User if is_guest => Gid::GUESTS,
        Role::Manager | Role::User => Gid::ORDINARY,
    }
}

/// The new group, if a role or groups are asked for and it is another. Whoever is in a group that
/// means nothing here stays in it until then.
fn new_group(known: &Person, patch: &UserPatch) -> Option<Gid> {
    let groups = patch.groups.as_ref().filter(|change| change.namespace == NAMESPACE);
    if patch.role.is_none() && groups.is_none() {
        return None;
    }
    let wanted = match (groups, patch.role.unwrap_or(known.user.role)) {
        (None, Role::Manager | Role::User) if known.group == Gid::GUESTS => Gid::GUESTS,
        (groups, role) => group_of(role, groups),
    };
    Some(wanted).filter(|group| *group != known.group)
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
