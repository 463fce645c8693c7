//! Password guessing: how many wrong passwords are accepted before the next one has to wait.
//!
//! One policy applies to all dialects: a wrong password counts in whichever dialect it was sent.
//! The lock of a dialect's server applies in addition.
//!
//! Every attempt is counted in the database before the password is verified. A correct password is
//! subtracted again. An attempt that has to wait is refused before the password is verified. An
//! unknown name is counted in the same rows as an account, so that neither the answer nor its time
//! shows whether the account exists.

use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;
use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::{Fault, Refusal};
use isogloss_canonical::session_store::{Limit, Pace, SessionKind, SessionStore, Wait};
use isogloss_canonical::user::{User, UserId, UserRef, folded};
use jiff::Timestamp;
use serde_json::Value;

use crate::auth::addresses::Addresses;
use crate::random::random;

/// Wrong passwords in a row, for one account from one address, in any dialect.
const PAIR: SessionKind = "auth.pair";
/// Wrong passwords for one account from all addresses that it never signed in from.
pub const ACCOUNT: SessionKind = "auth.account";
/// Wrong passwords from one address, for all accounts together.
const ADDRESS: SessionKind = "auth.address";
/// Wrong passwords from one known address, in a dialect whose server locks accounts.
const LOCKED_PAIR: SessionKind = "auth.locked-pair";
/// Wrong passwords from all unknown addresses, in a dialect whose server locks accounts.
const LOCKOUT: SessionKind = "auth.lockout";
/// The addresses that an account signed in from.
const KNOWN: SessionKind = "auth.known";
/// When an account was last unlocked. Earlier counts are no longer read.
const UNLOCKED: SessionKind = "auth.unlocked";

/// The longest name of an account, in bytes. A longer name is counted only by its address.
const LONGEST_NAME: usize = 1024;
const HOUR: Duration = Duration::from_hours(1);
const DAY: Duration = Duration::from_hours(24);
/// How long an address stays known after a sign-in.
const KNOWN_FOR: Duration = Duration::from_hours(90 * 24);

/// `[auth]`: how many wrong passwords are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Wrong passwords in a row, for one account from one address.
    pub guesses: u64,
    /// How long that address then has to wait.
    pub wait: Duration,
    /// The longest wait. Each further wrong password doubles the wait, up to this.
    pub longest_wait: Duration,
    /// Wrong passwords in an hour, for one account from all addresses that it never signed in from.
    pub account_guesses: u64,
    /// Wrong passwords in an hour from one address, for all accounts together.
    pub address_guesses: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            guesses: 10,
            wait: Duration::from_secs(30),
            longest_wait: Duration::from_mins(15),
            account_guesses: 60,
            address_guesses: 100,
        }
    }
}

/// One sign-in with a password: an account or an unknown name, and an address.
#[derive(Clone, Debug)]
pub(crate) struct Guess {
    account: String,
    address: String,
    /// The id and the name of the account, for the log.
    user: Option<(UserId, String)>,
    /// Whether the name is longer than that of any account.
    overlong: bool,
    /// Whether the account signed in from this address before.
    pub(crate) known: bool,
}

impl Guess {
    /// The attempt of a client. For an unknown name the same rows are read.
    pub(crate) async fn of(
        sessions: &dyn SessionStore,
        (found, shown): (Option<&User>, &UserRef),
        client: Option<IpAddr>,
    ) -> Result<Self, Fault> {
        let address = client.map_or_else(|| "unknown".to_owned(), network);
        let account = match found {
            Some(user) => account(sessions, user).await?,
            None => counted(sessions, &format!("name {}", folded(&name(shown))), 0).await?,
        };
        let id = found.map_or_else(|| account.clone(), |user| user.id.to_string());
        let known = sessions.recall(KNOWN, &format!("{id} {address}")).await?.is_some();
        let overlong = found.is_none() && account.len() > LONGEST_NAME;
        let user = found.map(|user| (user.id, user.username.clone()));
        Ok(Self { account, address, user, overlong, known })
    }

    /// The key of this account and address.
    pub(crate) fn pair(&self) -> String {
        format!("{} {}", self.account, self.address)
    }

    /// Counts the attempt, or refuses it.
    pub(crate) async fn begin(
        &self,
        sessions: &dyn SessionStore,
        (policy, addresses): (Policy, &Addresses),
        lockout: Option<Lockout>,
    ) -> Result<(), Fault> {
        if !self.known && !addresses.begin(&self.address, policy.address_guesses) {
            self.log("address_guesses", None);
            return Err(Fault::refused(Refusal::Locked));
        }
        match sessions.attempt(&self.limits(policy, lockout)).await {
            Ok(None) => Ok(()),
            Ok(Some(Wait { kind, until })) => {
                self.take_back(addresses);
                self.log(limit(kind), Some(until));
                Err(Fault::refused(Refusal::Locked))
            }
            Err(fault) => {
                self.take_back(addresses);
                Err(fault)
            }
        }
    }

