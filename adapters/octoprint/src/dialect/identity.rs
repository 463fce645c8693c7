//! Who asks: a session, else a remembered login, else a key, a Basic header or a proxy's word.

use std::borrow::Cow;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::fault::{Fault, FaultKind, Refusal as Why, Subject};
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{NewUser, User, UserRef};
use isogloss_canonical::vouching::Voucher;

use super::answers::{CRASH, Refusal};
use super::cookies::{REMEMBER, SESSION};
use super::form;
use super::membership;
use super::secrets::{fresh_key, is_hex_token, python_base64};
use super::session::{Mechanism, Session, SignedIn, remembered};
use super::visit::Visit;
use crate::options::{Checked, Remote};
use crate::pyjson::Py;
use crate::wire::may_be_named;

/// What came of asking whether a proof holds.
enum Proved {
    /// It does.
    Yes(Caller),
    /// It does not.
    No,
    /// It does, but the person is inactive.
    Inactive,
}

/// Finds out who asks.
pub(crate) async fn identify(visit: &mut Visit<'_>) -> Result<(), Refusal> {
    open_session(visit).await?;
    if by_session(visit).await? || by_remember_token(visit).await? {
        return Ok(());
    }
    let found = match by_key(visit).await? {
        Some(caller) => Some((caller, Mechanism::Apikey)),
        None => match by_basic(visit).await? {
            Some(caller) => Some((caller, Mechanism::Authheader)),
            None => by_proxy(visit).await?.map(|caller| (caller, Mechanism::RemoteUser)),
        },
    };
    if let Some((caller, mechanism)) = found {
        visit.caller = caller;
        visit.has_session = true;
        visit.session.mechanism = Some(mechanism);
        visit.session.seen = Some(visit.exchange.now().as_second());
    }
    Ok(())
}

/// Checks a name and a password; `None`: they do not fit, or the person may not act.
pub(crate) async fn check_password(
    visit: &Visit<'_>,
    user: UserRef,
    password: &str,
) -> Result<Option<Caller>, Refusal> {
    // Longer passwords are never right: `users-create-names.json`.
    if password.chars().count() > LONGEST_PASSWORD {
        return Ok(None);
    }
    let secret = Secret::new(password);
    let credentials = Credentials::Login { user, secret, keys: None, lockout: None };
    match prove(visit, credentials).await? {
        Proved::Yes(caller) => Ok(Some(caller)),
        Proved::No | Proved::Inactive => Ok(None),
    }
}

/// The characters that OctoPrint's password hash takes.
pub(crate) const LONGEST_PASSWORD: usize = 4096;

async fn open_session(visit: &mut Visit<'_>) -> Result<(), Refusal> {
    let Some(token) = visit.cookies.get(SESSION).map(str::to_owned) else { return Ok(()) };
    let session = Session::open(visit.exchange, &token).await?;
    // A guest's session is not kept, but the cookie is answered all the same.
    if session.is_some() || is_hex_token(&token) {
        visit.session = session.unwrap_or_default();
        visit.came_by = Some((token, visit.session.clone()));
        visit.has_session = true;
    }
    Ok(())
}

async fn prove(visit: &Visit<'_>, credentials: Credentials) -> Result<Proved, Refusal> {
    match visit.exchange.identify(credentials).await {
        Ok(caller) => Ok(Proved::Yes(caller)),
        Err(Fault { refusal: Some(Why::Inactive), .. }) => Ok(Proved::Inactive),
        Err(fault) if fault.kind == FaultKind::Unauthenticated => Ok(Proved::No),
        Err(fault) if fault.is_absence_of(Subject::User) => Ok(Proved::No),
        Err(fault) => Err(fault.into()),
    }
}

/// Somebody who signed in before, unless the password has changed since.
async fn prove_again(visit: &Visit<'_>, who: &SignedIn) -> Result<Proved, Refusal> {
    let proved = prove(visit, Credentials::Vouched(who.person())).await?;
    let Proved::Yes(caller) = proved else { return Ok(proved) };
    let fresh = caller.user().is_some_and(|user| user.password_changed == who.password_changed);
    Ok(if fresh { Proved::Yes(caller) } else { Proved::No })
}

