//! Who is signed in on a socket: by the id of a session, which is the answer of a login. The session is
//! looked up anew for each event, so that one that has ended opens nothing any more.

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::key::KeyChoice;
use isogloss_canonical::user::UserRef;

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::identity::proof::{Proof, prove};
use crate::dialect::sessions::logins::{self, Login};
use crate::dialect::sessions::signed_in::SignedIn;

/// A user name and the id of a session, as the client has sent them.
#[derive(Clone)]
pub(super) struct Claim {
    pub(super) user: String,
    pub(super) session: String,
}

/// What has become of a session.
pub(super) enum Standing {
    /// It is the user's.
    Valid(Caller),
    /// It has ended, for a reason that OctoPrint has a word for.
    Ended(&'static str),
}

/// The session has ended, or was never one.
pub(super) const STALE: &str = "stale";
/// The user has logged out.
pub(super) const LOGOUT: &str = "logout";
/// The user is inactive now, has a new password, or the key of the sign-in is revoked.
const MODIFIED: &str = "modified";

impl Claim {
    /// Looks the session up. The name must be exactly that of its user.
    pub(super) async fn check(&self, call: &Call<'_>) -> Result<Standing, Failure> {
        let Some(login) = logins::find(call.exchange, &self.session).await? else {
            return Ok(Standing::Ended(LOGOUT));
        };
        let who = login.who();
        let caller = match prove(call, Credentials::Vouched(who.person())).await? {
            Proof::Valid(caller) => caller,
            Proof::Inactive => return Ok(Standing::Ended(MODIFIED)),
            Proof::Invalid => return Ok(Standing::Ended(STALE)),
        };
        let Some(user) = caller.user() else { return Ok(Standing::Ended(STALE)) };
        if user.username != self.user {
            return Ok(Standing::Ended(STALE));
        }
        let is_same = match &login {
            Login::Browser(_) => *who == SignedIn::now(user),
            // A new password ends no key.
            Login::Key(_, key) => {
                user.sessions_since == who.sessions_since
                    && holds_key(call, who, KeyChoice::Id(*key)).await?
            }
        };
        Ok(if is_same { Standing::Valid(caller) } else { Standing::Ended(MODIFIED) })
    }
}

/// Whether the key that a user has signed in with still exists.
async fn holds_key(call: &Call<'_>, who: &SignedIn, choice: KeyChoice) -> Result<bool, Failure> {
    let (owner, namespace): (UserRef, _) = (who.person(), call.options.namespace.clone());
    let command = Command::ListKeys(Some(owner), namespace, choice);
    Ok(!call.read(command).await?.keys()?.is_empty())
}
