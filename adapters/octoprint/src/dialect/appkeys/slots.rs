//! Stores the requests for application keys, in a fixed number of slots.
//!
//! Everybody may ask for a key without credentials. So the size of a request, the number of requests
//! and the work for each are limited. A token begins with the number of its slot. Each network has 8
//! of the 64 slots, which it shares with other networks by chance. A client that floods the gateway
//! replaces mostly its own requests.

use std::time::Duration;

use isogloss_canonical::secret::same;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::UserId;
use isogloss_interop::python::stored;
use isogloss_interop::python::value::Py;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::dialect::appkeys::pending::{Decided, Granted, Pending, State};
use crate::dialect::call::Call;
use crate::dialect::failure::{CRASH, Failure};
use crate::secrets::{application_token, token_bytes};

const PENDING: SessionKind = "octoprint.appkeys.pending";
const DECIDED: SessionKind = "octoprint.appkeys.decided";
const NETWORK: SessionKind = "octoprint.appkeys.network";

/// A request is dropped if the application does not poll for so long.
const POLLS: Duration = Duration::from_secs(5);
/// A request is dropped after so long in any case.
const WAITS: Duration = Duration::from_mins(10);
/// The number of slots, and of those that one network uses.
const SLOTS: u8 = 64;
const SLOTS_OF_A_NETWORK: u8 = 8;
/// The most bytes of the name of an application or a user, as JSON.
const LONGEST_NAME: usize = 256;

/// Stores a request, which the application must then poll for. Answers the token to poll with.
pub(crate) async fn store_request(
    call: &Call<'_>,
    address: String,
    (app, user): (&Py, Option<&Py>),
) -> Result<String, Failure> {
    let (app, user) = (stored_name(app)?, user.map(stored_name).transpose()?);
    let slot = slot_for_client(call).await?;
    let token = || {
        let mut bytes = call.exchange.random();
        bytes[0] = slot;
        application_token(&bytes, call.differences().keys)
    };
    let (app_token, user_token) = (token(), token());
    let since = call.exchange.now();
    let pending = Pending { app, app_token, user, user_token, address, since };
    store(call, PENDING, (slot, POLLS), &pending).await?;
    Ok(pending.app_token)
}

fn stored_name(name: &Py) -> Result<Value, Failure> {
    const LONG: Failure = Failure::with(400, "The name of the app or the user is too long");
    let json = stored::to_json(name);
    let length = serde_json::to_string(&json).map_err(|_| CRASH)?.len();
    if length > LONGEST_NAME { Err(LONG) } else { Ok(json) }
}

/// A slot of the client's network: a free one, or else the one that was taken first.
async fn slot_for_client(call: &Call<'_>) -> Result<u8, Failure> {
    let signature = call.exchange.sessions().sign(NETWORK, &call.site.network())?;
    let first = signature.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let first = first % (SLOTS / SLOTS_OF_A_NETWORK) * SLOTS_OF_A_NETWORK;
    let offset = call.exchange.random()[0];
    let mut oldest = (Timestamp::MAX, first);
    for step in 0..SLOTS_OF_A_NETWORK {
        let slot = first + offset.wrapping_add(step) % SLOTS_OF_A_NETWORK;
        let pending: Option<Pending> = read(call, PENDING, slot).await?;
        let decided: Option<Decided> = read(call, DECIDED, slot).await?;
        let granted = decided.filter(|decided| decided.user.is_some());
        let taken = pending.map(|own| own.since).max(granted.map(|own| own.since));
        let Some(since) = taken else { return Ok(slot) };
        oldest = oldest.min((since, slot));
    }
    Ok(oldest.1)
}

/// The state of a request, for the application that polls. `None`: it is denied, or there is none. A
/// poll keeps the request from being dropped.
pub(crate) async fn poll(call: &Call<'_>, app_token: &str) -> Result<Option<State>, Failure> {
    let Some(slot) = slot_of(app_token) else { return Ok(None) };
    if let Some(decided) = decision(call, slot, app_token).await? {
        let sessions = call.exchange.sessions();
        let Some(user) = decided.user else { return Ok(None) };
        let app = decided.app;
        let first = sessions.forget(DECIDED, &slot.to_string()).await?;
        let granted = Granted { app, user, since: decided.since };
        return Ok(first.then_some(State::Granted(granted)));
    }
    let Some(pending) = by_app_token(call, app_token).await? else { return Ok(None) };
    let row = serde_json::to_value(&pending).map_err(|_| CRASH)?;
    call.exchange.sessions().renew(PENDING, &slot.to_string(), row, POLLS).await?;
    Ok(Some(State::Waiting))
}

