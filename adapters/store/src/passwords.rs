//! Password hashes: Argon2id of our own, bcrypt as the four systems bring it along.

use std::sync::Arc;
use std::thread;

use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::secret::Secret;
use tokio::sync::Semaphore;
use tokio::task;

/// How every hash of our own begins; one that begins otherwise is replaced when it is next proved.
const OWN: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// So many bytes of a password count, as in bcrypt. Three of the four systems hash with it: who
/// gets in there with another tail gets in here, and a hash that is replaced after such a proof
/// still lets the owner in (`fixtures/transcripts/kanboard/auth-basic.json`).
const COUNTED: usize = 72;

/// Hashes and checks, on threads of their own, no more at a time than there are cores.
pub(crate) struct Passwords {
    argon: Argon2<'static>,
    turns: Arc<Semaphore>,
}

/// What came of a check.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// Whether the password was right.
    pub(crate) right: bool,
    /// A hash of our own to be kept from now on.
    pub(crate) upgrade: Option<String>,
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, Fault> {
        let params = Params::new(19_456, 2, 1, None)
            .map_err(|_| Fault::new(FaultKind::Unexpected, "Argon2 refuses its parameters"))?;
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            argon: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            turns: Arc::new(Semaphore::new(cores)),
        })
    }

    /// The hash of a password, if there is one.
    pub(crate) async fn hash_optional(
        &self,
        password: Option<&Secret>,
    ) -> Result<Option<String>, Fault> {
        let Some(password) = password.cloned() else { return Ok(None) };
        let argon = self.argon.clone();
        self.in_turn(move || hash(&argon, &password)).await?.map(Some)
    }

    /// Checks a password. Where nothing can match it takes as long as where something can.
    pub(crate) async fn check(
        &self,
        stored: Option<String>,
        password: &Secret,
    ) -> Result<Check, Fault> {
        let (argon, password) = (self.argon.clone(), password.clone());
        self.in_turn(move || check(&argon, stored.as_deref(), &password)).await?
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let broken = |detail| Fault::new(FaultKind::Unexpected, detail);
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|error| broken("password hashing is over").because(error))?;
        let work = task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        work.await.map_err(|error| broken("password hashing broke off").because(error))
    }
}

fn hash(argon: &Argon2<'_>, password: &Secret) -> Result<String, Fault> {
    let hash = argon.hash_password(counted(password));
    let hash =
        hash.map_err(|_| Fault::new(FaultKind::Unexpected, "a password cannot be hashed"))?;
    Ok(hash.to_string())
}

fn counted(password: &Secret) -> &[u8] {
    let bytes = password.expose().as_bytes();
    &bytes[..bytes.len().min(COUNTED)]
}

fn check(argon: &Argon2<'_>, stored: Option<&str>, password: &Secret) -> Result<Check, Fault> {
    let right = match stored {
        Some(stored) if stored.starts_with("$argon2") => {
            argon.verify_password(counted(password), stored).is_ok()
        }
        Some(stored) if stored.starts_with("$2") => {
            bcrypt::verify(password.expose(), stored).unwrap_or(false)
        }
        _ => {
            hash(argon, password)?;
            false
        }
    };
    let outdated = right && stored.is_some_and(|stored| !stored.starts_with(OWN));
    let upgrade = if outdated { Some(hash(argon, password)?) } else { None };
    Ok(Check { right, upgrade })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn own_hashes_are_checked_and_kept() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash_optional(Some(&"secret".into())).await.unwrap().unwrap();
        assert!(hash.starts_with(OWN), "{hash}");
        let check = passwords.check(Some(hash.clone()), &"secret".into()).await.unwrap();
        assert_eq!(check, Check { right: true, upgrade: None });
        let check = passwords.check(Some(hash), &"Secret".into()).await.unwrap();
        assert_eq!(check, Check::default());
    }

    #[tokio::test]
    async fn bcrypt_hashes_are_checked_and_replaced() {
        let passwords = Passwords::new().unwrap();
        let parts = bcrypt::hash_with_result("secret", 4).unwrap();
        for version in [bcrypt::Version::TwoA, bcrypt::Version::TwoB, bcrypt::Version::TwoY] {
            let hash = parts.format_for_version(version);
            let check = passwords.check(Some(hash.clone()), &"secret".into()).await.unwrap();
            assert!(check.right && check.upgrade.unwrap().starts_with(OWN), "{hash}");
            assert!(!passwords.check(Some(hash), &"wrong".into()).await.unwrap().right);
        }
    }

    #[tokio::test]
    async fn a_password_counts_to_its_72nd_byte() {
        let passwords = Passwords::new().unwrap();
        let with = |tail: &str| Secret::new(format!("{}{tail}", "é".repeat(36)));
        let own = passwords.hash_optional(Some(&with("right"))).await.unwrap().unwrap();
        let brought = bcrypt::hash(with("right").expose(), 4).unwrap();
        for stored in [own, brought] {
            let check = passwords.check(Some(stored.clone()), &with("other")).await.unwrap();
            assert!(check.right, "{stored}");
            let kept = check.upgrade.unwrap_or(stored);
            assert!(passwords.check(Some(kept.clone()), &with("right")).await.unwrap().right);
            let short = Secret::new("é".repeat(35));
            assert!(!passwords.check(Some(kept), &short).await.unwrap().right);
        }
    }

    #[tokio::test]
    async fn nothing_matches_no_hash_or_an_unknown_one() {
        let passwords = Passwords::new().unwrap();
        for stored in [None, Some(""), Some("secret"), Some("$2y$broken"), Some("$argon2id$x")] {
            let check = passwords.check(stored.map(str::to_owned), &"secret".into()).await.unwrap();
            assert_eq!(check, Check::default(), "{stored:?}");
        }
    }
}
