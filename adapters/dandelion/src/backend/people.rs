//! People, as Dandelion's user methods show them, and the calls that every change is made of.

use isogloss_canonical::backend::OwnAccount;
use isogloss_canonical::command::Verb;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use serde_json::Value;

use crate::backend::api::{Api, Given, REFUSED, Said, unavailable, unexpected};
use crate::backend::row::{Listed, Person};
use crate::backend::{DandelionBackend, row, unsupported};
use crate::ids::Uid;

impl DandelionBackend {
    pub(super) async fn get(&self, user: &UserRef) -> Result<Person, Fault> {
        match user {
            UserRef::Native(namespace, id) if *namespace == self.service.namespace => {
                self.by_id(own_id(id)?).await
            }
            UserRef::Name(name) => {
                let mut listed = self.everybody().await?;
                match listed.people.iter().position(|one| one.user.username == *name) {
                    Some(at) => Ok(listed.people.swap_remove(at)),
                    None if listed.unread.is_empty() => Err(Fault::not_found(Subject::User)),
                    None => Err(unexpected("it lists people who cannot be read")),
                }
            }
            UserRef::Id(_) | UserRef::Native(..) | UserRef::FoldedName(_) | UserRef::Email(_) => {
                Err(unsupported(Verb::GetUser))
            }
        }
    }

    pub(super) async fn by_id(&self, id: Uid) -> Result<Person, Fault> {
        let shown = id.to_string();
        match self.api.get("users/getuser", vec![("uid", &shown)]).await? {
            Said::Data(data) => match row::only(&data, &self.service.namespace)? {
                person if person.id == id => Ok(person),
                _ => Err(unexpected("it answers somebody else")),
            },
            Said::Nothing => Err(Fault::not_found(Subject::User)),
            Said::Refused => Err(unexpected("it refuses to show somebody")),
            Said::Broken(_) => Err(unavailable("it cannot read")),
        }
    }

    /// Whoever calls with this key, as the server says.
    pub(super) async fn find_key(&self, value: &Secret) -> Result<Outcome, Fault> {
        let owner = match self.caller_of(&self.api.with(value)).await {
            Ok(owner) => owner.user,
            Err(fault) if fault.detail == REFUSED => {
                return Err(Fault::not_found(Subject::Key));
            }
            Err(fault) => return Err(fault),
        };
        let key = Key::vouched(self.service.namespace.clone(), Some(owner.id));
        Ok(Outcome::KeyFound(Box::new(key), Some(Box::new(owner))))
    }

    /// Whose key the gateway calls with.
    pub(super) async fn own(&self) -> Result<OwnAccount, Fault> {
        Ok(OwnAccount::of(self.caller_of(&self.api).await?.user))
    }

    async fn caller_of(&self, api: &Api) -> Result<Person, Fault> {
        match api.get("users/getuser", Vec::new()).await? {
            Said::Data(data) => row::only(&data, &self.service.namespace),
            Said::Nothing | Said::Refused | Said::Broken(_) => {
                Err(unexpected("nobody calls with this key"))
            }
        }
    }

    pub(super) async fn list(&self) -> Result<Outcome, Fault> {
        let listed = self.everybody().await?;
        let users = listed.people.into_iter().map(|one| one.user).collect();
        Ok(Outcome::people(users, listed.unread))
    }

    pub(super) async fn everybody(&self) -> Result<Listed, Fault> {
        match self.api.get("users/getusers", Vec::new()).await? {
            Said::Data(data) => match row::people(&data, &self.service.namespace)? {
                // Whose key it is would be there at least.
                nobody if nobody.people.is_empty() => Err(unexpected("it shows nobody at all")),
                listed => Ok(listed),
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
        id: Uid,
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
    pub(super) async fn find(&self, user: &UserRef) -> Result<Uid, Fault> {
        match user {
            UserRef::Native(namespace, id) if *namespace == self.service.namespace => own_id(id),
            other => self.get(other).await.map(|one| one.id),
        }
    }

    /// A password for somebody who shall have none.
    pub(super) fn nobody_knows(&self) -> Secret {
        let digits = (self.service.random)().into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        Secret::new(digits.collect::<String>())
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

/// Reads an id. The server's column holds 32 bits, and what it cannot read is not there.
fn own_id(id: &str) -> Result<Uid, Fault> {
    let id = id.parse().ok().filter(|id: &i32| *id > 0);
    id.map(Uid).ok_or_else(|| Fault::not_found(Subject::User))
}

/// Whether somebody is to be asked for a new password at the next login.
pub(super) fn asks_for_password(prompt: Option<&Value>) -> bool {
    prompt.and_then(row::number).is_some_and(|prompt| prompt != 0)
}
