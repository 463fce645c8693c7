//! Proves who asks: by key, by password, by an earlier proof.
//!
//! Every refusal says why; a dialect says as much of that as its original does. What fails for
//! another reason than the caller's (a database that does not answer) is no refusal.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit, Mac};
use ipnet::IpNet;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Lockout, Proof, Seal};
use isogloss_canonical::fault::{Fault, FaultKind, Refusal, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::realm::Realm;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use jiff::Timestamp;
use sha2::Sha256;

use crate::pipeline::Pipeline;

/// How many verified passwords are remembered at most.
const REMEMBERED: usize = 10_000;

/// Proves callers, and remembers verified passwords for seconds under a keyed hash.
#[derive(Debug)]
pub struct Authority {
    key: [u8; 32],
    seal: Seal,
    lasting: Duration,
    verified: Mutex<HashMap<[u8; 32], Instant>>,
}

impl Authority {
    /// Remembers a verified password for this long; zero: never.
    pub fn new(lasting: Duration) -> Result<Self, Fault> {
        let (mut key, mut seal) = ([0; 32], [0; 32]);
        fill(&mut key)?;
        fill(&mut seal)?;
        Ok(Self { key, seal: Seal::new(seal), lasting, verified: Mutex::default() })
    }

    /// What marks the callers that this gateway has proved.
    #[must_use]
    pub const fn seal(&self) -> Seal {
        self.seal
    }

    /// Proves who asks.
    pub async fn identify(&self, at: &Pipeline, shown: Credentials) -> Result<Caller, Fault> {
        match shown {
            Credentials::Key { realm, value, scopes } => {
                self.by_key(at, realm, value, scopes).await
            }
            Credentials::Login { user, secret, keys, lockout } => {
                self.by_login(at, user, secret, (keys, lockout)).await
            }
            Credentials::Vouched(user) => self.vouched(at, user).await,
            Credentials::Named(voucher, name) => {
                if !at.believes(voucher, &name) {
                    tracing::warn!(?voucher, "the route does not believe this voucher");
                    return Err(Fault::refused(Refusal::Unknown));
                }
                self.vouched(at, UserRef::Name(name)).await
            }
        }
    }

    async fn vouched(&self, at: &Pipeline, user: UserRef) -> Result<Caller, Fault> {
        let user = get(at, user).await?.ok_or(Fault::refused(Refusal::Unknown))?;
        if !user.active {
            return Err(Fault::refused(Refusal::Inactive));
        }
        if !admits(&user.addresses, at.sender().client) {
            return Err(Fault::refused(Refusal::Address));
        }
        Ok(Caller::person(user, Proof::Vouched, self.seal))
    }

    async fn by_key(
        &self,
        at: &Pipeline,
        realm: Realm,
        value: Secret,
        scopes: &[&str],
    ) -> Result<Caller, Fault> {
        let found = match ask(at, Command::FindKey(realm.clone(), value)).await {
            Ok(Outcome::KeyFound(key, owner)) => (key, owner),
            Ok(_) => return Err(Fault::new(FaultKind::Unexpected, "no KeyFound")),
            Err(fault) if fault.is_absence_of(Subject::Key) => {
                return Err(Fault::refused(Refusal::Unknown));
            }
            Err(fault) => return Err(fault),
        };
        let (key, owner) = found;
        if key.expires.is_some_and(|end| end <= Timestamp::now()) {
            return Err(Fault::refused(Refusal::Expired));
        }
        if owner.as_ref().is_some_and(|owner| !owner.active) {
            return Err(Fault::refused(Refusal::Inactive));
        }
        let address = at.sender().client;
        let owners = owner.as_ref().map_or(&[][..], |owner| &owner.addresses);
        if !(admits(&key.addresses, address) && admits(owners, address)) {
            return Err(Fault::refused(Refusal::Address));
        }
        if !in_scope(&key, scopes) {
            return Err(Fault::refused(Refusal::Scope));
        }
        match owner {
            Some(owner) => Ok(Caller::person(*owner, Proof::Key(key.label), self.seal)),
            None => Ok(Caller::application(realm, self.seal)),
        }
    }

    async fn by_login(
        &self,
        at: &Pipeline,
        user: UserRef,
        secret: Secret,
        (keys, lockout): (Option<Realm>, Option<Lockout>),
    ) -> Result<Caller, Fault> {
        let (found, proof) = match account(at, &user).await? {
            Some(found) if is_locked(&found) => {
                return Err(Fault::refused(Refusal::Locked));
            }
            Some(found) => {
                let proof = self.prove(at, &found, secret, (keys, lockout.is_some())).await?;
                (updated(at, found, proof.as_ref()).await?, proof)
            }
            None => (arrival(at, user, secret).await?, Some(Proof::Password)),
        };
        let refusal = match &proof {
            None => Some(Refusal::Unknown),
            Some(_) if !found.active => Some(Refusal::Inactive),
            Some(_) if !admits(&found.addresses, at.sender().client) => Some(Refusal::Address),
            Some(Proof::Password) if found.second_factor() => Some(Refusal::SecondFactor),
            Some(_) => None,
        };
        if let (Some(refusal), Some(lockout)) = (refusal, lockout) {
            ask(at, Command::CountFailure((&found).into(), lockout)).await?;
            return Err(Fault::refused(refusal));
        }
        match (refusal, proof) {
            (None, Some(proof)) => {
                if lockout.is_some() && found.failures > 0 {
                    ask(at, Command::ClearFailures((&found).into())).await?;
                }
                let found = User { failures: 0, locked_until: None, ..found };
                Ok(Caller::person(found, proof, self.seal))
            }
            (refusal, _) => Err(Fault::refused(refusal.unwrap_or(Refusal::Unknown))),
        }
    }

    /// How this secret proves this person, if it does: the cheap ways first.
    async fn prove(
        &self,
        at: &Pipeline,
        user: &User,
        secret: Secret,
        (keys, locks): (Option<Realm>, bool),
    ) -> Result<Option<Proof>, Fault> {
        if let Some(realm) = keys
            && ask(at, Command::VerifyKey(user.into(), realm, secret.clone())).await?.verified()?
        {
            return Ok(Some(Proof::Key(None)));
        }
        // A password that is kept elsewhere may have been changed there a moment ago.
        let mark = user.source.is_none().then(|| self.mark(user, &secret));
        if mark.is_some_and(|mark| self.remembers(&mark)) {
            return Ok(Some(Proof::Password));
        }
        let right = is_password(at, user.into(), secret).await?;
        // Of many guesses at a time, none counts that comes to its end after the one that locks.
        if right && locks && get(at, user.into()).await?.is_none_or(|user| is_locked(&user)) {
            return Err(Fault::refused(Refusal::Locked));
        }
        if let (true, Some(mark)) = (right, mark) {
            self.remember(mark);
        }
        Ok(right.then_some(Proof::Password))
    }

    /// A keyed hash of a person, their current password's age, and the secret: a changed password
    /// makes another mark, so that the old one is of no use at once.
    fn mark(&self, user: &User, secret: &Secret) -> [u8; 32] {
        // A key of any length will do for HMAC (RFC 2104, section 3).
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return random();
        };
        mac.update(user.id.0.as_bytes());
        mac.update(&user.password_changed.as_nanosecond().to_be_bytes());
        mac.update(secret.expose().as_bytes());
        mac.finalize().into_bytes().into()
    }

    fn remembers(&self, mark: &[u8; 32]) -> bool {
        let Ok(verified) = self.verified.lock() else { return false };
        verified.get(mark).is_some_and(|since| since.elapsed() < self.lasting)
    }

    fn remember(&self, mark: [u8; 32]) {
        let Ok(mut verified) = self.verified.lock() else { return };
        if verified.len() >= REMEMBERED {
            verified.retain(|_, since| since.elapsed() < self.lasting);
        }
        if verified.len() < REMEMBERED {
            verified.insert(mark, Instant::now());
        }
    }
}