/// A session that has ended is as good as none from here on. One that is shown while its owner is
/// inactive ends.
async fn by_session(visit: &mut Visit<'_>) -> Result<bool, Refusal> {
    let Some((token, session)) = visit.came_by.clone() else { return Ok(false) };
    if session.signed_in.is_none() {
        return Ok(false);
    }
    if let Some(who) = session.alive(visit.exchange).await? {
        match prove_again(visit, &who).await? {
            Proved::Yes(caller) if is_same_era(&caller, &who) => {
                visit.caller = caller;
                return Ok(true);
            }
            Proved::Inactive => session.end(visit.exchange, &token).await?,
            Proved::Yes(_) | Proved::No => {}
        }
    }
    visit.session = Session::default();
    visit.came_by = Some((token, Session::default()));
    Ok(false)
}

/// Whether nobody was deactivated since they signed in.
fn is_same_era(caller: &Caller, who: &SignedIn) -> bool {
    caller.user().is_some_and(|user| user.sessions_since == who.era)
}

/// A valid token hides a key even if its owner is inactive.
async fn by_remember_token(visit: &mut Visit<'_>) -> Result<bool, Refusal> {
    let Some(token) = visit.cookies.get(REMEMBER).map(str::to_owned) else { return Ok(false) };
    let Some(found) = remembered(visit.exchange, &token).await? else { return Ok(false) };
    match prove_again(visit, &found.who).await? {
        Proved::No => return Ok(false),
        Proved::Inactive => {}
        Proved::Yes(caller) => {
            let who = caller.user().map(SignedIn::now);
            visit.caller = caller;
            visit.has_session = true;
            visit.session = Session { signed_in: who, ..found.session() };
        }
    }
    Ok(true)
}

/// The first key that is *present* counts, even if it is wrong or empty:
/// `fixtures/transcripts/octoprint/auth-apikey-ways.json`.
async fn by_key(visit: &Visit<'_>) -> Result<Option<Caller>, Refusal> {
    let Some(key) = shown_key(visit)? else { return Ok(None) };
    if key.is_empty() {
        return Ok(None);
    }
    let credentials = Credentials::Key {
        namespace: visit.settings.namespace.clone(),
        value: Secret::new(key),
        scopes: &[],
    };
    match prove(visit, credentials).await? {
        Proved::Yes(caller) => Ok(Some(caller)),
        Proved::No | Proved::Inactive => Ok(None),
    }
}

/// Two headers are one value, which is no key. A key outside ASCII makes the comparison crash.
fn shown_key(visit: &Visit<'_>) -> Result<Option<String>, Refusal> {
    let bearer = || {
        let header = visit.request.joined_header("authorization")?;
        header.strip_prefix(b"Bearer ").map(<[u8]>::to_vec)
    };
    let key = form::value(&visit.values, "apikey").map(|key| key.as_bytes().to_vec());
    let key = key.or_else(|| visit.request.joined_header("x-api-key").map(Cow::into_owned));
    let Some(key) = key.or_else(bearer) else { return Ok(None) };
    if key.is_ascii() { Ok(String::from_utf8(key).ok()) } else { Err(CRASH) }
}

/// Neither base64 nor a colon that is missing is caught:
/// `fixtures/transcripts/octoprint/profile-basic-auth.json`.
async fn by_basic(visit: &Visit<'_>) -> Result<Option<Caller>, Refusal> {
    let Some(checked) = visit.settings.basic else { return Ok(None) };
    let header = visit.request.joined_header("authorization").unwrap_or_default();
    let header = String::from_utf8_lossy(&header);
    let Some(encoded) = header.strip_prefix("Basic ") else { return Ok(None) };
    let decoded = python_base64(encoded).ok_or(CRASH)?;
    let decoded = String::from_utf8(decoded).map_err(|_| CRASH)?;
    let (name, password) = decoded.split_once(':').ok_or(CRASH)?;
    let user = UserRef::Name(name.to_owned());
    match checked {
        Checked::Here => check_password(visit, user, password).await,
        Checked::Elsewhere => by_name(visit, Voucher::Proxy, name).await,
    }
}

