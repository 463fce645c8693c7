//! The address of the caller whose credentials a system checks.

use std::net::IpAddr;

use isogloss_canonical::http::Request;

/// The header with the address.
const HEADER: &str = "x-forwarded-for";

tokio::task_local! {
    /// The address of the caller whose credentials this task checks.
    static CALLER: Option<IpAddr>;
}

/// Checks the credentials of a caller with this address.
pub(crate) async fn at<T>(address: Option<IpAddr>, check: impl Future<Output = T>) -> T {
    CALLER.scope(address, check).await
}

/// The request with the address of the caller, as the gateway knows it. An address that the request has
/// already is replaced.
pub(super) fn with_address(mut request: Request) -> Request {
    let address = CALLER.try_with(|address| *address).ok().flatten();
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(HEADER));
    match address {
        Some(address) => request.with(HEADER, address.to_canonical().to_string()),
        None => request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_gateways_view_of_the_address_is_sent() {
        let sent = || with_address(Request::to("POST", "/").with(HEADER, "10.0.0.1"));
        let address = |request: &Request| request.header(HEADER).map(str::to_owned);
        assert_eq!(address(&sent()), None);
        let mapped = "::ffff:192.0.2.7".parse().unwrap();
        assert_eq!(address(&at(Some(mapped), async { sent() }).await).unwrap(), "192.0.2.7");
        assert_eq!(address(&at(None, async { sent() }).await), None);
    }
}
