//! Who calls: the token of the envelope, and the address that the request comes from.

use isogloss_canonical::credentials::{Caller, Credentials};
use isogloss_canonical::exchange::Exchange;
use isogloss_canonical::fault::Refusal;
use isogloss_canonical::http::Request;
use isogloss_canonical::secret::Secret;
use isogloss_interop::python::value::Py;

use crate::dialect::failure::Failure;
use crate::options::Options;

/// The scopes of the tokens that open the API.
const SCOPES: &[&str] = &["all", "api"];

/// Identifies the caller by a token. The error says which of the checks the token failed:
/// fixtures/transcripts/rhodecode/auth-token.json.
pub(crate) async fn identify(
    options: &Options,
    token: &Py,
    address: &str,
    exchange: &dyn Exchange,
) -> Result<Caller, Failure> {
    let invalid = || Failure::error("Invalid API KEY");
    let Py::Str(token) = token else { return Err(invalid()) };
    let credentials = Credentials::Key {
        namespace: options.namespace.clone(),
        value: Secret::new(token.as_str()),
        scopes: SCOPES,
    };
    exchange.identify(credentials).await.map_err(|fault| match fault.refusal {
        Some(Refusal::Inactive) => Failure::error("Request from this user not allowed"),
        Some(Refusal::Address) => Failure::error(format!("Request from IP:{address} not allowed")),
        Some(Refusal::Scope) => Failure::error(options.version.differences().bad_role),
        Some(
            Refusal::Missing
            | Refusal::Unknown
            | Refusal::Expired
            | Refusal::Locked
            | Refusal::SecondFactor,
        ) => invalid(),
        None => Failure::from(fault),
    })
}

/// The caller's address. RhodeCode shows `0.0.0.0` where it knows none.
pub(crate) fn address(request: &Request) -> String {
    request.client.map_or_else(|| "0.0.0.0".to_owned(), |client| client.to_string())
}