/// Somebody whom a proxy or the operator vouches for.
pub(crate) async fn by_name(
    visit: &Visit<'_>,
    voucher: Voucher,
    name: &str,
) -> Result<Option<Caller>, Refusal> {
    match prove(visit, Credentials::Named(voucher, name.to_owned())).await? {
        Proved::Yes(caller) => Ok(Some(caller)),
        Proved::No | Proved::Inactive => Ok(None),
    }
}

async fn by_proxy(visit: &Visit<'_>) -> Result<Option<Caller>, Refusal> {
    let Some(remote) = &visit.settings.remote else { return Ok(None) };
    let Some(name) = header(visit, &remote.user) else { return Ok(None) };
    let mut found = by_name(visit, Voucher::Proxy, &name).await?;
    if found.is_none() && remote.add && may_be_named(&name) {
        add(visit, &name).await?;
        found = by_name(visit, Voucher::Proxy, &name).await?;
    }
    let Some(user) = found.as_ref().and_then(Caller::user) else { return Ok(None) };
    if let Some(groups) = remote.groups.as_ref().and_then(|groups| header(visit, groups)) {
        give(visit, user, remote, &groups).await?;
        found = by_name(visit, Voucher::Proxy, &name).await?;
    }
    Ok(found)
}

/// A header by its name, where `-` and `_` are the same. Several are one value, as for a key: a
/// proxy that adds its header does not let through what the client put before it.
fn header(visit: &Visit<'_>, name: &str) -> Option<String> {
    let same = |own: &str| own.replace('_', "-").eq_ignore_ascii_case(&name.replace('_', "-"));
    let values = visit.request.headers.iter().filter(|(own, _)| same(own));
    let values: Vec<_> = values.map(|(_, value)| String::from_utf8_lossy(value)).collect();
    Some(values.join(",")).filter(|value| !value.is_empty())
}

/// Creates whom the proxy names, with a password that nobody knows.
async fn add(visit: &Visit<'_>, name: &str) -> Result<(), Refusal> {
    let rights = visit.fresh_rights().await?;
    let groups = membership::default_groups(&rights);
    let mut new = NewUser {
        username: name.to_owned(),
        password: Some(fresh_key(visit.exchange)),
        ..NewUser::default()
    };
    membership::give_new(&mut new, &rights, &visit.settings.namespace, &groups, &[]);
    match visit.exchange.vouch(Voucher::Proxy, Command::CreateUser(Box::new(new))).await {
        // Somebody else was faster, or the name cannot be had: whoever is found then is it.
        Err(fault) if !matches!(fault.kind, FaultKind::Conflict | FaultKind::Invalid) => {
            Err(fault.into())
        }
        _ => Ok(()),
    }
}

/// Gives somebody the groups that the proxy names.
async fn give(
    visit: &Visit<'_>,
    user: &User,
    remote: &Remote,
    groups: &str,
) -> Result<(), Refusal> {
    let rights = visit.fresh_rights().await?;
    let named = groups.split(',').map(|name| remote.mapping.get(name).map_or(name, String::as_str));
    let named = Py::texts(named);
    let groups = membership::groups(&rights, &named)?;
    let member = rights.member(user);
    let groups = membership::toggled(&rights, &member.groups, &groups);
    if groups == member.groups {
        return Ok(());
    }
    let patch = {
        let namespace = &visit.settings.namespace;
        membership::change(&rights, namespace, user.role, &groups, &member.permissions)
    };
    let command = Command::UpdateUser(UserRef::Id(user.id), Box::new(patch));
    visit.exchange.vouch(Voucher::Proxy, command).await?;
    Ok(())
}
