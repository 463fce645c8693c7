//! Password hashes: Argon2id for new ones, bcrypt for those imported from the four systems.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, PasswordHash, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::secret::Secret;
use subtle::ConstantTimeEq;

use crate::hashing::{Hashers, Workspace};

/// The first part of each hash that the store writes. A hash with another first part is replaced at
/// the next correct sign-in.
const OWN: &str = "$argon2id$v=19$m=19456,t=2,p=1$";

/// How many bytes of a password are hashed, as in bcrypt. Three of the four systems use bcrypt:
/// there, any password with the same first 72 bytes signs in, and it must sign in here too
/// (`fixtures/transcripts/kanboard/auth-basic.json`). Argon2id hashes that replace a bcrypt hash
/// follow the same rule.
const COUNTED: usize = 72;

/// A hash that needs more memory than this, in KiB, is not computed.
const LARGEST: u32 = 262_144;

/// Hashes and checks passwords on the hashing threads.
pub(crate) struct Passwords {
    argon: Argon2<'static>,
    hashers: Arc<Hashers>,
}

/// The result of a check.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Check {
    /// Whether the password is correct.
    pub(crate) right: bool,
    /// The Argon2id hash that replaces the stored one.
    pub(crate) upgrade: Option<String>,
}

impl Passwords {
    pub(crate) fn new() -> Result<Self, Fault> {
        let params = Params::new(19_456, 2, 1, None)
            .map_err(|_| Fault::new(FaultKind::Unexpected, "Argon2 refuses its parameters"))?;
        Ok(Self {
            argon: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
            hashers: Hashers::shared(),
        })
    }

    /// The hash of a password, if there is one.
    pub(crate) async fn hash_optional(
        &self,
        password: Option<&Secret>,
    ) -> Result<Option<String>, Fault> {
        let Some(password) = password.cloned() else { return Ok(None) };
        let argon = self.argon.clone();
        let hash = self.hashers.run(move |workspace| hash(workspace, &argon, &password));
        hash.await?.map(Some)
    }

    /// Whether a password matches this hash. Nothing is stored.
    pub(crate) async fn makes(&self, hash: &Secret, password: &Secret) -> Result<bool, Fault> {
        let (hash, password) = (hash.clone(), password.clone());
        self.hashers
            .run(move |_| bcrypt::verify(password.expose(), hash.expose()).unwrap_or(false))
            .await
    }

    /// Checks a password. Without a stored hash it takes as long as with one, so that the time does
    /// not show whether the account exists.
    pub(crate) async fn check(
        &self,
        stored: Option<String>,
        password: &Secret,
    ) -> Result<Check, Fault> {
        let (argon, password) = (self.argon.clone(), password.clone());
        let check =
            move |workspace: &mut Workspace| check(workspace, &argon, stored.as_deref(), &password);
        self.hashers.run(check).await?
    }
}

fn hash(workspace: &mut Workspace, argon: &Argon2<'_>, password: &Secret) -> Result<String, Fault> {
    let failed = || Fault::new(FaultKind::Unexpected, "a password cannot be hashed");
    let (mut salt, mut out) = ([0; 16], [0; 32]);
    getrandom::fill(&mut salt).map_err(|error| failed().because(error))?;
    workspace.argon2(argon, (counted(password), &salt), &mut out).map_err(|_| failed())?;
    Ok(format!("{OWN}{}${}", STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(out)))
}

fn counted(password: &Secret) -> &[u8] {
    let bytes = password.expose().as_bytes();
    &bytes[..bytes.len().min(COUNTED)]
}

fn check(
    workspace: &mut Workspace,
    argon: &Argon2<'_>,
    stored: Option<&str>,
    password: &Secret,
) -> Result<Check, Fault> {
    let proved = match stored {
        Some(stored) if stored.starts_with("$argon2") => argon2(workspace, stored, password),
        Some(stored) if stored.starts_with("$2") => bcrypt::verify(password.expose(), stored).ok(),
        _ => None,
    };
    let Some(right) = proved else {
        hash(workspace, argon, password)?;
        return Ok(Check::default());
    };
    let outdated = right && stored.is_some_and(|stored| !stored.starts_with(OWN));
    let upgrade = if outdated { Some(hash(workspace, argon, password)?) } else { None };
    Ok(Check { right, upgrade })
}

/// Whether a password matches this Argon2 hash. `None` if it is not an Argon2 hash.
fn argon2(workspace: &mut Workspace, stored: &str, password: &Secret) -> Option<bool> {
    let stored = PasswordHash::new(stored).ok()?;
    let (salt, hash) = (stored.salt.as_ref()?, stored.hash.as_ref()?);
    let params = Params::try_from(&stored).ok().filter(|params| params.m_cost() <= LARGEST)?;
    let algorithm = Algorithm::try_from(stored.algorithm.as_str()).ok()?;
    let version = stored.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let mut out = vec![0; hash.len()];
    let argon = Argon2::new(algorithm, version, params);
    workspace.argon2(&argon, (counted(password), salt.as_ref()), &mut out).ok()?;
    Some(out.ct_eq(hash.as_bytes()).into())
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher as _, PasswordVerifier as _};

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
    async fn hashes_of_other_costs_are_checked_and_replaced() {
        let passwords = Passwords::new().unwrap();
        for (cost, salt) in [((256, 2, 1), "somesalt"), ((65_536, 1, 4), "othersalt")] {
            let params = Params::new(cost.0, cost.1, cost.2, None).unwrap();
            let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
            let other = argon.hash_password_with_salt(b"secret", salt.as_bytes()).unwrap();
            let check = passwords.check(Some(other.to_string()), &"secret".into()).await.unwrap();
            let better = check.upgrade.unwrap();
            assert!(check.right && better.starts_with(OWN), "{other}");
            assert!(passwords.check(Some(better), &"secret".into()).await.unwrap().right);
            let check = passwords.check(Some(other.to_string()), &"wrong".into()).await.unwrap();
            assert_eq!(check, Check::default());
        }
    }

    #[tokio::test]
    async fn an_own_hash_is_one_that_the_library_checks() {
        let passwords = Passwords::new().unwrap();
        let own = passwords.hash_optional(Some(&"secret".into())).await.unwrap().unwrap();
        Argon2::default().verify_password(b"secret", own.as_str()).unwrap();
        let known = Argon2::default().hash_password_with_salt(b"secret", b"somesaltsomesalt");
        let known = known.unwrap().to_string();
        let check = passwords.check(Some(known.clone()), &"secret".into()).await.unwrap();
        assert_eq!(check, Check { right: true, upgrade: None }, "{known}");
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
