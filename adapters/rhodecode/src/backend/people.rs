//! People, as RhodeCode's user methods have them.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::command::Verb;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Role, User, UserPatch, UserRef};
use serde_json::{Value, json};

use crate::backend::api::{Arguments, REFUSED, only, unexpected};
use crate::backend::row::Listed;
use crate::backend::{RhodeCodeBackend, row, unsupported, words};
use crate::wire::{DEFAULT_EMAIL, DEFAULT_USER, kept};

impl RhodeCodeBackend {
    /// A password for somebody who shall have none.
    pub(super) fn nobody_knows(&self) -> Secret {
        let bytes = (self.service.random)();
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        Secret::new(digits.collect::<String>())
    }

    pub(super) async fn get(&self, user: &UserRef) -> Result<User, Fault> {
        let absent = || Fault::not_found(Subject::User);
        let userid = match user {
            UserRef::Native(namespace, id) if *namespace == self.service.namespace => {
                json!(number(id).filter(|id| *id > row::NOBODY).ok_or_else(absent)?)
            }
            UserRef::Name(name) if name == DEFAULT_USER => return Err(absent()),
            UserRef::Name(name) if is_said_otherwise(name) => {
                let all = self.everybody().await?;
                let whole = all.unread.is_empty();
                let named = all.users.into_iter().find(|one| one.username == *name);
                return match named {
                    None if !whole => Err(unexpected("it lists people who cannot be read")),
                    named => named.ok_or_else(absent),
                };
            }
            UserRef::Name(name) => json!(name),
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                return Err(unsupported(Verb::GetUser));
            }
        };
        let found = self.person(&self.api.call("get_user", only("userid", userid)).await?)?;
        match user {
            // A MySQL database finds names in any case.
            UserRef::Name(name) if *name != found.username => Err(absent()),
            UserRef::Native(namespace, id) if found.native(namespace) != Some(id) => {
                Err(unexpected("another person than was asked for"))
            }
            _ => Ok(found),
        }
    }

    /// Whoever calls with this token, as the server says.
    pub(super) async fn find_key(&self, value: Secret) -> Result<Outcome, Fault> {
        let own = self.api.with(value).call("get_user", Arguments::new()).await;
        let owner = match own {
            Ok(row) => self.person(&row)?,
            Err(fault) if fault.detail == REFUSED => {
                return Err(Fault::not_found(Subject::Key));
            }
            Err(fault) => return Err(fault),
        };
        let key = Key::vouched(self.service.namespace.clone(), Some(owner.id));
        Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(owner))))
    }

    pub(super) fn person(&self, row: &Value) -> Result<User, Fault> {
        let known = row::person(self.eyes(), row)?;
        known.ok_or_else(|| Fault::not_found(Subject::User))
    }

    /// Whose token the gateway calls with.
    pub(super) async fn own(&self) -> Result<OwnAccount, Fault> {
        let row = self.api.call("get_user", Arguments::new()).await?;
        Ok(row::person(self.eyes(), &row)?.map_or(OwnAccount::Unknown, OwnAccount::of))
    }

    pub(super) async fn list(&self) -> Result<Outcome, Fault> {
        self.everybody().await.map(|all| Outcome::people(all.users, all.unread))
    }

    /// Everybody, in the order of creation: the server goes by name.
    async fn everybody(&self) -> Result<Listed, Fault> {
        let rows = self.api.call("get_users", Arguments::new()).await?;
        let mut all = row::people(self.eyes(), &rows)?;
        all.users.sort_by_key(|one| one.native(&self.service.namespace).and_then(number));
        Ok(all)
    }

    pub(super) async fn update(&self, user: &UserRef, patch: UserPatch) -> Result<Outcome, Fault> {
        let id = self.id_of(user).await?;
        let mut args = words::of_change(self.version, &patch, &self.nobody_knows());
        args.insert("userid".to_owned(), id.into());
        match self.api.about("update_user", args, "user").await {
            Ok(row) => {
                let now = self.person(&row)?;
                let own = now.native(&self.service.namespace) == Some(id.to_string().as_str());
                if own && is_seen(&now, &patch) {
                    return Ok(Outcome::User(Box::new(now)));
                }
                Err(unexpected("a change is not to be seen"))
            }
            Err(fault) if fault.kind == FaultKind::Invalid => {
                Err(self.why_not(id, &patch).await?.unwrap_or(fault))
            }
            Err(fault) => Err(fault),
        }
    }

    /// The server gives no reason; a name or an address that is somebody else's is one.
    async fn why_not(&self, id: i64, patch: &UserPatch) -> Result<Option<Fault>, Fault> {
        let email = patch.email.as_ref().and_then(Option::as_deref);
        if patch.username.is_none() && email.is_none() {
            return Ok(None);
        }
        let mut others = self.everybody().await?.users;
        others.retain(|one| one.native(&self.service.namespace).and_then(number) != Some(id));
        if let Some(name) = &patch.username
            && (name == DEFAULT_USER || others.iter().any(|one| one.username == *name))
        {
            return Ok(Some(Fault::conflict(Subject::Username)));
        }
        // Addresses are stored in lower case.
        let wanted = email.map(str::to_lowercase);
        let taken = |own: Option<&str>| own.is_some() && own == wanted.as_deref();
        let taken =
            taken(Some(DEFAULT_EMAIL)) || others.iter().any(|one| taken(one.email.as_deref()));
        Ok(taken.then(|| Fault::conflict(Subject::Email)))
    }

    pub(super) async fn set_active(&self, user: &UserRef, on: bool) -> Result<Outcome, Fault> {
        self.update(user, UserPatch { active: Some(on), ..UserPatch::default() }).await
    }

    pub(super) async fn set_password(
        &self,
        user: &UserRef,
        password: Option<Secret>,
    ) -> Result<Outcome, Fault> {
        let patch = UserPatch { password: Some(password), ..UserPatch::default() };
        self.update(user, patch).await.map(|_| Outcome::Done)
    }

    /// Deletes somebody. Who still owns a repository or a group stays: the server refuses.
    pub(super) async fn delete(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let args = only("userid", self.id_of(user).await?);
        match self.api.about("delete_user", args, "user").await? {
            Value::Null => Ok(Outcome::Done),
            _ => Err(unexpected("somebody who was deleted is shown")),
        }
    }

    /// The repositories that somebody has locked, by name.
    pub(super) async fn locks(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let args = only("userid", self.id_of(user).await?);
        let Value::Array(rows) = self.api.call("get_user_locks", args).await? else {
            return Err(unexpected("no list of locks"));
        };
        let name = |row: &Value| row.get("repo_name").and_then(Value::as_str).map(str::to_owned);
        let names: Option<Vec<_>> = rows.iter().map(name).collect();
        names.map(Outcome::Locks).ok_or_else(|| unexpected("a lock without a repository"))
    }

    /// The number that the server points at a person by. A name is looked up, so that it is never
    /// taken for another's.
    pub(super) async fn id_of(&self, user: &UserRef) -> Result<i64, Fault> {
        let absent = || Fault::not_found(Subject::User);
        match user {
            UserRef::Native(namespace, id) if *namespace == self.service.namespace => {
                number(id).filter(|id| *id > row::NOBODY).ok_or_else(absent)
            }
            other => {
                let found = self.get(other).await?;
                found.native(&self.service.namespace).and_then(number).ok_or_else(absent)
            }
        }
    }
}

/// Whether a change is to be seen that decides what somebody may do, or who they are.
pub(super) fn is_seen(now: &User, patch: &UserPatch) -> bool {
    // A name that was set to null is shown by its placeholder.
    let unnamed = now.attributes.contains_key(kept::NAMELESS);
    let named = patch.username.as_ref().is_none_or(|name| *name == now.username || unnamed);
    let role = |role: Role| role == Role::Administrator;
    let ranked = patch.role.is_none_or(|wanted| role(wanted) == role(now.role));
    named && ranked && patch.active.is_none_or(|active| active == now.active)
}

/// An id, written just as the server counts them: no sign, no blank, no more than its column holds.
pub(super) fn number(id: &str) -> Option<i64> {
    let number: i32 = id.parse().ok()?;
    (number > 0 && number.to_string() == id).then_some(number.into())
}

/// Whether a name cannot be asked for as it is: version 4.3 takes what Python reads as a number for
/// an id, and a person without a name is called by a placeholder of ours.
fn is_said_otherwise(name: &str) -> bool {
    let digits = name.trim().trim_start_matches(['+', '-']).trim_start();
    let numeric = !digits.is_empty() && digits.chars().all(char::is_numeric);
    numeric || name.starts_with('\u{2205}')
}
