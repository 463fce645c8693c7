//! Authenticates callers: by key, by password, or by an earlier authentication.
//!
//! Every refusal has a reason. A dialect tells the caller as much of it as its real server does. If
//! something else fails, for example the database, the result is a fault and not a refusal.

mod addresses;
pub mod guessing;
mod keys;
mod locks;
pub mod request;
pub mod restrictions;
mod system_lock;
mod verified;

use std::net::IpAddr;
use std::time::Duration;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials, Lockout, Proof, Seal};
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserRef};
use jiff::Timestamp;

use crate::auth::addresses::Addresses;
use crate::auth::guessing::{Guess, Policy};
use crate::auth::locks::Locks;
use crate::auth::request::{AuthRequest, NOBODY, unless_absent};
use crate::auth::verified::Verified;
use crate::random::try_random;
use crate::upstream::caller::admits;

/// Authenticates callers. It caches verified passwords for seconds, as keyed hashes.
#[derive(Debug)]
pub struct Authority {
    seal: Seal,
    verified: Verified,
    policy: Policy,
    locks: Locks,
    addresses: Addresses,
}

impl Authority {
    /// Caches a verified password for this time. Zero: never.
    pub fn new(lasting: Duration) -> Result<Self, Fault> {
        let (seal, verified) = (Seal::new(try_random()?), Verified::new(try_random()?, lasting));
        let (policy, locks, addresses) = Default::default();
        Ok(Self { seal, verified, policy, locks, addresses })
    }

    /// Sets the limits on wrong passwords.
    #[must_use]
    pub fn guessing(self, policy: Policy) -> Self {
        Self { policy, ..self }
    }

    /// The seal of the callers that this gateway has authenticated.
    #[must_use]
    pub const fn seal(&self) -> Seal {
        self.seal
    }

    /// Authenticates a caller. The pipeline has already checked whether the route accepts a
    /// voucher.
    pub async fn identify(&self, at: AuthRequest<'_>, shown: Credentials) -> Result<Caller, Fault> {
        match shown {
            Credentials::Key { namespace, value, scopes } => {
                keys::by_key(at, (namespace, value, scopes), self.seal).await
            }
            Credentials::Login { user, secret, keys, lockout } => {
                self.by_login(at, user, secret, (keys, lockout)).await
            }
            Credentials::Vouched(user) => self.vouched(at, user).await,
            Credentials::Named(_, name) => self.vouched(at, UserRef::Name(name)).await,
        }
    }

    async fn vouched(&self, at: AuthRequest<'_>, user: UserRef) -> Result<Caller, Fault> {
        let user = at.user(user).await?.ok_or(Fault::refused(Refusal::Unknown))?;
        if !user.active {
            return Err(Fault::refused(Refusal::Inactive));
        }
        if !admits(&user.addresses, at.client) {
            return Err(Fault::refused(Refusal::Address));
        }
        Ok(Caller::person(user, Proof::Vouched, self.seal))
    }

    /// Sign-in with a user name and a password. The attempt is counted before the password is
    /// verified. Wrong passwords never block a key, except in a dialect whose server locks an
    /// account's tokens too.
    async fn by_login(
        &self,
        at: AuthRequest<'_>,
        user: UserRef,
        secret: Secret,
        (namespace, lockout): (Option<IdNamespace>, Option<Lockout>),
    ) -> Result<Caller, Fault> {
        let found = account(at, &user).await?;
        let is_locked = match &found {
            Some(found) if at.counts_failures() => {
                system_lock::is_locked(at.sessions, found).await?
            }
            _ => false,
        };
        if is_locked && lockout.is_some() {
            return Err(Fault::refused(Refusal::Locked));
        }
        let guess = Guess::of(at.sessions, (found.as_ref(), &user), at.client).await?;
        if let Some(namespace) = namespace {
            let shown = (namespace, secret.clone());
            let caller = keys::in_place_of_password(at, found.as_ref(), shown, self.seal).await?;
            if let (Some(found), Some(caller)) = (&found, caller) {
                self.by_token(at, (found, secret), (&guess, lockout)).await?;
                return Ok(caller);
            }
        }
        if is_locked {
            return Err(Fault::refused(Refusal::Locked));
        }
        // A system that counts failures locks its accounts itself.
        let lockout = lockout.filter(|_| !at.counts_failures());
        let _lock = self.locks.acquire(&guess.pair()).await;
        let result = match found {
            Some(found) => self.by_password(at, found, secret, (&guess, lockout)).await,
            None => self.by_arrival(at, user, secret, (&guess, lockout)).await,
        };
        if result.as_ref().is_err_and(|fault| fault.kind == FaultKind::Unauthenticated) {
            self.verified.forget(&guess.pair());
        }
        result
    }

