//! Parses and checks the base URL of a system.

use std::net::IpAddr;

use reqwest::Url;

/// The parts of a base URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseAddress {
    /// Its host name or IP address, in lower case.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is reached over TLS.
    pub is_tls: bool,
    /// Its path, without slashes at the end.
    pub path: String,
}

impl BaseAddress {
    /// Parses a URL. The error says what is wrong. It never has the URL, which can contain a
    /// password.
    pub fn read(text: &str) -> Result<Self, String> {
        let url = Url::parse(text).map_err(|error| format!("it is no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it is neither http nor https".to_owned());
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it holds a user name or a password".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it holds a query or a fragment".to_owned());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or("it has no host")?;
        let port = url.port_or_known_default().ok_or("it has no port")?;
        if port == 0 {
            return Err("its port is 0".to_owned());
        }
        let (is_tls, path) = (url.scheme() == "https", url.path().trim_end_matches('/'));
        Ok(Self { host: host.to_owned(), port, is_tls, path: path.to_owned() })
    }

    /// Whether another address is that of the same server: the host in any spelling, the same port,
    /// scheme and path. All loopback addresses are one host.
    #[must_use]
    pub fn is_same_server(&self, other: &Self) -> bool {
        let rest = |address: &Self| (address.port, address.is_tls, address.path.clone());
        let both_local = is_loopback(&self.host) && is_loopback(&other.host);
        rest(self) == rest(other) && (both_local || self.host == other.host)
    }
}

/// Whether a host of a URL is this machine.
fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_address = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_address || host == "localhost"
}

#[cfg(test)]
mod tests {
    use super::BaseAddress;

    #[test]
    fn a_server_is_the_same_however_its_address_is_spelt() {
        let same = |one: &str, other: &str| {
            let read = |text: &str| BaseAddress::read(text).unwrap();
            read(one).is_same_server(&read(other))
        };
        for other in ["http://127.0.0.1:80", "http://LOCALHOST/", "http://[::1]:80/"] {
            assert!(same("http://localhost", other), "{other}");
        }
        assert!(same("https://Old.example.org:443/octo/", "https://old.example.org/octo"));
        for other in
            ["http://localhost:81", "https://localhost:80", "http://localhost/a", "http://a"]
        {
            assert!(!same("http://localhost", other), "{other}");
        }
        assert!(!same("http://a/Octo", "http://a/octo"));
    }

    #[test]
    fn only_a_plain_http_address_is_taken() {
        let address = BaseAddress::read("https://Old.example.org/kanboard").unwrap();
        assert_eq!((address.host.as_str(), address.port), ("old.example.org", 443));
        for text in [
            "old.example.org",
            "ftp://a",
            "http://ada:hunter2@a",
            "http://a/?x=1",
            "http://a/#x",
            "http://a:99999",
            "http://a:0",
            "http://",
            "",
        ] {
            let told = BaseAddress::read(text).unwrap_err();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }
}
