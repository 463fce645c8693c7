//! What an operator sees of the limits against guessing.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::SessionStore;
use isogloss_canonical::user::User;
use jiff::Timestamp;

use crate::auth::guessing::{ACCOUNT, Policy, accounts, closes, pair};

/// What an operator sees of the limits of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restrictions {
    /// Whether the account is locked for every address that it never signed in from.
    pub locked: bool,
    /// How many addresses have to wait because of `guesses`.
    pub waiting_addresses: u64,
}

/// Reads what the wrong passwords that were counted restrict now, for several accounts in their
/// order. The session store is asked as often for a thousand accounts as for one.
pub async fn restrictions(
    sessions: &dyn SessionStore,
    policy: Policy,
    users: &[User],
) -> Result<Vec<Restrictions>, Fault> {
    let accounts = accounts(sessions, users).await?;
    let counts = sessions.recall_all(ACCOUNT, &accounts).await?;
    let limit = |account: &String| pair(policy, String::new(), account);
    let waiting = sessions.waiting(&accounts.iter().map(limit).collect::<Vec<_>>()).await?;
    let now = Timestamp::now();
    let one = |((user, count), waiting_addresses): ((&User, _), u64)| {
        let by_row = user.locked_until.is_some_and(|until| until > now);
        let locked = by_row || closes(Option::as_ref(count), policy);
        Restrictions { locked, waiting_addresses }
    };
    Ok(users.iter().zip(&counts).zip(waiting).map(one).collect())
}

#[cfg(test)]
mod tests;