fn is_locked(user: &User) -> bool {
    user.locked_until.is_some_and(|until| until > Timestamp::now())
}

/// Fresh random bytes. The system's source does not fail once it has worked, and it has.
#[must_use]
pub fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    if fill(&mut bytes).is_err() {
        std::process::abort();
    }
    bytes
}

/// Whether a list of networks lets an address in; an empty one lets everybody in, and an entry
/// that is no network lets nobody in.
fn admits(networks: &[String], address: Option<IpAddr>) -> bool {
    if networks.is_empty() {
        return true;
    }
    let Some(address) = address else { return false };
    networks.iter().any(|text| {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.is_ok_and(|network| network.contains(&address))
    })
}

fn in_scope(key: &Key, scopes: &[&str]) -> bool {
    scopes.is_empty() || key.scope.as_deref().is_none_or(|scope| scopes.contains(&scope))
}

async fn ask(at: &Pipeline, command: Command) -> Result<Outcome, Fault> {
    at.execute(command, &Caller::Gateway).await
}

/// The account of whoever signs in. People from a directory may spell their name as they like
/// there, so here too: one account, whose failures are counted together.
async fn account(at: &Pipeline, user: &UserRef) -> Result<Option<User>, Fault> {
    let found = get(at, user.clone()).await?;
    match (&found, user) {
        (None, UserRef::Name(name)) => {
            let alike = get(at, UserRef::FoldedName(name.clone())).await?;
            Ok(alike.filter(|user| user.source.is_some()))
        }
        _ => Ok(found),
    }
}