/// The undecided request of a token by which an application polls.
pub(crate) async fn by_app_token(call: &Call<'_>, token: &str) -> Result<Option<Pending>, Failure> {
    let Some(slot) = slot_of(token) else { return Ok(None) };
    Ok(undecided(call, slot).await?.filter(|pending| same(&pending.app_token, token)))
}

/// The undecided request of a token by which a user decides.
pub(crate) async fn by_user_token(
    call: &Call<'_>,
    token: &str,
) -> Result<Option<Pending>, Failure> {
    let Some(slot) = slot_of(token) else { return Ok(None) };
    Ok(undecided(call, slot).await?.filter(|pending| same(&pending.user_token, token)))
}

/// The undecided request of either token, for the page on which a user decides. The program shows its
/// user an address with its own token; the first page has links with the token of the user.
pub(crate) async fn by_token(call: &Call<'_>, token: &str) -> Result<Option<Pending>, Failure> {
    match by_app_token(call, token).await? {
        Some(pending) => Ok(Some(pending)),
        None => by_user_token(call, token).await,
    }
}

/// Stores a decision. It is stored before the request is deleted, so that a poll in between finds one
/// of them.
pub(crate) async fn decide(
    call: &Call<'_>,
    pending: Pending,
    granted_by: Option<UserId>,
) -> Result<(), Failure> {
    let Some(slot) = slot_of(&pending.app_token) else { return Ok(()) };
    let (app, app_token) = (pending.app, pending.app_token);
    let (user, since) = (granted_by.map(|user| user.0), call.exchange.now());
    let decided = Decided { app, app_token, user, since };
    store(call, DECIDED, (slot, WAITS), &decided).await?;
    call.exchange.sessions().forget(PENDING, &slot.to_string()).await?;
    Ok(())
}

/// Stores a decision again whose key could not be issued, so that the next poll tries again. The time
/// for that ends ten minutes after the decision.
pub(crate) async fn put_back(
    call: &Call<'_>,
    app_token: &str,
    granted: &Granted,
) -> Result<(), Failure> {
    let Some(slot) = slot_of(app_token) else { return Ok(()) };
    let age = call.exchange.now().duration_since(granted.since).unsigned_abs();
    let Some(left) = WAITS.checked_sub(age) else { return Ok(()) };
    let (app, app_token) = (granted.app.clone(), app_token.to_owned());
    let decided = Decided { app, app_token, user: Some(granted.user), since: granted.since };
    store(call, DECIDED, (slot, left), &decided).await
}

/// Every undecided request, the oldest first.
pub(crate) async fn waiting(call: &Call<'_>) -> Result<Vec<Pending>, Failure> {
    let mut all = Vec::new();
    for slot in 0..SLOTS {
        all.extend(undecided(call, slot).await?);
    }
    all.sort_by_key(|pending| pending.since);
    Ok(all)
}

/// The undecided request in a slot. A poll may have stored a request again while it was decided; then
/// the decision counts.
async fn undecided(call: &Call<'_>, slot: u8) -> Result<Option<Pending>, Failure> {
    let pending: Option<Pending> = read(call, PENDING, slot).await?;
    let now = call.exchange.now();
    let pending = pending.filter(|own| now.duration_since(own.since).unsigned_abs() < WAITS);
    let Some(pending) = pending else { return Ok(None) };
    let decided = decision(call, slot, &pending.app_token).await?.is_some();
    Ok((!decided).then_some(pending))
}

async fn decision(call: &Call<'_>, slot: u8, app_token: &str) -> Result<Option<Decided>, Failure> {
    let decided: Option<Decided> = read(call, DECIDED, slot).await?;
    Ok(decided.filter(|decided| same(&decided.app_token, app_token)))
}

/// The slot of a token.
fn slot_of(token: &str) -> Option<u8> {
    token_bytes(token)?.first().copied().filter(|slot| *slot < SLOTS)
}

async fn read<T: DeserializeOwned>(
    call: &Call<'_>,
    kind: SessionKind,
    slot: u8,
) -> Result<Option<T>, Failure> {
    let found = call.exchange.sessions().recall(kind, &slot.to_string()).await?;
    Ok(found.and_then(|value| serde_json::from_value(value).ok()))
}

async fn store<T: Serialize>(
    call: &Call<'_>,
    kind: SessionKind,
    (slot, lasting): (u8, Duration),
    value: &T,
) -> Result<(), Failure> {
    let value = serde_json::to_value(value).map_err(|_| CRASH)?;
    call.exchange.sessions().remember(kind, &slot.to_string(), value, lasting).await?;
    Ok(())
}
