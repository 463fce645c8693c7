//! Who calls: the owner of an API key or of a session.

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::fault::{Fault, FaultKind, Refusal};
use isogloss_canonical::secret::Secret;
use isogloss_interop::php::form::Form;
use isogloss_interop::php::truth;

use crate::dialect::failure::Failure;
use crate::dialect::sessions::{Session, Sessions, State};

/// A proved caller.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The caller, who is a person.
    pub(crate) caller: Caller,
    /// The session, if the caller has one.
    pub(crate) session: Option<Session>,
    /// The key that the caller has shown; `None` for a call in a session.
    pub(crate) key: Option<Secret>,
}

/// Identifies the caller by the API key in a form. Blanks at the end of a key do not count, as in
/// every text of the server's database (`fixtures/transcripts/dandelion/auth-invalid-key.json`).
pub(crate) async fn by_key(sessions: &Sessions<'_>, form: &Form) -> Result<Identity, Failure> {
    if sessions.options.public_api_disabled {
        return Err(Failure::DISABLED);
    }
    let key = form.text("apikey").unwrap_or_default().trim_end_matches(' ');
    if !truth::of_text(key) {
        return Err(Failure::INVALID_KEY);
    }
    let namespace = sessions.options.namespace.clone();
    let key = Secret::new(key);
    let credentials = Credentials::Key { namespace, value: key.clone(), scopes: &[] };
    match sessions.exchange.identify(credentials).await {
        Ok(caller) if caller.user().is_some() => {
            Ok(Identity { caller, session: None, key: Some(key) })
        }
        Ok(_) => Err(Failure::INVALID_KEY),
        Err(fault) => Err(refused(fault)),
    }
}

/// Identifies the caller by the session of the request.
pub(crate) async fn by_session(sessions: &Sessions<'_>) -> Result<Identity, Failure> {
    match sessions.find().await? {
        State::Open(session, caller) => Ok(Identity { caller, session: Some(session), key: None }),
        State::Inactive => Err(Failure::INVALID_USER),
        State::None => Err(Failure::NO_SESSION),
    }
}

/// The error of a refused key. An outage is an error of the server.
fn refused(fault: Fault) -> Failure {
    match (fault.kind, fault.refusal) {
        (FaultKind::Unauthenticated, Some(Refusal::Inactive)) => Failure::INVALID_USER,
        (FaultKind::Unauthenticated, _) => Failure::INVALID_KEY,
        _ => fault.into(),
    }
}
