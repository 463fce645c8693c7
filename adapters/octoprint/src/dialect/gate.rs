//! Who is refused before a handler runs: the gate of each version, and who counts as signed in before
//! 1.4.

use isogloss_canonical::credentials::Caller;

use crate::dialect::call::Call;
use crate::dialect::csrf;
use crate::dialect::failure::Failure;
use crate::dialect::identity::key::{self, KeyProof};
use crate::dialect::sessions::Mechanism;
use crate::options::version::Gate;

/// How OctoPrint before 1.4 refuses a guest, and whoever may not see another user's part.
pub(crate) const FORBIDDEN: Failure = Failure::text(403, "Forbidden");
const NO_KEY: Failure = Failure::text(401, "No API key provided");
const WRONG_KEY: Failure = Failure::text(401, "Invalid API key");
/// How Flask-Principal refuses callers without the administrator's role.
const NOT_ADMIN: Failure = Failure::with(
    403,
    "<Permission needs=set([Need(method='role', value='admin')]) excludes=set([])>",
);

/// Refuses callers whom the version refuses before it looks at the method.
pub(crate) async fn check(call: &mut Call<'_>) -> Result<(), Failure> {
    match call.differences().gate {
        Gate::Csrf => csrf::require_token(call),
        Gate::ForceLogin => force_login(call).await,
        Gate::Key => require_key(call).await,
    }
}

/// The plugin `forcelogin` refuses guests once the server is set up.
async fn force_login(call: &Call<'_>) -> Result<(), Failure> {
    let active = call.options.force_login && call.options.access_control;
    if !active || call.name().is_some() || call.awaits_setup().await? {
        return Ok(());
    }
    Err(FORBIDDEN)
}

/// A key that is valid lets a request in, also that of an inactive user. It does not say yet who
/// calls: a login is one of the browser's session.
async fn require_key(call: &mut Call<'_>) -> Result<(), Failure> {
    match key::prove_sent(call).await? {
        None => return Err(NO_KEY),
        Some(KeyProof::Unknown) => return Err(WRONG_KEY),
        Some(KeyProof::Page) => return Ok(()),
        // Without access control there are no users.
        Some(KeyProof::Inactive | KeyProof::Of(Caller::Person(_)))
            if !call.options.access_control =>
        {
            return Err(WRONG_KEY);
        }
        Some(KeyProof::Inactive) => call.key_owner = None,
        Some(KeyProof::Of(caller)) => call.key_owner = Some(caller),
    }
    call.by_key = true;
    // A browser keeps the session that it has.
    call.sets_session_cookie = true;
    Ok(())
}

/// Before 1.4: refuses callers who are not signed in.
pub(crate) async fn require_signed_in(call: &mut Call<'_>) -> Result<(), Failure> {
    call.require_set_up().await?;
    if !call.options.access_control {
        return Ok(());
    }
    if call.differences().gate == Gate::Key && call.by_key {
        call.caller = call.key_owner.clone().ok_or(WRONG_KEY)?;
        call.session.mechanism = None;
    }
    if call.name().is_some() { Ok(()) } else { Err(Failure::of(call.differences().guests)) }
}

/// Before 1.4: refuses callers without the administrator's role.
pub(crate) async fn require_admin(call: &mut Call<'_>) -> Result<(), Failure> {
    require_signed_in(call).await?;
    let allowed = !call.options.access_control || has_admin_role(call);
    if allowed { Ok(()) } else { Err(NOT_ADMIN) }
}

/// Before 1.4: whether the caller has the administrator's role. A token of "remember me" and a proxy
/// name a user, who gets the role with a login only:
/// `fixtures/transcripts/octoprint13/cookie-session-admin.json`.
pub(crate) fn has_admin_role(call: &Call<'_>) -> bool {
    let named =
        matches!(call.session.mechanism, Some(Mechanism::RememberMe | Mechanism::RemoteUser));
    call.is_admin() && !named
}

/// Before 1.4: refuses callers who are neither administrators nor the user whom the path names.
///
/// OctoPrint takes a token of "remember me" for an administrator here. The gateway does not: such a
/// token alone would read and set the keys and passwords of others.
pub(crate) async fn require_self_or_admin(
    call: &mut Call<'_>,
    refusal: Failure,
) -> Result<(), Failure> {
    require_signed_in(call).await?;
    let remembered = call.session.mechanism == Some(Mechanism::RememberMe);
    let admin = !call.options.access_control || call.is_admin() && !remembered;
    if admin || call.is_about_caller() { Ok(()) } else { Err(refusal) }
}

/// Before 1.4: refuses an administrator who has just given up the rights that the answer takes. Only
/// 1.3.0 looks at the key again, after the change is made:
/// `fixtures/transcripts/octoprint130/users-delete-last-admin.json`.
pub(crate) async fn check_again(call: &mut Call<'_>) -> Result<(), Failure> {
    if call.differences().gate == Gate::Key && call.by_key {
        require_key(call).await?;
    }
    require_admin(call).await
}