    /// Logs a refusal. An unknown name is not logged, because it can be a password.
    fn log(&self, limit: &str, until: Option<Timestamp>) {
        let (id, account) = match &self.user {
            Some((id, name)) => (Some(id), name.as_str()),
            None => (None, "unknown"),
        };
        let (user_id, until) =
            (id.map(tracing::field::display), until.map(tracing::field::display));
        tracing::warn!(limit, account, user_id, address = %self.address, until, "too many wrong passwords");
    }

    /// Subtracts the attempt from the counts: the password could not be verified.
    pub(crate) async fn withdraw(
        &self,
        sessions: &dyn SessionStore,
        policy: Policy,
        lockout: Option<Lockout>,
    ) -> Result<(), Fault> {
        sessions.clear_attempts(&[], &self.limits(policy, lockout)).await
    }

    /// Subtracts the attempt from the count of its address.
    pub(crate) fn take_back(&self, addresses: &Addresses) {
        if !self.known {
            addresses.take_back(&self.address);
        }
    }

    /// The password was correct: the counts in a row are removed, and the address becomes known.
    pub(crate) async fn succeed(
        &self,
        sessions: &dyn SessionStore,
        policy: Policy,
        (user, lockout): (&User, Option<Lockout>),
    ) -> Result<(), Fault> {
        sessions.clear_attempts(&self.in_a_row(policy, lockout), &self.altogether(policy)).await?;
        self.introduce(sessions, user).await
    }

    /// Whether the lock of the dialect's server refuses this address.
    pub(crate) async fn is_locked_out(
        &self,
        sessions: &dyn SessionStore,
        lockout: Lockout,
    ) -> Result<bool, Fault> {
        let (kind, key) = self.own_lock();
        let count = sessions.recall(kind, &key).await?.and_then(|count| count.as_u64());
        Ok(count.is_some_and(|count| count >= lockout.after.into()))
    }

    /// Marks the address as known for the account.
    pub(crate) async fn introduce(
        &self,
        sessions: &dyn SessionStore,
        user: &User,
    ) -> Result<(), Fault> {
        if self.known {
            return Ok(());
        }
        let pair = format!("{} {}", user.id, self.address);
        sessions.remember(KNOWN, &pair, true.into(), KNOWN_FOR).await
    }

    /// All limits. An overlong name is counted by its address only.
    fn limits(&self, policy: Policy, lockout: Option<Lockout>) -> Vec<Limit> {
        let mut limits = self.altogether(policy);
        if self.overlong {
            limits.retain(|limit| limit.kind == ADDRESS);
            return limits;
        }
        [self.in_a_row(policy, lockout), limits].concat()
    }

    /// The limits that a correct password resets.
    fn in_a_row(&self, policy: Policy, lockout: Option<Lockout>) -> Vec<Limit> {
        let pair = pair(policy, self.pair(), &self.account);
        let own = lockout.map(|Lockout { after, lasting }| {
            let (kind, key) = self.own_lock();
            Limit { kind, key, group: None, free: after.into(), pace: Pace::Window(lasting) }
        });
        [pair].into_iter().chain(own).collect()
    }

    /// The counter for the lock of a dialect's server. Each known address has its own. All unknown
    /// addresses share one.
    fn own_lock(&self) -> (SessionKind, String) {
        if self.known { (LOCKED_PAIR, self.pair()) } else { (LOCKOUT, self.account.clone()) }
    }

    /// The limits for all unknown addresses together, and for all accounts together. A correct password
    /// is subtracted from them.
    fn altogether(&self, policy: Policy) -> Vec<Limit> {
        if self.known {
            return Vec::new();
        }
        let limit = |kind, key: &str, free| Limit {
            kind,
            key: key.to_owned(),
            group: None,
            free,
            pace: Pace::Window(HOUR),
        };
        vec![
            limit(ACCOUNT, &self.account, policy.account_guesses),
            limit(ADDRESS, &self.address, policy.address_guesses),
        ]
    }
}

/// The limit for one account from one address. The addresses of an account form a group.
pub(super) fn pair(policy: Policy, key: String, account: &str) -> Limit {
    let (first, longest) = (policy.wait, policy.longest_wait);
    let pace = Pace::Doubling { first, longest, forgotten: DAY };
    Limit { kind: PAIR, key, group: Some(account.to_owned()), free: policy.guesses, pace }
}

