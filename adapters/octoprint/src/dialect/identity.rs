//! Who calls: by a session, else by a remembered login, else by a key, a Basic header or the header
//! of a proxy.

use std::borrow::Cow;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::fault::{Fault, FaultKind, Refusal, Subject};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserRef};
use isogloss_canonical::vouching::Voucher;

use crate::dialect::call::Call;
use crate::dialect::cookies::{REMEMBER, SESSION};
use crate::dialect::failure::{CRASH, Failure};
use crate::dialect::members;
use crate::dialect::sessions::{Mechanism, Session, SignedIn, remembered};
use crate::options::{PasswordCheck, Remote};
use crate::pyjson::Py;
use crate::secrets::{LONGEST_PASSWORD, fresh_key, is_hex_token, python_base64};
use crate::wire::may_be_named;

/// The result of checking credentials.
enum Proof {
    /// They are valid.
    Valid(Caller),
    /// They are not.
    Invalid,
    /// They are valid, but the user is inactive.
    Inactive,
}

impl Proof {
    /// The caller, if the caller may act.
    fn caller(self) -> Option<Caller> {
        match self {
            Self::Valid(caller) => Some(caller),
            Self::Invalid | Self::Inactive => None,
        }
    }
}

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

/// Checks a name and a password. `None`: the password is wrong, or the user is inactive.
pub(crate) async fn check_password(
    call: &Call<'_>,
    user: UserRef,
    password: &str,
) -> Result<Option<Caller>, Failure> {
    // A longer password is always wrong: `users-create-names.json`.
    if password.chars().count() > LONGEST_PASSWORD {
        return Ok(None);
    }
    let secret = Secret::new(password);
    let credentials = Credentials::Login { user, secret, keys: None, lockout: None };
    Ok(prove(call, credentials).await?.caller())
}

/// The user whom a proxy or the route's options name.
pub(crate) async fn by_name(
    call: &Call<'_>,
    voucher: Voucher,
    name: &str,
) -> Result<Option<Caller>, Failure> {
    Ok(prove(call, Credentials::Named(voucher, name.to_owned())).await?.caller())
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

async fn prove(call: &Call<'_>, credentials: Credentials) -> Result<Proof, Failure> {
    match call.exchange.identify(credentials).await {
        Ok(caller) => Ok(Proof::Valid(caller)),
        Err(Fault { refusal: Some(Refusal::Inactive), .. }) => Ok(Proof::Inactive),
        Err(fault) if fault.kind == FaultKind::Unauthenticated => Ok(Proof::Invalid),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(Proof::Invalid),
        Err(fault) => Err(fault.into()),
    }
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
    let decoded = python_base64(encoded).ok_or(CRASH)?;
    let decoded = String::from_utf8(decoded).map_err(|_| CRASH)?;
    let (name, password) = decoded.split_once(':').ok_or(CRASH)?;
    match check {
        PasswordCheck::Gateway => {
            check_password(call, UserRef::Name(name.to_owned()), password).await
        }
        PasswordCheck::Proxy => by_name(call, Voucher::Proxy, name).await,
    }
}

/// The user whom a trusted proxy names in a header.
async fn by_proxy(call: &Call<'_>) -> Result<Option<Caller>, Failure> {
    let Some(remote) = &call.options.remote else { return Ok(None) };
    let Some(name) = header(call, &remote.user) else { return Ok(None) };
    let mut found = by_name(call, Voucher::Proxy, &name).await?;
    if found.is_none() && remote.add && may_be_named(&name) {
        add(call, &name).await?;
        found = by_name(call, Voucher::Proxy, &name).await?;
    }
    let Some(user) = found.as_ref().and_then(Caller::user) else { return Ok(None) };
    if let Some(groups) = remote.groups.as_ref().and_then(|groups| header(call, groups)) {
        set_groups(call, user, remote, &groups).await?;
        found = by_name(call, Voucher::Proxy, &name).await?;
    }
    Ok(found)
}

/// A header by its name, in which `-` and `_` are the same. Several headers are one value, as for a
/// key: a header of the client's does not hide the one that the proxy adds.
fn header(call: &Call<'_>, name: &str) -> Option<String> {
    let same = |own: &str| own.replace('_', "-").eq_ignore_ascii_case(&name.replace('_', "-"));
    let values = call.request.headers.iter().filter(|(own, _)| same(own));
    let values: Vec<_> = values.map(|(_, value)| String::from_utf8_lossy(value)).collect();
    Some(values.join(",")).filter(|value| !value.is_empty())
}

/// Creates the user whom the proxy names, with a random password.
async fn add(call: &Call<'_>, name: &str) -> Result<(), Failure> {
    let rights = call.fresh_rights().await?;
    let groups = members::default_groups(&rights);
    let mut new = NewUser {
        username: name.to_owned(),
        password: Some(fresh_key(call.exchange)),
        ..NewUser::default()
    };
    members::give_new(&mut new, &rights, &call.options.namespace, &groups, &[]);
    match call.exchange.vouch(Voucher::Proxy, Command::CreateUser(Box::new(new))).await {
        // A simultaneous call may have created the user. The caller reads whether there is one.
        Err(fault) if !matches!(fault.kind, FaultKind::Conflict | FaultKind::Invalid) => {
            Err(fault.into())
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Gives a user the groups that the proxy names.
async fn set_groups(
    call: &Call<'_>,
    user: &User,
    remote: &Remote,
    groups: &str,
) -> Result<(), Failure> {
    let rights = call.fresh_rights().await?;
    let named = groups.split(',').map(|name| remote.mapping.get(name).map_or(name, String::as_str));
    let groups = members::groups(&rights, &Py::texts(named))?;
    let member = rights.member(user);
    let groups = members::toggled(&rights, &member.groups, &groups);
    if groups == member.groups {
        return Ok(());
    }
    let namespace = &call.options.namespace;
    let patch = members::change(&rights, namespace, user.role, &groups, &member.permissions);
    let command = Command::UpdateUser(UserRef::Id(user.id), Box::new(patch));
    call.exchange.vouch(Voucher::Proxy, command).await?;
    Ok(())
}
