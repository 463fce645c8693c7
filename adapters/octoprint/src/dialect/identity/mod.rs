//! Who calls: by a session, a remembered login, a key, a Basic header or the header of a proxy, in the
//! order of the version.

pub(crate) mod key;
pub(crate) mod proof;
mod proxy;

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::user::UserRef;
use isogloss_canonical::vouching::Voucher;
use isogloss_interop::python::base64;

use crate::dialect::call::Call;
use crate::dialect::cookies::{REMEMBER, SESSION};
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::identity::key::{KeyProof, prove_sent};
use crate::dialect::identity::proof::{Proof, by_name, check_password, prove};
use crate::dialect::sessions::signed_in::SignedIn;
use crate::dialect::sessions::{Mechanism, Session, forget_remembered, remembered};
use crate::options::PasswordCheck;
use crate::options::version::ProofSource;
use crate::secrets::is_hex_token;

/// Finds out who calls, by the proofs that the version accepts.
pub(crate) async fn identify(call: &mut Call<'_>) -> Result<(), Failure> {
    for source in call.differences().proofs {
        let proved = match source {
            ProofSource::Session => by_session(call).await?,
            ProofSource::Remember => by_remember_token(call).await?,
            ProofSource::Key => by_key(call).await?,
            ProofSource::Basic => by_basic(call).await?,
            ProofSource::Proxy => by_proxy(call).await?,
        };
        if proved {
            break;
        }
    }
    Ok(())
}

/// Takes a caller who showed credentials, which count for this request only.
fn accept(call: &mut Call<'_>, caller: Option<Caller>, mechanism: Mechanism) -> bool {
    let Some(caller) = caller else { return false };
    call.by_key = mechanism == Mechanism::Apikey;
    call.caller = caller;
    call.sets_session_cookie = true;
    call.session.mechanism = Some(mechanism);
    call.session.seen = Some(call.exchange.now().as_second());
    true
}

/// Reads the session of the cookie.
async fn open_session(call: &mut Call<'_>) -> Result<(), Failure> {
    let Some(token) = call.cookies.get(SESSION).map(str::to_owned) else { return Ok(()) };
    let session = Session::open(call.exchange, &token).await?;
    // The session of a guest is not stored, but its cookie is sent back all the same.
    if session.is_some() || is_hex_token(&token) {
        call.session = session.unwrap_or_default();
        call.sent_session = Some((token, call.session.clone()));
        call.sets_session_cookie = true;
    }
    Ok(())
}

/// Checks a user who signed in before. A password that has changed since ends the sign-in.
async fn prove_again(call: &Call<'_>, who: &SignedIn) -> Result<Proof, Failure> {
    let proof = prove(call, Credentials::Vouched(who.person())).await?;
    let Proof::Valid(caller) = proof else { return Ok(proof) };
    let unchanged = caller.user().is_some_and(|user| user.password_changed == who.password_changed);
    Ok(if unchanged { Proof::Valid(caller) } else { Proof::Invalid })
}

/// A session that has ended counts as none. The session of an inactive user ends when it is used.
async fn by_session(call: &mut Call<'_>) -> Result<bool, Failure> {
    open_session(call).await?;
    let Some((token, session)) = call.sent_session.clone() else { return Ok(false) };
    if session.signed_in.is_none() {
        return Ok(false);
    }
    if let Some(who) = session.live_user(call.exchange).await? {
        match prove_again(call, &who).await? {
            Proof::Valid(caller) if is_uninterrupted(&caller, &who) => {
                call.caller = caller;
                return Ok(true);
            }
            Proof::Inactive => session.end(call.exchange, &token).await?,
            Proof::Valid(_) | Proof::Invalid => {}
        }
    }
    call.session = Session::default();
    call.sent_session = Some((token, Session::default()));
    Ok(false)
}

/// Whether the user was not deactivated since the sign-in.
fn is_uninterrupted(caller: &Caller, who: &SignedIn) -> bool {
    caller.user().is_some_and(|user| user.sessions_since == who.sessions_since)
}

/// A valid token hides a key, even if the token's user is inactive. Then the token ends for good, with
/// its whole sign-in.
async fn by_remember_token(call: &mut Call<'_>) -> Result<bool, Failure> {
    let Some(token) = call.cookies.get(REMEMBER).map(str::to_owned) else { return Ok(false) };
    let Some(found) = remembered(call.exchange, &token).await? else { return Ok(false) };
    match prove_again(call, &found.who).await? {
        Proof::Invalid => return Ok(false),
        Proof::Inactive => forget_remembered(call.exchange, &token).await?,
        Proof::Valid(caller) if !is_uninterrupted(&caller, &found.who) => return Ok(false),
        Proof::Valid(caller) => {
            let who = caller.user().map(SignedIn::now);
            call.caller = caller;
            call.sets_session_cookie = true;
            call.session = Session { signed_in: who, ..found.session() };
        }
    }
    Ok(true)
}

/// Without access control only the application's own key counts.
async fn by_key(call: &mut Call<'_>) -> Result<bool, Failure> {
    let Some(KeyProof::Of(caller)) = prove_sent(call).await? else { return Ok(false) };
    let counts = call.options.access_control || matches!(caller, Caller::Application(_));
    Ok(accept(call, Some(caller).filter(|_| counts), Mechanism::Apikey))
}

async fn by_proxy(call: &mut Call<'_>) -> Result<bool, Failure> {
    let caller = proxy::named(call).await?;
    Ok(accept(call, caller, Mechanism::RemoteUser))
}

async fn by_basic(call: &mut Call<'_>) -> Result<bool, Failure> {
    let caller = named_by_basic(call).await?;
    Ok(accept(call, caller, Mechanism::Authheader))
}

/// OctoPrint answers 500 if the base64 is wrong or the colon is missing:
/// `fixtures/transcripts/octoprint/profile-basic-auth.json`. Before 1.4 it finds no user by a name
/// outside ASCII here.
async fn named_by_basic(call: &Call<'_>) -> Result<Option<Caller>, Failure> {
    let Some(check) = call.options.basic else { return Ok(None) };
    let header = call.request.joined_header("authorization").unwrap_or_default();
    let header = String::from_utf8_lossy(&header);
    let Some(encoded) = header.strip_prefix("Basic ") else { return Ok(None) };
    let decoded = base64::decode(encoded).ok_or(CRASH)?;
    let colon = decoded.iter().position(|byte| *byte == b':').ok_or(CRASH)?;
    let (name, password) = (&decoded[..colon], &decoded[colon + 1..]);
    let texts = std::str::from_utf8(name).ok().zip(std::str::from_utf8(password).ok());
    let (name, password) = match (texts, call.differences().ascii_logins) {
        (Some((name, password)), false) => (name, password),
        (Some((name, password)), true) if name.is_ascii() => (name, password),
        (_, true) => return Ok(None),
        (None, false) => return Err(CRASH),
    };
    match check {
        PasswordCheck::Gateway => {
            check_password(call, UserRef::Name(name.to_owned()), password).await
        }
        PasswordCheck::Proxy => by_name(call, Voucher::Proxy, name).await,
    }
}
