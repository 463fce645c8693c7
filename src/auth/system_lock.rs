//! The lock of a system that counts failed sign-ins itself
//! ([`isogloss_canonical::capability::Capability::counts_failures`]). The gateway then counts none for
//! the dialect's lock, and does not send a password of a locked account: the system would refuse it.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::{SessionKind, SessionStore};
use isogloss_canonical::user::User;
use jiff::Timestamp;

use crate::auth::guessing::unlock;

/// The locks that the gateway has seen. A row lasts as long as the lock.
const SEEN: SessionKind = "auth.system-lock";

/// Whether the system has locked the account. If a lock ended before its time, somebody has removed it
/// in the system: then the gateway's own counts of wrong passwords are removed too.
pub(super) async fn is_locked(sessions: &dyn SessionStore, found: &User) -> Result<bool, Fault> {
    let id = found.id.to_string();
    let seen = sessions.recall(SEEN, &id).await?.is_some();
    let now = Timestamp::now();
    match found.locked_until.filter(|until| *until > now) {
        Some(until) => {
            if !seen {
                let lasting = until.duration_since(now).unsigned_abs();
                sessions.remember(SEEN, &id, true.into(), lasting).await?;
            }
            Ok(true)
        }
        None if seen => {
            unlock(sessions, found).await?;
            sessions.forget(SEEN, &id).await?;
            Ok(false)
        }
        None => Ok(false),
    }
}
