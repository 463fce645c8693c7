//! The requests for an application's key that wait for a decision, in a fixed number of slots.
//!
//! Anybody may ask for a key, so what is kept for that is bounded: the size of a request, the number
//! of requests, and the work for each. A token begins with the number of its slot. A network has a
//! few slots, which it shares with others by chance: whoever floods the gateway displaces mostly
//! their own requests.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use isogloss_canonical::secret::same;
use isogloss_canonical::session_store::SessionKind;
use isogloss_canonical::user::{UserId, UserRef};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::answers::{CRASH, Refusal, abort_with};
use super::secrets::key;
use super::visit::Visit;
use crate::pyjson::{Py, from_kept, to_kept};

const PENDING: SessionKind = "octoprint.appkeys.pending";
const DECIDED: SessionKind = "octoprint.appkeys.decided";
const NETWORK: SessionKind = "octoprint.appkeys.network";

/// Whoever does not poll this often has lost interest.
const POLLS: Duration = Duration::from_secs(5);
/// Nobody waits longer.
const WAITS: Duration = Duration::from_mins(10);
/// How many slots there are in all, and for one network.
const SLOTS: u8 = 64;
const OF_A_NETWORK: u8 = 8;
/// The bytes that the name of an application, or of a person, may take as JSON.
const LONGEST: usize = 256;

/// A request that waits for a decision.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Pending {
    app: Value,
    app_token: String,
    user: Option<Value>,
    /// By what it is decided.
    pub(crate) user_token: String,
    /// Where it came from.
    pub(crate) address: String,
    since: Timestamp,
}

impl Pending {
    /// The application's name, of whatever type it was given.
    pub(crate) fn app(&self) -> Py {
        from_kept(&self.app)
    }

    /// Who is to decide; none: anybody.
    pub(crate) fn user(&self) -> Py {
        self.user.as_ref().map_or(Py::None, from_kept)
    }

    /// Whether this is who is named in it, or nobody is and none is meant.
    pub(crate) fn is_named(&self, name: Option<&str>) -> bool {
        match (self.user(), name) {
            (Py::None, None) => true,
            (Py::Str(own), Some(name)) => own == name,
            _ => false,
        }
    }

    /// Whether the person of this name may decide.
    pub(crate) fn is_for(&self, name: &str) -> bool {
        self.user.is_none() || self.is_named(Some(name))
    }
}

/// A decision that waits to be fetched.
#[derive(Clone, Serialize, Deserialize)]
struct Decided {
    app: Value,
    app_token: String,
    /// Who granted it; nobody: it is denied.
    user: Option<Uuid>,
    since: Timestamp,
}

/// A decision in favour.
pub(crate) struct Granted {
    app: Value,
    user: Uuid,
}

impl Granted {
    /// The application's name.
    pub(crate) fn app(&self) -> Py {
        from_kept(&self.app)
    }

    /// Points at whoever granted it.
    pub(crate) fn person(&self) -> UserRef {
        UserRef::Id(UserId(self.user))
    }
}

/// How a request stands.
pub(crate) enum State {
    /// Nobody has decided.
    Waiting,
    /// Granted; told once.
    Granted(Granted),
}

/// Keeps a request until the first poll is due; answers the token to poll with.
pub(crate) async fn keep(
    visit: &Visit<'_>,
    address: String,
    (app, user): (&Py, Option<&Py>),
) -> Result<String, Refusal> {
    const LONG: Refusal = abort_with(400, "The name of the app or the user is too long");
    let kept = |name: &Py| -> Result<Value, Refusal> {
        let kept = to_kept(name);
        let length = serde_json::to_string(&kept).map_err(|_| CRASH)?.len();
        if length > LONGEST { Err(LONG) } else { Ok(kept) }
    };
    let (app, user) = (kept(app)?, user.map(kept).transpose()?);
    let slot = free(visit).await?;
    let token = || {
        let mut bytes = visit.exchange.random();
        bytes[0] = slot;
        key(&bytes)
    };
    let (app_token, user_token) = (token(), token());
    let since = visit.exchange.now();
    let pending = Pending { app, app_token, user, user_token, address, since };
    remember(visit, PENDING, (slot, POLLS), &pending).await?;
    Ok(pending.app_token)
}

/// A slot of the client's network: a free one, else the one that is taken for the longest time.
async fn free(visit: &Visit<'_>) -> Result<u8, Refusal> {
    let signature = visit.exchange.sessions().sign(NETWORK, &visit.site.network())?;
    let first = signature.bytes().fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte));
    let first = first % (SLOTS / OF_A_NETWORK) * OF_A_NETWORK;
    let offset = visit.exchange.random()[0];
    let mut oldest = (Timestamp::MAX, first);
    for step in 0..OF_A_NETWORK {
        let slot = first + offset.wrapping_add(step) % OF_A_NETWORK;
        let pending: Option<Pending> = recall(visit, PENDING, slot).await?;
        let decided: Option<Decided> = recall(visit, DECIDED, slot).await?;
        let granted = decided.filter(|decided| decided.user.is_some());
        let taken = pending.map(|own| own.since).max(granted.map(|own| own.since));
        let Some(since) = taken else { return Ok(slot) };
        oldest = oldest.min((since, slot));
    }
    Ok(oldest.1)
}

