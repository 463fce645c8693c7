//! The session cookie that RhodeCode sets, and that no client of the API sends back.

use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::http::Response;

use crate::wire;

/// Sets the cookie, with a random value.
pub(crate) fn with_cookie(response: Response, exchange: &dyn Exchange) -> Response {
    let value = wire::token(&exchange.random()) + &wire::token(&exchange.random());
    let value = value.get(..72).unwrap_or_default();
    response.with("Set-Cookie", format!("rhodecode={value}; httponly; Path=/"))
}