    /// Sign-in with a token in place of the password
    /// (`fixtures/transcripts/kanboard/auth-personal-token-locked.json`).
    async fn by_token(
        &self,
        at: AuthRequest<'_>,
        (found, secret): (&User, Secret),
        (guess, lockout): (&Guess, Option<Lockout>),
    ) -> Result<(), Fault> {
        let Some(lockout) = lockout else { return Ok(()) };
        if at.counts_failures() {
            return system_sees_token(at, found, secret).await;
        }
        let stranger = !guess.known && is_locked(found);
        if stranger || guess.is_locked_out(at.sessions, lockout).await? {
            return Err(Fault::refused(Refusal::Locked));
        }
        if found.failures > 0 {
            guess.succeed(at.sessions, self.policy, (found, Some(lockout))).await?;
            at.execute(Command::ClearFailures(found.into())).await?;
        }
        guess.introduce(at.sessions, found).await
    }

    async fn by_password(
        &self,
        at: AuthRequest<'_>,
        found: User,
        secret: Secret,
        (guess, lockout): (&Guess, Option<Lockout>),
    ) -> Result<Caller, Fault> {
        let pair = guess.pair();
        // If the password is in a directory, it can have changed there, so it is not cached.
        let mark = found.source.is_none().then(|| self.verified.mark(&found, &secret));
        // Another gateway may have counted a failure since. Then the password is verified again, which
        // clears the count.
        let is_clear = lockout.is_none() || found.failures == 0;
        if mark.is_some_and(|mark| self.verified.holds(&pair, &mark))
            && is_clear
            && unfit(&found, at.client).is_none()
        {
            return Ok(self.admitted(found));
        }
        let right = self.try_password(at, ((&found).into(), secret), (guess, lockout)).await?;
        if lockout.is_some() && is_closed(at, (&found).into(), guess).await? {
            return Err(Fault::refused(Refusal::Locked));
        }
        let found = if right { updated(at, found).await? } else { found };
        let unfit =
            unfit(&found, at.client).or(found.second_factor().then_some(Refusal::SecondFactor));
        if let Some(refusal) = if right { unfit } else { Some(Refusal::Unknown) } {
            if let Some(lockout) = lockout {
                at.execute(Command::CountFailure((&found).into(), lockout)).await?;
            }
            return Err(Fault::refused(refusal));
        }
        guess.take_back(&self.addresses);
        guess.succeed(at.sessions, self.policy, (&found, lockout)).await?;
        if lockout.is_some() && found.failures > 0 {
            at.execute(Command::ClearFailures((&found).into())).await?;
        }
        if let Some(mark) = mark {
            self.verified.keep(&pair, mark);
        }
        Ok(self.admitted(found))
    }

    /// Counts an attempt and verifies the password. During an outage no attempt counts.
    async fn try_password(
        &self,
        at: AuthRequest<'_>,
        (user, secret): (UserRef, Secret),
        (guess, lockout): (&Guess, Option<Lockout>),
    ) -> Result<bool, Fault> {
        guess.begin(at.sessions, (self.policy, &self.addresses), lockout).await?;
        let answer = is_password(at, user, secret).await;
        if answer.is_err() {
            guess.take_back(&self.addresses);
            guess.withdraw(at.sessions, self.policy, lockout).await?;
        }
        answer
    }