/// Whether this is somebody's password. Where the backend can verify none (RhodeCode's API cannot),
/// none is right: people prove themselves by keys there.
async fn is_password(at: &Pipeline, user: UserRef, secret: Secret) -> Result<bool, Fault> {
    match ask(at, Command::VerifyPassword(user, secret)).await.and_then(Outcome::verified) {
        Err(fault) if fault.kind == FaultKind::Unsupported => Ok(false),
        answer => answer,
    }
}

/// Somebody without an account. A directory may know them, and has then created them. For anybody
/// else it is as costly as for somebody who is there, so that time does not tell who is.
async fn arrival(at: &Pipeline, user: UserRef, secret: Secret) -> Result<User, Fault> {
    let right = is_password(at, user.clone(), secret).await?;
    let created = if right { account(at, &user).await? } else { None };
    created.ok_or(Fault::refused(Refusal::Unknown))
}

/// A directory brings people up to date when it has proved them.
async fn updated(at: &Pipeline, found: User, proof: Option<&Proof>) -> Result<User, Fault> {
    if found.source.is_none() || proof != Some(&Proof::Password) {
        return Ok(found);
    }
    get(at, (&found).into()).await?.ok_or(Fault::refused(Refusal::Unknown))
}

async fn get(at: &Pipeline, user: UserRef) -> Result<Option<User>, Fault> {
    match ask(at, Command::GetUser(user)).await.and_then(Outcome::user) {
        Ok(user) => Ok(Some(*user)),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn fill(bytes: &mut [u8]) -> Result<(), Fault> {
    getrandom::fill(bytes)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "random").because(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_networks_admits_its_addresses_only() {
        let inside = "10.11.12.13".parse().ok();
        let outside = "10.11.12.14".parse().ok();
        let networks = vec!["10.11.12.13/32".to_owned()];
        assert!(admits(&networks, inside) && !admits(&networks, outside));
        assert!(!admits(&networks, None) && !admits(&["nonsense".to_owned()], inside));
        assert!(admits(&[], None) && admits(&["10.11.12.13".to_owned()], inside));
    }
}
