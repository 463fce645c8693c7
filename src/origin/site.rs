//! Addresses on both sides of the gateway: where the origin is, and where clients find its pages.
//!
//! Example: the origin `http://old:5000` is served at `https://gate.example/octoprint`. Its redirect
//! to `http://old:5000/login/` becomes `https://gate.example/octoprint/login/`, the path `/` of its
//! cookies becomes `/octoprint/`, and a browser's `Origin: https://gate.example` becomes
//! `http://old:5000`.

use crate::origin::incoming::Inbound;

/// Where the origin is.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// `http` or `https`.
    pub(super) scheme: String,
    /// The host, with its port if the URL has one.
    pub(super) authority: String,
    /// The path of its base address, without a slash at its end.
    pub(super) base: String,
}

/// Both sides of one exchange.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sites<'a> {
    pub(super) origin: &'a Site,
    pub(super) inbound: &'a Inbound,
}

/// An absolute address, taken apart.
struct Address<'a> {
    scheme: &'a str,
    authority: &'a str,
    /// Everything after the authority.
    rest: &'a str,
}

impl<'a> Address<'a> {
    /// Reads an address with a scheme and an authority.
    fn read(text: &'a str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        let is_http = ["http", "https"].iter().any(|own| scheme.eq_ignore_ascii_case(own));
        is_http.then_some(Self { scheme, authority, rest })
    }

    /// Whether it is at this authority. The default port of the scheme need not be written.
    fn is_at(&self, authority: &str) -> bool {
        without_port(self.authority, self.scheme)
            .eq_ignore_ascii_case(without_port(authority, self.scheme))
    }
}

/// An authority without the default port of a scheme.
fn without_port<'a>(authority: &'a str, scheme: &str) -> &'a str {
    let port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    authority.strip_suffix(port).unwrap_or(authority)
}

/// What follows a prefix in a path, if the prefix ends where a step of the path ends.
fn below<'a>(path: &'a str, prefix: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(prefix)?;
    (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest)
}

impl Sites<'_> {
    /// The value of `Origin` or `Referer` as the origin's own pages would send it. `None`: it names
    /// another site than the one that the client asks for, and stays as it is: the origin must be
    /// able to see that.
    pub(super) fn to_origin(self, address: &str) -> Option<String> {
        let read = Address::read(address).filter(|read| read.is_at(&self.inbound.host))?;
        let Site { scheme, authority, base } = self.origin;
        let path = match below(read.rest, &self.inbound.prefix) {
            Some(rest) if !read.rest.is_empty() => format!("{base}{rest}"),
            Some(_) | None => read.rest.to_owned(),
        };
        Some(format!("{scheme}://{authority}{path}"))
    }

    /// The value of `Location` as the client must see it. `None`: it stays as it is.
    pub(super) fn to_client(self, location: &str) -> Option<String> {
        if location.starts_with('/') && !location.starts_with("//") {
            return self.client_path(location);
        }
        let read = Address::read(location)?;
        let Inbound { scheme, host, .. } = self.inbound;
        if read.is_at(&self.origin.authority)
            && read.scheme.eq_ignore_ascii_case(&self.origin.scheme)
        {
            let path = self.client_path(read.rest).unwrap_or_else(|| read.rest.to_owned());
            let site = if host.is_empty() { String::new() } else { format!("{scheme}://{host}") };
            return Some(format!("{site}{path}"));
        }
        // The origin knows how its clients reach it. It need not know the path prefix.
        let Address { scheme, authority, rest } = read;
        let known =
            !host.is_empty() && without_port(authority, scheme) == without_port(host, scheme);
        let path = self.client_path(rest).filter(|_| known)?;
        Some(format!("{scheme}://{authority}{path}"))
    }

    /// A path of the origin as the client must see it. `None`: it stays as it is. An origin that
    /// heeds `X-Forwarded-Prefix` has put the prefix before the path already.
    fn client_path(self, path: &str) -> Option<String> {
        let (prefix, base) = (&self.inbound.prefix, &self.origin.base);
        if prefix == base || prefix.len() > base.len() && below(path, prefix).is_some() {
            return None;
        }
        let rest = below(path, base)?;
        let path = format!("{prefix}{rest}");
        Some(if path.starts_with('/') { path } else { format!("/{path}") })
    }

    /// The path of a cookie as the client must see it. `None`: it stays as it is. A path that is
    /// wider than the origin's base address would send the cookie to other routes.
    pub(super) fn cookie_path(self, path: &str) -> Option<String> {
        let base = &self.origin.base;
        let step = path.trim_end_matches('/');
        if step.len() < base.len() && below(base, step).is_some() {
            return Some(format!("{}/", self.inbound.prefix));
        }
        self.client_path(path)
    }

    /// Whether a cookie's `Domain` is the origin's, so that a client of the gateway would refuse it.
    pub(super) fn is_origins_domain(self, domain: &str) -> bool {
        let domain = domain.trim_start_matches('.');
        let holds = |authority: &str| {
            let host = host_name(authority).to_ascii_lowercase();
            let domain = domain.to_ascii_lowercase();
            host == domain || host.ends_with(&format!(".{domain}"))
        };
        !domain.is_empty() && holds(&self.origin.authority) && !holds(&self.inbound.host)
    }
}

