//! The address of the caller whose credentials a system checks.

use std::net::IpAddr;

use ipnet::IpNet;
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

/// The address of the caller whose credentials this task checks. `None`: unknown.
pub(crate) fn address() -> Option<IpAddr> {
    CALLER.try_with(|address| *address).ok().flatten()
}

/// Whether a list of networks allows an address. An empty list allows all. An entry that is not a
/// network allows none.
pub(crate) fn admits(networks: &[String], address: Option<IpAddr>) -> bool {
    if networks.is_empty() {
        return true;
    }
    let Some(address) = address else { return false };
    networks.iter().any(|text| {
        let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        network.is_ok_and(|network| network.contains(&address))
    })
}

/// The request with the address of the caller, as the gateway knows it. An address that the request has
/// already is replaced.
pub(super) fn with_address(mut request: Request) -> Request {
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(HEADER));
    match address() {
        Some(address) => request.with(HEADER, address.to_canonical().to_string()),
        None => request,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_networks_admits_its_addresses_only() {
        let inside = "10.11.12.13".parse().ok();
        let outside = "10.11.12.14".parse().ok();
        let networks = vec!["10.11.12.13/32".to_owned()];
        assert!(admits(&networks, inside) && !admits(&networks, outside));
        assert!(!admits(&networks, None) && !admits(&["nonsense".to_owned()], inside));
        assert!(admits(&[], None) && admits(&["10.11.12.13".to_owned()], inside));
    }

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
