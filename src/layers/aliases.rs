//! Aliases: clients see and use one name of a person, and the system keeps another.
//!
//! A system that cannot rename, or that does not take a name, keeps the name that it has. The sidecar
//! stores the new name as the person's alias. The layer wraps the sidecar: it translates the names in
//! commands, and the names of the people in outcomes. The name in the system is no name of the
//! gateway then. An alias is unique among all names and aliases, in any case.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field};
use isogloss_canonical::command::Command;
use isogloss_canonical::fact::Fact;
use isogloss_canonical::fault::{Fault, FaultKind, Sent, Subject};
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{Matching, NewUser, User, UserId, UserPatch, UserRef, folded};
use isogloss_canonical::value::{self, Target, ValueKind};
use isogloss_store::{Named, RULES, Records};
use serde_json::Value;
use uuid::Uuid;

use crate::layers::sidecar::layer::Sidecar;
use crate::random::random;

/// An id that nobody has. A name that no client knows becomes this id.
const NOBODY: UserId = UserId(Uuid::nil());

/// Why a person cannot be shown.
const SHADOWED: &str = "the user's name is the alias of another user; rename one of the two";

/// The layer.
#[derive(Debug)]
pub struct Aliased {
    /// The sidecar, or the sidecar of one request.
    inner: Arc<dyn Backend>,
    /// The same sidecar, for its records and its system.
    sidecar: Sidecar,
    capability: Capability,
}

impl Aliased {
    /// Adds the layer to a sidecar.
    #[must_use]
    pub fn over(sidecar: Sidecar) -> Self {
        let capability = sidecar.capability().clone().holding([Field::Rename]);
        Self { inner: Arc::new(sidecar.clone()), sidecar, capability }
    }

    const fn records(&self) -> &Records {
        self.sidecar.records()
    }

    /// Translates the names of a command.
    async fn inwards(&self, command: &mut Command) -> Result<(), Fault> {
        for user in command.people_mut() {
            if let Some(known) = self.known(user).await? {
                *user = UserRef::Id(known);
            }
        }
        Ok(())
    }

    /// The person of a name that an alias concerns; nobody for a name that no client knows.
    async fn known(&self, user: &UserRef) -> Result<Option<UserId>, Fault> {
        let (namespace, numbering) = self.sidecar.namespace();
        let named = match user {
            UserRef::Name(name) => self.records().named(name, Matching::Exact).await?,
            UserRef::FoldedName(name) => self.records().named(name, Matching::Folded).await?,
            UserRef::Native(of, name) if of == namespace && numbering == Numbering::Names => {
                self.records().named(name, Matching::Exact).await?
            }
            UserRef::Native(..) | UserRef::Id(_) | UserRef::Email(_) => Named::Plain,
        };
        Ok(match named {
            Named::Alias(id) => Some(id),
            Named::Hidden(_) => Some(NOBODY),
            Named::Plain => None,
        })
    }

    /// Gives the people of an outcome the names that clients know.
    async fn outwards(&self, outcome: Outcome) -> Result<Outcome, Fault> {
        Ok(match outcome {
            Outcome::User(user) => Outcome::User(Box::new(self.shown(*user).await?)),
            Outcome::KeyFound(key, Some(user)) => {
                Outcome::KeyFound(key, Some(Box::new(self.shown(*user).await?)))
            }
            Outcome::Users(users) => self.listed(users, Vec::new()).await?,
            Outcome::UsersInPart(users, unread) => self.listed(users, unread).await?,
            other @ (Outcome::Done
            | Outcome::Group(_)
            | Outcome::Groups(_)
            | Outcome::Keys(_)
            | Outcome::KeyFound(_, None)
            | Outcome::Settings(_)
            | Outcome::Locks(_)
            | Outcome::Verified(_)) => other,
        })
    }

    /// A person with the name that clients know. Somebody whom the system has given the alias of
    /// another person is an error: that name means the other person here.
    async fn shown(&self, user: User) -> Result<User, Fault> {
        if let Some(username) = self.records().alias(user.id).await? {
            return Ok(User { username, ..user });
        }
        match self.records().named(&user.username, Matching::Folded).await? {
            Named::Alias(_) => Err(Fault::new(FaultKind::Unexpected, SHADOWED)),
            Named::Hidden(_) | Named::Plain => Ok(user),
        }
    }

    /// The same for a list. Who cannot be shown is reported as unread.
    async fn listed(&self, users: Vec<User>, mut unread: Vec<String>) -> Result<Outcome, Fault> {
        let mut aliases = self.records().aliases().await?;
        let mut held = HashSet::new();
        for user in &users {
            held.extend(aliases.get(&user.id).map(|alias| folded(alias)));
        }
        let mut shown = Vec::with_capacity(users.len());
        for user in users {
            match aliases.remove(&user.id) {
                Some(username) => shown.push(User { username, ..user }),
                None if held.contains(&folded(&user.username)) => {
                    unread.push(format!("user {}: {SHADOWED}", user.id));
                }
                None => shown.push(user),
            }
        }
        Ok(Outcome::people(shown, unread))
    }

    /// Creates a person. A name that the system does not take becomes an alias.
    async fn create(&self, user: NewUser) -> Result<Outcome, Fault> {
        let Err(refused) = self.takes(&user.username, Target::New) else {
            return self.inner.execute(Command::CreateUser(Box::new(user))).await;
        };
        let alias = user.username.clone();
        can_be_alias(&alias)?;
        let username = format!("user-{}", hex::encode(&random()[..6]));
        // If the system takes only names of another form, the first refusal holds.
        self.takes(&username, Target::New).map_err(|_| refused)?;
        let claim = self.records().claim(&[&alias]).await?;
        let made = self.create_with(NewUser { username, ..user }, &alias).await;
        claim.release().await;
        made
    }