/// An authority without its port.
fn host_name(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(base: &str, prefix: &str) -> (Site, Inbound) {
        let site = Site {
            scheme: "http".to_owned(),
            authority: "old:5000".to_owned(),
            base: base.to_owned(),
        };
        let inbound = Inbound {
            scheme: "https".to_owned(),
            host: "gate.example".to_owned(),
            prefix: prefix.to_owned(),
            ..Inbound::default()
        };
        (site, inbound)
    }

    /// What becomes of a `Location`, by the base path of the origin and the prefix of the route.
    fn location(base: &str, prefix: &str, text: &str) -> String {
        let (origin, inbound) = sites(base, prefix);
        let sites = Sites { origin: &origin, inbound: &inbound };
        sites.to_client(text).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn a_redirect_stays_behind_the_gateway() {
        for (base, prefix, text, expected) in [
            ("", "/o", "/login/", "/o/login/"),
            ("", "/o", "/o/login/?redirect=/o/", "/o/login/?redirect=/o/"),
            ("", "/o", "/other", "/o/other"),
            ("", "/o", "http://old:5000/x?y", "https://gate.example/o/x?y"),
            ("", "/o", "http://old:5000", "https://gate.example/o"),
            ("", "/o", "https://gate.example:443/x", "https://gate.example:443/o/x"),
            ("", "/o", "https://gate.example/o/x", "https://gate.example/o/x"),
            ("", "/o", "login", "login"),
            ("", "/o", "//elsewhere/x", "//elsewhere/x"),
            ("", "/o", "https://elsewhere/x", "https://elsewhere/x"),
            ("", "/o", "https://old:5000/x", "https://old:5000/x"),
            ("", "", "/login", "/login"),
            ("", "", "http://old:5000/login", "https://gate.example/login"),
            ("/kb", "", "/kb/login", "/login"),
            ("/kb", "", "/kb", "/"),
            ("/kb", "", "/kbx", "/kbx"),
            ("/kb", "/kanboard", "/kb/?x", "/kanboard/?x"),
            ("/kb", "/kanboard", "/kanboard/x", "/kanboard/x"),
            ("/kb", "/kb", "/kb/x", "/kb/x"),
            ("/kb", "/k", "http://old:5000/elsewhere", "https://gate.example/elsewhere"),
        ] {
            assert_eq!(location(base, prefix, text), expected, "{base:?} {prefix:?} {text}");
        }
    }

    #[test]
    fn a_cookie_is_of_the_route_only() {
        for (base, prefix, path, expected) in [
            ("", "/o", "/", Some("/o/")),
            ("", "/o", "/o/", None),
            ("", "/o", "/admin", Some("/o/admin")),
            ("/kb", "/o", "/", Some("/o/")),
            ("/kb", "/o", "/kb/", Some("/o/")),
            ("/kb", "", "/", Some("/")),
            ("/kb", "/kb", "/", Some("/kb/")),
            ("/kb", "/o", "/elsewhere", None),
            ("", "", "/", None),
        ] {
            let (origin, inbound) = sites(base, prefix);
            let sites = Sites { origin: &origin, inbound: &inbound };
            assert_eq!(sites.cookie_path(path).as_deref(), expected, "{base:?} {prefix:?} {path}");
        }
    }

    #[test]
    fn another_site_stays_another_site() {
        let (origin, inbound) = sites("/kb", "/o");
        let sites = Sites { origin: &origin, inbound: &inbound };
        for (text, expected) in [
            ("https://gate.example", Some("http://old:5000")),
            ("http://GATE.example:80", Some("http://old:5000")),
            ("https://gate.example/o/login/?x", Some("http://old:5000/kb/login/?x")),
            ("https://gate.example/other", Some("http://old:5000/other")),
            ("https://gate.example:8443", None),
            ("https://gate.example.evil", None),
            ("https://evil/gate.example", None),
            ("null", None),
        ] {
            assert_eq!(sites.to_origin(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_domain_of_the_origin_is_not_the_clients() {
        let (mut origin, inbound) = sites("", "");
        origin.authority = "old.example:5000".to_owned();
        let sites = Sites { origin: &origin, inbound: &inbound };
        assert!(sites.is_origins_domain("old.example") && sites.is_origins_domain(".old.example"));
        assert!(!sites.is_origins_domain("example") && !sites.is_origins_domain("gate.example"));
    }
}
