//! Families: everything that one sign-in has opened. A logout ends it all.

use std::time::Duration;

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::session_store::SessionKind;
use uuid::Uuid;

use crate::dialect::sessions::rows::{Lifetime, read};
use crate::dialect::sessions::signed_in::SignedIn;

/// The rows of families. Each names its user.
pub(super) const FAMILIES: SessionKind = "octoprint.family";
/// How long a family lives after its last use.
pub(super) const FAMILY: Lifetime = (Duration::from_hours(90 * 24), Duration::from_hours(24));

/// Whether a family is this user's, and nobody has logged out of it.
pub(super) async fn is_open(
    exchange: &dyn Exchange,
    family: &str,
    who: &SignedIn,
) -> Result<bool, Fault> {
    let owner: Option<Uuid> = read(exchange, FAMILIES, family, FAMILY).await?;
    Ok(owner == Some(who.user))
}