    async fn create_with(&self, user: NewUser, alias: &str) -> Result<Outcome, Fault> {
        self.is_free(alias, None).await?;
        // If this gateway ends before the record is made, the next look at the person makes it.
        self.records().intend_alias(&user.username, alias).await?;
        let username = user.username.clone();
        let made = match self.inner.execute(Command::CreateUser(Box::new(user))).await {
            Ok(outcome) => outcome.user()?,
            Err(fault) => {
                if fault.kind.is_callers() || fault.sent == Sent::Never {
                    self.records().forget_intended_alias(&username).await?;
                }
                return Err(fault);
            }
        };
        if let Err(fault) = self.records().set_alias(made.id, alias).await {
            // A person with a name that nobody chose must not stay.
            self.inner.execute(Command::DeleteUser(UserRef::Id(made.id))).await?;
            return Err(fault);
        }
        Ok(Outcome::User(made))
    }

    /// Changes a person. A new name becomes an alias if the system cannot rename, or does not take
    /// the name.
    async fn update(&self, user: UserRef, mut patch: UserPatch) -> Result<Outcome, Fault> {
        let Some(name) = patch.username.take() else {
            return self.inner.execute(Command::UpdateUser(user, Box::new(patch))).await;
        };
        let known = *self.inner.execute(Command::GetUser(user)).await?.user()?;
        let alias = self.records().alias(known.id).await?;
        if alias.as_ref().unwrap_or(&known.username) == &name {
            return self.rest(known, patch).await;
        }
        if name == known.username {
            let changed = self.rest(known.clone(), patch).await?;
            self.records().remove_alias(known.id).await?;
            return Ok(changed);
        }
        let renames = self.sidecar.system_capability().holds(Field::Rename);
        if renames && self.takes(&name, Target::User(&known)).is_ok() {
            patch.username = Some(name);
            let change = Command::UpdateUser(UserRef::Id(known.id), Box::new(patch));
            let changed = self.inner.execute(change).await?;
            self.records().remove_alias(known.id).await?;
            return Ok(changed);
        }
        can_be_alias(&name)?;
        let claim = self.records().claim(&[&name]).await?;
        let done = self.rename(known, &name, patch).await;
        claim.release().await;
        done
    }

    async fn rename(&self, known: User, name: &str, rest: UserPatch) -> Result<Outcome, Fault> {
        self.is_free(name, Some(known.id)).await?;
        let id = known.id;
        let changed = self.rest(known, rest).await?;
        self.records().set_alias(id, name).await?;
        Ok(changed)
    }

    /// Changes what is left beside the name.
    async fn rest(&self, known: User, patch: UserPatch) -> Result<Outcome, Fault> {
        let nothing = UserPatch { unique: patch.unique, ..UserPatch::default() };
        if patch == nothing {
            return Ok(Outcome::User(Box::new(known)));
        }
        let change = Command::UpdateUser(UserRef::Id(known.id), Box::new(patch));
        self.inner.execute(change).await
    }

    /// Whether the system takes a user name.
    fn takes(&self, name: &str, target: Target<'_>) -> Result<(), Fault> {
        value::check(self.sidecar.values(), [(ValueKind::Username, name)], target)
    }

    /// Refuses an alias that is the name or the alias of somebody else, in any case.
    async fn is_free(&self, alias: &str, own: Option<UserId>) -> Result<(), Fault> {
        let taken = || Err(Fault::conflict(Subject::Username));
        match self.records().named(alias, Matching::Folded).await? {
            Named::Alias(id) | Named::Hidden(id) if Some(id) != own => return taken(),
            Named::Alias(_) | Named::Hidden(_) | Named::Plain => {}
        }
        let alike = Command::GetUser(UserRef::FoldedName(alias.to_owned()));
        match self.inner.execute(alike).await.and_then(Outcome::user) {
            Ok(user) if Some(user.id) != own => taken(),
            Ok(_) => Ok(()),
            Err(fault) if fault.is_absence_of(Subject::User) => Ok(()),
            Err(fault) => Err(fault),
        }
    }
}

/// Refuses an alias that the sidecar does not take.
fn can_be_alias(alias: &str) -> Result<(), Fault> {
    if alias.is_empty() {
        let fault = Fault::new(FaultKind::Invalid, "an alias has at least one character");
        return Err(fault.about(Subject::Username));
    }
    value::check(RULES, [(ValueKind::Username, alias)], Target::New)
}

#[async_trait]
impl Backend for Aliased {
    fn capability(&self) -> &Capability {
        &self.capability
    }

    fn for_request(&self) -> Option<Arc<dyn Backend>> {
        let inner = self.inner.for_request()?;
        let (sidecar, capability) = (self.sidecar.clone(), self.capability.clone());
        Some(Arc::new(Self { inner, sidecar, capability }))
    }

    async fn fact(&self, mut fact: Fact) -> Option<Result<Value, Fault>> {
        if let Some(person) = &mut fact.person {
            match self.known(person).await {
                Ok(Some(known)) => *person = UserRef::Id(known),
                Ok(None) => {}
                Err(fault) => return Some(Err(fault)),
            }
        }
        self.inner.fact(fact).await
    }

    async fn verifies_passwords(&self) -> Result<(), Fault> {
        self.inner.verifies_passwords().await
    }

    async fn execute(&self, mut command: Command) -> Result<Outcome, Fault> {
        self.inwards(&mut command).await?;
        let verb = command.verb();
        let outcome = if let Command::CreateUser(user) = command {
            self.create(*user).await?
        } else if let Command::UpdateUser(user, patch) = command {
            self.update(user, *patch).await?
        } else {
            self.inner.execute(command).await?
        };
        self.outwards(outcome).await?.checked(verb)
    }
}