    /// A name without an account. If the directory has the name, the directory layer creates the
    /// account. For any other name the backend executes the same commands as for an account
    /// ([`NOBODY`]).
    async fn by_arrival(
        &self,
        at: AuthRequest<'_>,
        user: UserRef,
        secret: Secret,
        (guess, lockout): (&Guess, Option<Lockout>),
    ) -> Result<Caller, Fault> {
        let right = self.try_password(at, (user.clone(), secret), (guess, lockout)).await?;
        if let (Some(lockout), false) = (lockout, right) {
            is_closed(at, UserRef::Id(NOBODY), guess).await?;
            unless_absent(at.execute(Command::CountFailure(UserRef::Id(NOBODY), lockout)).await)?;
        }
        let created = if right { account(at, &user).await? } else { None };
        let created = created.ok_or(Fault::refused(Refusal::Unknown))?;
        let unfit = unfit(&created, at.client);
        if let Some(refusal) = unfit.or(created.second_factor().then_some(Refusal::SecondFactor)) {
            return Err(Fault::refused(refusal));
        }
        guess.take_back(&self.addresses);
        guess.succeed(at.sessions, self.policy, (&created, lockout)).await?;
        Ok(self.admitted(created))
    }

    fn admitted(&self, user: User) -> Caller {
        let user = User { failures: 0, locked_until: None, ..user };
        Caller::person(user, Proof::Password, self.seal)
    }
}

/// The reason to refuse a person whose password is correct.
fn unfit(user: &User, client: Option<IpAddr>) -> Option<Refusal> {
    if !user.active {
        return Some(Refusal::Inactive);
    }
    (!admits(&user.addresses, client)).then_some(Refusal::Address)
}

/// Whether the person's row locks the account for the address of an attempt. A dialect whose server
/// locks accounts sets the lock. An address that the account knows can still sign in.
async fn is_closed(at: AuthRequest<'_>, user: UserRef, guess: &Guess) -> Result<bool, Fault> {
    Ok(!guess.known && at.user(user).await?.is_none_or(|user| is_locked(&user)))
}

/// A sign-in with a token resets the count of the system that counts failures. It happens there if
/// there is something to reset.
async fn system_sees_token(at: AuthRequest<'_>, found: &User, token: Secret) -> Result<(), Fault> {
    if found.failures == 0 || is_password(at, found.into(), token).await? {
        return Ok(());
    }
    Err(Fault::refused(Refusal::Unknown))
}

fn is_locked(user: &User) -> bool {
    user.locked_until.is_some_and(|until| until > Timestamp::now())
}

/// The account of a sign-in. For people from a directory the name in any case is the same account,
/// and their failures are counted together.
async fn account(at: AuthRequest<'_>, user: &UserRef) -> Result<Option<User>, Fault> {
    let found = at.user(user.clone()).await?;
    match (&found, user) {
        (None, UserRef::Name(name)) => {
            let alike = at.user(UserRef::FoldedName(name.clone())).await?;
            Ok(alike.filter(|user| user.source.is_some()))
        }
        _ => Ok(found),
    }
}

/// Whether the password is correct. A backend that cannot verify passwords (RhodeCode's API cannot)
/// refuses all: its users authenticate with keys.
async fn is_password(at: AuthRequest<'_>, user: UserRef, secret: Secret) -> Result<bool, Fault> {
    match at.execute(Command::VerifyPassword(user, secret)).await.and_then(Outcome::verified) {
        Err(fault) if fault.kind == FaultKind::Unsupported => Ok(false),
        answer => answer,
    }
}

/// The person's record after the sign-in: the directory may have updated it.
async fn updated(at: AuthRequest<'_>, found: User) -> Result<User, Fault> {
    if found.source.is_none() {
        return Ok(found);
    }
    at.user((&found).into()).await?.ok_or(Fault::refused(Refusal::Unknown))
}
