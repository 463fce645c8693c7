//! Who calls: by a session, else by a remembered login, else by a key, a Basic header or the header
//! of a proxy.

pub(crate) mod proof;
mod proxy;

use std::borrow::Cow;

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;
use isogloss_canonical::vouching::Voucher;
use isogloss_interop::python::base64;

use crate::dialect::call::Call;
use crate::dialect::cookies::{REMEMBER, SESSION};
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::identity::proof::{Proof, by_name, check_password, prove};
use crate::dialect::identity::proxy::by_proxy;
use crate::dialect::sessions::{Mechanism, Session, SignedIn, remembered};
use crate::options::PasswordCheck;
use crate::secrets::is_hex_token;

/// Finds out who calls.
pub(crate) async fn identify(call: &mut Call<'_>) -> Result<(), Failure> {
    open_session(call).await?;
    if by_session(call).await? || by_remember_token(call).await? {
        return Ok(());
    }
    let found = match by_key(call).await? {
        Some(caller) => Some((caller, Mechanism::Apikey)),
        None => match by_basic(call).await? {
            Some(caller) => Some((caller, Mechanism::Authheader)),
            None => by_proxy(call).await?.map(|caller| (caller, Mechanism::RemoteUser)),
        },
    };
    if let Some((caller, mechanism)) = found {
        call.caller = caller;
        call.sets_session_cookie = true;
        call.session.mechanism = Some(mechanism);
        call.session.seen = Some(call.exchange.now().as_second());
    }
    Ok(())
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

/// A valid token hides a key, even if the token's user is inactive.
async fn by_remember_token(call: &mut Call<'_>) -> Result<bool, Failure> {
    let Some(token) = call.cookies.get(REMEMBER).map(str::to_owned) else { return Ok(false) };
    let Some(found) = remembered(call.exchange, &token).await? else { return Ok(false) };
    match prove_again(call, &found.who).await? {
        Proof::Invalid => return Ok(false),
        Proof::Inactive => {}
        Proof::Valid(caller) => {
            let who = caller.user().map(SignedIn::now);
            call.caller = caller;
            call.sets_session_cookie = true;
            call.session = Session { signed_in: who, ..found.session() };
        }
    }
    Ok(true)
}

/// The first key that is *present* counts, even if it is wrong or empty:
/// `fixtures/transcripts/octoprint/auth-apikey-ways.json`.
async fn by_key(call: &Call<'_>) -> Result<Option<Caller>, Failure> {
    let Some(key) = sent_key(call)?.filter(|key| !key.is_empty()) else { return Ok(None) };
    let namespace = call.options.namespace.clone();
    let credentials = Credentials::Key { namespace, value: Secret::new(key), scopes: &[] };
    Ok(prove(call, credentials).await?.caller())
}

/// The key that counts. Two headers of one name are one value, which is no key. OctoPrint answers
/// 500 to a key outside ASCII.
fn sent_key(call: &Call<'_>) -> Result<Option<String>, Failure> {
    let bearer = || {
        let header = call.request.joined_header("authorization")?;
        header.strip_prefix(b"Bearer ").map(<[u8]>::to_vec)
    };
    let key = call.value("apikey").map(|key| key.as_bytes().to_vec());
    let key = key.or_else(|| call.request.joined_header("x-api-key").map(Cow::into_owned));
    let Some(key) = key.or_else(bearer) else { return Ok(None) };
    if key.is_ascii() { Ok(String::from_utf8(key).ok()) } else { Err(CRASH) }
}

/// OctoPrint answers 500 if the base64 is wrong or the colon is missing:
/// `fixtures/transcripts/octoprint/profile-basic-auth.json`.
async fn by_basic(call: &Call<'_>) -> Result<Option<Caller>, Failure> {
    let Some(check) = call.options.basic else { return Ok(None) };
    let header = call.request.joined_header("authorization").unwrap_or_default();
    let header = String::from_utf8_lossy(&header);
    let Some(encoded) = header.strip_prefix("Basic ") else { return Ok(None) };
    let decoded = base64::decode(encoded).ok_or(CRASH)?;
    let decoded = String::from_utf8(decoded).map_err(|_| CRASH)?;
    let (name, password) = decoded.split_once(':').ok_or(CRASH)?;
    match check {
        PasswordCheck::Gateway => {
            check_password(call, UserRef::Name(name.to_owned()), password).await
        }
        PasswordCheck::Proxy => by_name(call, Voucher::Proxy, name).await,
    }
}
