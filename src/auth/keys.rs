//! Authenticates callers with a key. One function checks the key, however it was sent.

use std::net::IpAddr;

use isogloss_canonical::command::Command;
use isogloss_canonical::credentials::{Caller, Proof, Seal};
use isogloss_canonical::fault::{Fault, FaultKind, Refusal, Subject};
use isogloss_canonical::key::Key;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::{Secret, same};
use isogloss_canonical::user::{User, UserRef};
use jiff::Timestamp;

use crate::auth::request::{AuthRequest, NOBODY, unless_absent};
use crate::upstream::caller::admits;

/// A caller who sends only a key.
pub(super) async fn by_key(
    at: AuthRequest<'_>,
    (namespace, value, scopes): (IdNamespace, Secret, &[&str]),
    seal: Seal,
) -> Result<Caller, Fault> {
    let (key, owner) = match at.execute(Command::FindKey(namespace.clone(), value)).await {
        Ok(Outcome::KeyFound(key, owner)) => (key, owner),
        Ok(_) => return Err(Fault::new(FaultKind::Unexpected, "no KeyFound")),
        Err(fault) if fault.is_absence_of(Subject::Key) => {
            return Err(Fault::refused(Refusal::Unknown));
        }
        Err(fault) => return Err(fault),
    };
    prove(&key, owner.as_deref(), at.client, scopes)?;
    match owner {
        Some(owner) => Ok(Caller::person(*owner, Proof::Key(key.label), seal)),
        None => Ok(Caller::application(namespace, seal)),
    }
}

/// A caller who sends a user name and a key as the password. `None`: the user has no such key. For
/// an unknown user name the backend is asked too, for the same time ([`NOBODY`]).
pub(super) async fn in_place_of_password(
    at: AuthRequest<'_>,
    owner: Option<&User>,
    (namespace, value): (IdNamespace, Secret),
    seal: Seal,
) -> Result<Option<Caller>, Fault> {
    if let Some(owner) = owner.filter(|owner| is_in_row(owner, &namespace, &value)) {
        let key = Key::vouched(namespace, Some(owner.id));
        return prove(&key, Some(owner), at.client, &[]).map(|()| Some(with_key(owner, seal)));
    }
    let person = owner.map_or(UserRef::Id(NOBODY), UserRef::from);
    let own = at.execute(Command::VerifyKey(person, namespace, value)).await;
    let (Some(own), Some(owner)) = (unless_absent(own)?, owner) else { return Ok(None) };
    let mut refusal = None;
    for key in own.keys()? {
        match prove(&key, Some(owner), at.client, &[]) {
            Ok(()) => return Ok(Some(with_key(owner, seal))),
            Err(fault) => refusal = Some(fault),
        }
    }
    refusal.map_or(Ok(None), Err)
}

fn with_key(owner: &User, seal: Seal) -> Caller {
    let owner = User { failures: 0, locked_until: None, ..owner.clone() };
    Caller::person(owner, Proof::Key(None), seal)
}

/// Whether the system's row of the owner shows this key. A key of another system opens nothing.
fn is_in_row(owner: &User, namespace: &IdNamespace, value: &Secret) -> bool {
    let keys = owner.evidence.keys.iter().filter(|key| key.namespace == *namespace);
    let mut shown = keys.filter_map(|key| key.value.as_ref());
    shown.any(|key| same(key.expose(), value.expose()))
}

/// Checks a key that was found: expiry, owner, address, scope.
fn prove(
    key: &Key,
    owner: Option<&User>,
    client: Option<IpAddr>,
    scopes: &[&str],
) -> Result<(), Fault> {
    let refuse = |refusal| Err(Fault::refused(refusal));
    if key.expires.is_some_and(|end| end <= Timestamp::now()) {
        return refuse(Refusal::Expired);
    }
    if owner.is_some_and(|owner| !owner.active) {
        return refuse(Refusal::Inactive);
    }
    let owners = owner.map_or(&[][..], |owner| &owner.addresses);
    if !(admits(&key.addresses, client) && admits(owners, client)) {
        return refuse(Refusal::Address);
    }
    let in_scope = |scope: &str| scopes.is_empty() || scopes.contains(&scope);
    if !key.scope.as_deref().is_none_or(in_scope) {
        return refuse(Refusal::Scope);
    }
    Ok(())
}
