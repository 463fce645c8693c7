//! Checks the addresses to listen on, and URLs that lead back to them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::config::check::report::Check;
use crate::config::finding::Key;
use crate::upstream::address::BaseAddress;

/// The valid addresses to listen on, for messages.
const EXPECTED: &str = "an IP address or host name and a port, such as 127.0.0.1:8080";

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listener {
    host: String,
    port: u16,
}

impl Listener {
    /// Parses an address. No name is resolved.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(Self { host: address.ip().to_string(), port: address.port() });
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err(format!("{text:?} has no port"));
        };
        let Ok(port) = port.parse() else {
            return Err(format!("{port:?} is no port from 0 to 65535"));
        };
        if !is_host_name(host) {
            return Err(format!("{host:?} is neither an IP address nor a host name"));
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// Whether both addresses cannot be bound together, or one receives connections to the other.
    fn meets(&self, host: &str, port: u16) -> bool {
        let (own, other) = (ip(&self.host), ip(host));
        self.port == port
            && self.port != 0
            && match (own, other) {
                (Some(own), Some(other)) => {
                    own == other
                        || own.is_ipv4() == other.is_ipv4()
                            && (own.is_unspecified() || other.is_unspecified())
                }
                _ => self.host == host,
            }
    }

    /// Whether a URL certainly leads to this address. Host names are not resolved.
    fn is_led_to_by(&self, url: &BaseAddress) -> bool {
        let leads = match (ip(&self.host), ip(&url.host)) {
            (Some(own), Some(other)) => {
                own == other
                    || other.is_unspecified()
                    || own.is_unspecified() && other.is_loopback()
            }
            _ => self.host == url.host,
        };
        leads && self.port == url.port
    }
}

/// Parses an IP address. `localhost` is accepted too.
fn ip(host: &str) -> Option<IpAddr> {
    if host == "localhost" {
        return Some(Ipv4Addr::LOCALHOST.into());
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let v6 = bare.parse::<Ipv6Addr>().map(IpAddr::from);
    bare.parse().or(v6).ok()
}

/// Whether a text is a host name or an IPv4 address, without a port.
pub(super) fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

/// All addresses to listen on, as written, with their keys.
pub(super) fn all(check: &Check<'_>) -> BTreeMap<String, Key> {
    let settings = &check.loaded.settings;
    let mut all = BTreeMap::new();
    for (index, route) in settings.route.iter().enumerate() {
        let (listen, key) = match &route.listen {
            Some(own) => (own, Key::route(index, &["listen"])),
            None => (&settings.server.listen, Key::of(&["server", "listen"])),
        };
        all.entry(listen.clone()).or_insert(key);
    }
    all
}

pub(super) fn check(check: &mut Check<'_>) {
    let settings = &check.loaded.settings;
    let own = settings.route.iter().enumerate().filter_map(|(index, route)| {
        route.listen.as_ref().map(|own| (own.clone(), Key::route(index, &["listen"])))
    });
    let server = (settings.server.listen.clone(), Key::of(&["server", "listen"]));
    let written: Vec<_> = own.chain([server]).collect();
    for (text, key) in &written {
        if let Err(problem) = Listener::read(text) {
            check.refuse(key, problem, EXPECTED);
        }
    }
    clashes(check);
    loops(check);
}

/// Refuses two different texts for addresses that cannot be bound together.
fn clashes(check: &mut Check<'_>) {
    let mut bound: Vec<(Listener, String)> = Vec::new();
    for (text, key) in all(check) {
        let Ok(listener) = Listener::read(&text) else { continue };
        let other = bound.iter().find(|(other, _)| other.meets(&listener.host, listener.port));
        if let Some((_, other)) = other {
            let problem = format!("{text} cannot be listened on in addition to {other}");
            check.refuse(&key, problem, format!("another port, or exactly {other:?}"));
        }
        bound.push((listener, text));
    }
}

/// Refuses a backend or an origin that is the gateway itself.
fn loops(check: &mut Check<'_>) {
    let settings = &check.loaded.settings;
    let listeners: Vec<_> =
        all(check).into_keys().filter_map(|text| Listener::read(&text).ok()).collect();
    let hosts = settings.route.iter().filter_map(|route| route.host.as_ref());
    let hosts: BTreeSet<_> = hosts.map(|host| host.to_ascii_lowercase()).collect();
    let backends = settings.backend.iter().filter_map(|(name, backend)| {
        backend.url.as_ref().map(|url| (url, Key::backend(name, &["url"])))
    });
    let origins = settings.route.iter().enumerate().filter_map(|(index, route)| {
        let origin = route.origin.as_ref();
        origin.map(|origin| (&origin.url, Key::route(index, &["origin", "url"])))
    });
    for (url, key) in backends.chain(origins).collect::<Vec<_>>() {
        let Ok(address) = BaseAddress::read(url.as_str()) else { continue };
        if listeners.iter().any(|listener| listener.is_led_to_by(&address)) {
            let problem = format!("{} is an address of the gateway itself", url.masked());
            check.refuse(&key, problem, "the URL of another server");
        } else if hosts.contains(&address.host) {
            let problem = format!("{} has the host name of a route", url.masked());
            let expected = "a name that does not lead back to the gateway";
            check.warn(&key, problem, expected);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_a_port() {
        for text in ["127.0.0.1:0", "localhost:8080", "[::1]:80", "gate.example.org:65535"] {
            assert!(Listener::read(text).is_ok(), "{text}");
        }
        for text in ["localhost", "127.0.0.1:99999", "", ":80", "::1", "a b:80", "http://a:80"] {
            assert!(Listener::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_url_leads_back_only_where_that_is_certain() {
        let leads = |listen: &str, url: &str| {
            Listener::read(listen).unwrap().is_led_to_by(&BaseAddress::read(url).unwrap())
        };
        assert!(leads("127.0.0.1:80", "http://localhost/"));
        assert!(leads("0.0.0.0:8080", "http://127.0.0.1:8080/kanboard"));
        assert!(leads("[::]:8080", "http://[::1]:8080"));
        assert!(!leads("0.0.0.0:8080", "http://192.0.2.1:8080"));
        assert!(!leads("127.0.0.1:80", "https://127.0.0.1"));
    }

    #[test]
    fn an_address_meets_itself_however_it_is_written() {
        let meets = |one: &str, other: &str| {
            let other = Listener::read(other).unwrap();
            Listener::read(one).unwrap().meets(&other.host, other.port)
        };
        assert!(meets("0.0.0.0:80", "127.0.0.1:80"));
        assert!(meets("localhost:80", "127.0.0.1:80"));
        assert!(meets("[::1]:80", "[0:0::1]:80"));
        assert!(!meets("127.0.0.1:80", "127.0.0.2:80"));
        assert!(!meets("127.0.0.1:0", "127.0.0.1:0"));
    }
}
