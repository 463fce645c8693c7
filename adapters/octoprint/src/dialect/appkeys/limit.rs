//! How many keys a network may ask for.

use crate::dialect::call::Call;
use crate::dialect::failure::Failure;
use crate::dialect::limits;

/// Counts a request for a key, if the route limits them. Refuses one too many.
pub(crate) async fn count(call: &Call<'_>, refusal: Failure) -> Result<(), Failure> {
    let network = call.site.network();
    let limited = call.options.rate_limit;
    if limited && limits::count(call.exchange, limits::KEY_REQUEST, &network).await? {
        return Err(refusal);
    }
    Ok(())
}
