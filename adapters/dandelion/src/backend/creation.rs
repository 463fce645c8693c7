//! How somebody is created: proved to be new before anything else is written, and undone if what
//! belongs to it fails.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{NewUser, folded};
use serde_json::Value;

use crate::backend::api::{Given, unexpected};
use crate::backend::changes::group_of;
use crate::backend::people::{Acted, DELETED, SAVED, asks_for_password};
use crate::backend::row::{Listed, Person};
use crate::backend::{DandelionBackend, limits};
use crate::ids::{Gid, Uid};
use crate::php;
use crate::wire::{CHEESTO, INITIAL_LOGIN, THEME};

impl DandelionBackend {
    /// Creates somebody. What the server does not take at once follows, rights last.
    pub(super) async fn create(&self, user: NewUser) -> Result<Outcome, Fault> {
        let name = self.full_name(&user);
        let theme = user.attributes.get(THEME).and_then(Value::as_str);
        let theme = theme.filter(|theme| php::is_text_true(theme));
        limits::username(&user.username)?;
        limits::full_name(&name)?;
        limits::theme(theme)?;
        let group = group_of(user.role, user.groups.as_ref());
        let more = user.inactive || theme.is_some();
        let first = if more && group == Gid::ADMINISTRATORS { Gid::ORDINARY } else { group };
        let before = self.everybody().await?;
        self.send_creation(&user, &name, first).await?;
        let made = self.newcomer(&before, &user.username).await?;
        if !more {
            return Ok(Outcome::User(Box::new(made.user)));
        }
        let rest = Rest { inactive: user.inactive, group, theme };
        match self.finish(&made, &rest).await {
            Ok(made) => Ok(Outcome::User(Box::new(made.user))),
            Err(fault) => Err(self.undo(made.id, fault).await),
        }
    }

    async fn send_creation(&self, user: &NewUser, name: &str, group: Gid) -> Result<(), Fault> {
        let password = user.password.clone().unwrap_or_else(|| self.nobody_knows());
        let group = group.to_string();
        let mut given: Given<'_> = vec![
            ("username", &user.username),
            ("password", password.expose()),
            ("fullname", name),
            ("role", &group),
        ];
        // Both are on unless they are given.
        if user.attributes.get(CHEESTO) == Some(&Value::Bool(false)) {
            given.push(("cheesto", "false"));
        }
        if !asks_for_password(user.attributes.get(INITIAL_LOGIN)) {
            given.push(("force_reset", "false"));
        }
        match self.act("users/create", given, "User created successfully").await? {
            Acted::Done => Ok(()),
            Acted::Refused => Err(unexpected("it refuses to create somebody")),
            Acted::Broken(fault) => Err(self.why_not(&user.username, fault).await),
        }
    }

    /// Who was created just now. The server does not say, and on some connections two names differ
    /// to it that are the same to others: so it is whoever was not there before, has an id above
    /// all others, and just this name.
    async fn newcomer(&self, before: &Listed, username: &str) -> Result<Person, Fault> {
        let highest = before.people.iter().map(|one| one.id).max();
        let new = |one: &Person| Some(one.id) > highest && one.user.username == username;
        let mut after = self.everybody().await?.people;
        after.retain(new);
        match (after.pop(), after.is_empty()) {
            (Some(made), true) => Ok(made),
            _ => Err(unexpected("somebody was created and is not there")),
        }
    }

    /// What a creation does not take: somebody who may not act yet, a theme, and then the rights.
    async fn finish(&self, made: &Person, rest: &Rest<'_>) -> Result<Person, Fault> {
        if rest.inactive {
            self.act_on(made.id, "users/disable", Vec::new(), "User disabled").await?;
            self.shown(made.id, made.group, false).await?;
        }
        let group = rest.group.to_string();
        let mut given: Given<'_> = Vec::new();
        given.extend(rest.theme.map(|theme| ("theme", theme)));
        given.extend((rest.group != made.group).then_some(("role", group.as_str())));
        if !given.is_empty() {
            self.act_on(made.id, "users/edit", given, SAVED).await?;
        }
        self.shown(made.id, rest.group, !rest.inactive).await
    }

    /// Reads a person who must be in this group by now, and active or not.
    pub(super) async fn shown(&self, id: Uid, group: Gid, active: bool) -> Result<Person, Fault> {
        let now = self.by_id(id).await?;
        if now.group == group && now.user.active == active {
            return Ok(now);
        }
        Err(unexpected("a change is not to be seen"))
    }

    /// Deletes somebody whose creation was not finished. Administrators cannot be deleted, so the
    /// rights go first. Answers why it was not finished, or that the account is left.
    async fn undo(&self, id: Uid, why: Fault) -> Fault {
        let ordinary = Gid::ORDINARY.to_string();
        let shown = id.to_string();
        // Whether these were done is read below.
        drop(self.act_on(id, "users/edit", vec![("role", &ordinary)], SAVED).await);
        drop(self.act("users/delete", vec![("uid", &shown)], DELETED).await);
        match self.by_id(id).await {
            Err(fault) if fault.is_absence_of(Subject::User) => own_trouble(why),
            _ => match self.act_on(id, "users/disable", Vec::new(), "User disabled").await {
                Ok(()) => unexpected("a creation failed half-way; the account is left disabled"),
                Err(_) => unexpected("a creation failed half-way; the account is left"),
            },
        }
    }

    /// A broken creation: a name that is there is why, else it stays what it was.
    async fn why_not(&self, username: &str, fault: Fault) -> Fault {
        let same = |one: &Person| folded(&one.user.username) == folded(username);
        match self.everybody().await {
            Ok(listed) if listed.people.iter().any(same) => Fault::conflict(Subject::Username),
            Ok(_) => fault,
            Err(outage) => outage,
        }
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

/// What follows a creation.
struct Rest<'a> {
    inactive: bool,
    group: Gid,
    theme: Option<&'a str>,
}

/// A failure half-way is none of the caller's, whatever the server calls it.
fn own_trouble(fault: Fault) -> Fault {
    if fault.kind.is_callers() {
        return Fault::new(FaultKind::Unexpected, "a creation failed half-way").because(fault);
    }
    fault
}