/// How a request stands, for the application that polls; `None`: it is denied, or there is none.
/// That it polls keeps the request.
pub(crate) async fn state(visit: &Visit<'_>, app_token: &str) -> Result<Option<State>, Refusal> {
    let Some(slot) = slot_of(app_token) else { return Ok(None) };
    if let Some(decided) = decision(visit, slot, app_token).await? {
        let sessions = visit.exchange.sessions();
        let Decided { app, user: Some(user), .. } = decided else { return Ok(None) };
        let first = sessions.forget(DECIDED, &slot.to_string()).await?;
        return Ok(first.then_some(State::Granted(Granted { app, user })));
    }
    let Some(pending) = by_app_token(visit, app_token).await? else { return Ok(None) };
    let kept = serde_json::to_value(&pending).map_err(|_| CRASH)?;
    visit.exchange.sessions().renew(PENDING, &slot.to_string(), kept, POLLS).await?;
    Ok(Some(State::Waiting))
}

/// The request that an application polls for.
pub(crate) async fn by_app_token(
    visit: &Visit<'_>,
    token: &str,
) -> Result<Option<Pending>, Refusal> {
    let Some(slot) = slot_of(token) else { return Ok(None) };
    Ok(undecided(visit, slot).await?.filter(|pending| same(&pending.app_token, token)))
}

/// The request that somebody decides.
pub(crate) async fn by_user_token(
    visit: &Visit<'_>,
    token: &str,
) -> Result<Option<Pending>, Refusal> {
    let Some(slot) = slot_of(token) else { return Ok(None) };
    Ok(undecided(visit, slot).await?.filter(|pending| same(&pending.user_token, token)))
}

/// Decides. The decision is kept before the request is dropped, so that no poll finds neither.
pub(crate) async fn decide(
    visit: &Visit<'_>,
    pending: Pending,
    granted_by: Option<UserId>,
) -> Result<(), Refusal> {
    let Some(slot) = slot_of(&pending.app_token) else { return Ok(()) };
    let (app, app_token) = (pending.app, pending.app_token);
    let (user, since) = (granted_by.map(|user| user.0), visit.exchange.now());
    let decided = Decided { app, app_token, user, since };
    remember(visit, DECIDED, (slot, WAITS), &decided).await?;
    visit.exchange.sessions().forget(PENDING, &slot.to_string()).await?;
    Ok(())
}

/// Everything that waits.
pub(crate) async fn waiting(visit: &Visit<'_>) -> Result<Vec<Pending>, Refusal> {
    let mut all = Vec::new();
    for slot in 0..SLOTS {
        all.extend(undecided(visit, slot).await?);
    }
    all.sort_by_key(|pending| pending.since);
    Ok(all)
}

/// The request in a slot. A poll may have kept it while it was decided: the decision counts.
async fn undecided(visit: &Visit<'_>, slot: u8) -> Result<Option<Pending>, Refusal> {
    let pending: Option<Pending> = recall(visit, PENDING, slot).await?;
    let now = visit.exchange.now();
    let pending = pending.filter(|own| now.duration_since(own.since).unsigned_abs() < WAITS);
    let Some(pending) = pending else { return Ok(None) };
    let decided = decision(visit, slot, &pending.app_token).await?.is_some();
    Ok((!decided).then_some(pending))
}

async fn decision(
    visit: &Visit<'_>,
    slot: u8,
    app_token: &str,
) -> Result<Option<Decided>, Refusal> {
    let decided: Option<Decided> = recall(visit, DECIDED, slot).await?;
    Ok(decided.filter(|decided| same(&decided.app_token, app_token)))
}

/// The slot of a token.
fn slot_of(token: &str) -> Option<u8> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    bytes.first().copied().filter(|slot| *slot < SLOTS)
}

async fn recall<T: DeserializeOwned>(
    visit: &Visit<'_>,
    kind: SessionKind,
    slot: u8,
) -> Result<Option<T>, Refusal> {
    let found = visit.exchange.sessions().recall(kind, &slot.to_string()).await?;
    Ok(found.and_then(|value| serde_json::from_value(value).ok()))
}

async fn remember<T: Serialize>(
    visit: &Visit<'_>,
    kind: SessionKind,
    (slot, lasting): (u8, Duration),
    value: &T,
) -> Result<(), Refusal> {
    let value = serde_json::to_value(value).map_err(|_| CRASH)?;
    visit.exchange.sessions().remember(kind, &slot.to_string(), value, lasting).await?;
    Ok(())
}
