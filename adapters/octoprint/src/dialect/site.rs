//! The addresses of a request: the client's, the server's as the client sees it through proxies, and
//! paths as Flask reads them.

use std::net::IpAddr;

use isogloss_canonical::http::Request;
use isogloss_interop::percent;

/// The server as the client sees it.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    /// `http` or `https`.
    pub(crate) scheme: String,
    /// The host, with its port if it was given.
    pub(crate) host: String,
    /// The prefix before every path.
    pub(crate) root: String,
    /// The end of every cookie's name. It tells the cookies of servers on one host apart.
    pub(crate) suffix: String,
    /// The client.
    pub(crate) client: Option<IpAddr>,
}

impl Site {
    /// Reads `Host` and the headers that proxies set.
    pub(crate) fn of(request: &Request) -> Self {
        let first = |names: &[&str]| names.iter().find_map(|name| request.header(name));
        let scheme = first(&["x-forwarded-proto", "x-scheme"]).unwrap_or("http");
        let scheme = scheme.split(',').next().unwrap_or_default().trim().to_owned();
        let host = first(&["x-forwarded-host", "host"]).unwrap_or("localhost").to_owned();
        let root = first(&["x-script-name", "x-forwarded-prefix"]).unwrap_or(&request.path_prefix);
        let root = root.trim_end_matches('/').to_owned();
        let mut suffix = format!("_P{}", port(&host, &scheme));
        if !root.is_empty() {
            suffix.push_str("_R");
            suffix.push_str(&root.replace('/', "|"));
        }
        Self { scheme, host, root, suffix, client: request.client }
    }

    /// An absolute address.
    pub(crate) fn absolute(&self, path: &str) -> String {
        format!("{}://{}{}{path}", self.scheme, self.host, self.root)
    }

    /// The network of the client, which limits count by. A client with an IPv6 address has a whole /64
    /// network of addresses.
    pub(crate) fn network(&self) -> String {
        match self.client.map(|ip| ip.to_canonical()) {
            None => String::new(),
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => {
                let [a, b, c, d, ..] = ip.segments();
                format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }

    /// Whether the client's address is private, local or unknown.
    pub(crate) fn is_local(&self) -> bool {
        match self.client {
            None => true,
            Some(IpAddr::V4(ip)) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
            Some(IpAddr::V6(ip)) => {
                ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
            }
        }
    }
}

/// A path as Flask routes it: decoded, so that an encoded slash separates steps.
pub(crate) fn decoded_path(path: &str, root: &str) -> String {
    let path = percent::decode_text(path);
    // A proxy that sends its prefix in a header may have left the prefix in the path.
    let path = match path.strip_prefix(root) {
        Some(below) if !root.is_empty() && below.starts_with('/') => below,
        _ => &path,
    };
    format!("/{}", path.trim_start_matches('/'))
}

/// The port of a host.
fn port(host: &str, scheme: &str) -> String {
    let usual = if scheme == "https" { "443" } else { "80" };
    let tail = host.rsplit_once(']').map_or(host, |(_, tail)| tail);
    match tail.rsplit_once(':') {
        Some((before, port)) if !before.contains(':') => port.trim().to_owned(),
        _ => usual.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_port_of_a_host() {
        assert_eq!(port("a.example:5000", "http"), "5000");
        assert_eq!(port("a.example", "https"), "443");
        assert_eq!(port("[::1]", "http"), "80");
        assert_eq!(port("[::1]:81", "http"), "81");
        assert_eq!(port("fe80::1", "http"), "80");
    }
}
