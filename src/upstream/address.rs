//! Parses and checks the base URL of a system.

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
        Ok(Self { host: host.to_owned(), port, is_tls: url.scheme() == "https" })
    }
}

#[cfg(test)]
mod tests {
    use super::BaseAddress;

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