/// The limit's name in the log: its key in `[auth]`, or `lockout`.
fn limit(kind: SessionKind) -> &'static str {
    match kind {
        PAIR => "guesses",
        ACCOUNT => "account_guesses",
        ADDRESS => "address_guesses",
        _ => "lockout",
    }
}

/// The person whom a command unlocks: by a new password, or by making them active.
pub(crate) fn unlocked_by(command: &Command) -> Option<&UserRef> {
    match command {
        Command::ActivateUser(user) | Command::ChangePassword(user, _) => Some(user),
        Command::UpdateUser(user, patch) => {
            let unlocks = patch.active == Some(true) || patch.password.is_some();
            // After a rename the person must be found by the new name.
            (unlocks && patch.username.is_none()).then_some(user)
        }
        Command::CreateUser(_)
        | Command::CreateFromDirectory(_)
        | Command::GetUser(_)
        | Command::ListUsers
        | Command::DeactivateUser(_)
        | Command::DeleteUser(_)
        | Command::IssueKey(..)
        | Command::RevokeKeys(..)
        | Command::ListKeys(..)
        | Command::ReadSettings(..)
        | Command::MergeSettings(..)
        | Command::CreateGroup(_)
        | Command::GetGroup(_)
        | Command::ListGroups(_)
        | Command::UpdateGroup(..)
        | Command::DeleteGroup(_)
        | Command::AddMember(..)
        | Command::RemoveMember(..)
        | Command::ListMembers(_)
        | Command::GroupsOf(_)
        | Command::ListLocks(_)
        | Command::ServerFacts
        | Command::AssignIds(_)
        | Command::FindKey(..)
        | Command::VerifyPassword(..)
        | Command::VerifyKey(..)
        | Command::CountFailure(..)
        | Command::ClearFailures(_) => None,
    }
}

/// Removes the counts of wrong passwords for an account.
pub async fn unlock(sessions: &dyn SessionStore, user: &User) -> Result<(), Fault> {
    let since = hex::encode(&random()[..8]);
    sessions.remember(UNLOCKED, &user.id.to_string(), since.into(), 2 * DAY).await
}

/// Whether an account accepts no password from an address that it never signed in from.
pub async fn is_closed(
    sessions: &dyn SessionStore,
    policy: Policy,
    user: &User,
) -> Result<bool, Fault> {
    let count = sessions.recall(ACCOUNT, &account(sessions, user).await?).await?;
    Ok(closes(count.as_ref(), policy))
}

/// Whether a count of wrong passwords closes an account to unknown addresses.
pub(super) fn closes(count: Option<&Value>, policy: Policy) -> bool {
    count.and_then(Value::as_u64).is_some_and(|count| count >= policy.account_guesses)
}

/// The key of an account in the counters. A new password or an unlock changes the key.
async fn account(sessions: &dyn SessionStore, user: &User) -> Result<String, Fault> {
    counted(sessions, &user.id.to_string(), user.password_changed.as_microsecond()).await
}

async fn counted(sessions: &dyn SessionStore, id: &str, changed: i64) -> Result<String, Fault> {
    let unlocked = sessions.recall(UNLOCKED, id).await?;
    Ok(key(id, changed, unlocked.as_ref()))
}

fn key(id: &str, changed: i64, unlocked: Option<&Value>) -> String {
    let unlocked = unlocked.and_then(Value::as_str).unwrap_or_default();
    format!("{id} {changed} {unlocked}")
}

/// The keys of several accounts in the counters, in their order.
pub(super) async fn accounts(
    sessions: &dyn SessionStore,
    users: &[User],
) -> Result<Vec<String>, Fault> {
    let ids: Vec<_> = users.iter().map(|user| user.id.to_string()).collect();
    let unlocked = sessions.recall_all(UNLOCKED, &ids).await?;
    let one = |((user, id), unlocked): ((&User, &String), &Option<Value>)| {
        key(id, user.password_changed.as_microsecond(), unlocked.as_ref())
    };
    Ok(users.iter().zip(&ids).zip(&unlocked).map(one).collect())
}

/// The text of an address for the counters. An IPv6 client can choose the last 64 bits of its
/// address, so they are left out.
fn network(address: IpAddr) -> String {
    let bits = if address.is_ipv6() { 64 } else { 32 };
    IpNet::new(address, bits).map_or_else(|_| address.to_string(), |net| net.trunc().to_string())
}

fn name(shown: &UserRef) -> String {
    match shown {
        UserRef::Name(name) | UserRef::FoldedName(name) | UserRef::Email(name) => name.clone(),
        UserRef::Native(_, id) => id.clone(),
        UserRef::Id(id) => id.to_string(),
    }
}
