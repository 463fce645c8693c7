//! The system itself verifies passwords. The layer sends it as few wrong ones as possible.

use std::time::Duration;

use isogloss_canonical::capability::Rule;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, Refusal, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::{Secret, same};
use isogloss_canonical::session_store::{SessionKind, SessionStore};
use isogloss_canonical::user::{User, UserRef};
use isogloss_canonical::verb::Verb;

use crate::layers::sidecar::layer::Sidecar;
use crate::upstream::caller;

/// The people whose correct password is known to match the hash in the system's row.
const BY_HASH: SessionKind = "sidecar.by-hash";
/// How long this is remembered: as long as a known address.
const BY_HASH_FOR: Duration = Duration::from_hours(90 * 24);

impl Sidecar {
    /// Lets the system verify a password.
    pub(super) async fn verify(&self, user: &UserRef, secret: Secret) -> Result<Outcome, Fault> {
        let known = match user {
            UserRef::Name(name) if self.recent.is_unknown(name) => {
                Err(Fault::not_found(Subject::User))
            }
            UserRef::Name(_)
            | UserRef::Id(_)
            | UserRef::Native(..)
            | UserRef::FoldedName(_)
            | UserRef::Email(_) => self.get(user).await,
        };
        let own = match known {
            Ok(known) => return self.verify_known(&known, secret).await,
            // The sign-in can create a user of the system's own directory.
            Err(fault) if fault.is_absence_of(Subject::User) => match user {
                UserRef::Name(_) if self.system.capability().has(Verb::CreateFromDirectory) => {
                    user.clone()
                }
                UserRef::Name(_)
                | UserRef::Id(_)
                | UserRef::Native(..)
                | UserRef::FoldedName(_)
                | UserRef::Email(_) => return Ok(Outcome::Verified(false)),
            },
            Err(fault) => return Err(fault),
        };
        self.ask_system(Command::VerifyPassword(own, secret)).await
    }

    /// Verifies the password of a person with a record. If the hash in the system's row shows that
    /// the password is wrong, the system is not asked: it would count the attempt and lock the
    /// account for its owner too (Kanboard does after six). This is done only if the person's
    /// correct password was seen to match the hash; otherwise a directory can accept another
    /// password. On a route of the system's own dialect the system counts, as its clients know it.
    ///
    /// The system refuses every password of an inactive person. The hash shows whether the password
    /// is right, so that only its owner is told that the account is inactive.
    async fn verify_known(&self, known: &User, secret: Secret) -> Result<Outcome, Fault> {
        let (store, evidence) = (self.records.store(), &known.evidence);
        let mark = known.id.to_string();
        let token = evidence.token.as_ref().is_some_and(|own| same(own.expose(), secret.expose()));
        let hash = evidence.password.as_ref().filter(|_| !token && !self.own_dialect);
        if let Some(hash) = hash.filter(|_| !known.active) {
            return Ok(Outcome::Verified(store.makes_hash(hash, &secret).await?));
        }
        let proved_by_hash = hash.is_some() && store.recall(BY_HASH, &mark).await?.is_some();
        if let Some(hash) = hash.filter(|_| proved_by_hash)
            && !store.makes_hash(hash, &secret).await?
        {
            return Ok(Outcome::Verified(false));
        }
        let binds = self.system.capability().has_rule(Rule::BindsSignIn);
        if binds && !caller::admits(&known.addresses, caller::address()) {
            return Err(Fault::refused(Refusal::Address));
        }
        // Every system takes a name with a password. The name has just been read.
        let named = UserRef::Name(known.username.clone());
        let ask = Command::VerifyPassword(named, secret.clone());
        let right = self.ask_system(ask).await?.verified()?;
        if let Some(hash) = hash.filter(|_| right && !proved_by_hash)
            && store.makes_hash(hash, &secret).await?
        {
            // If this cannot be stored, the correct password is still accepted.
            let stored = store.remember(BY_HASH, &mark, true.into(), BY_HASH_FOR).await;
            if let Err(fault) = stored {
                tracing::warn!(%fault, "the match of a row's hash and the password was not stored");
            }
        }
        Ok(Outcome::Verified(right))
    }
}
