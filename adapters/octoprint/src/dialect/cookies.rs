//! Cookies. Their names end with the site's suffix, which tells servers on one host apart.

use isogloss_canonical::http::Request;

use crate::dialect::site::Site;

/// The session.
pub(crate) const SESSION: &str = "session";
/// The token of "remember me".
pub(crate) const REMEMBER: &str = "remember_token";
/// The CSRF token.
pub(crate) const CSRF: &str = "csrf_token";
/// Says that the user logged out, so that `autologin_as` does not sign them in again.
pub(crate) const ACTIVE_LOGOUT: &str = "active_logout";

/// The cookies of a request, and those that the answer sets. They are secrets, so there is no `Debug`.
pub(crate) struct Cookies {
    sent: Vec<(String, String)>,
    set: Vec<String>,
    suffix: String,
    path: String,
    secure: bool,
}

impl Cookies {
    /// Reads the cookies of a request. One whose name has the suffix wins over one without.
    pub(crate) fn of(request: &Request, site: &Site) -> Self {
        let headers = request.headers.iter().filter(|(name, _)| name == "cookie");
        let headers = headers.filter_map(|(_, value)| std::str::from_utf8(value).ok());
        let pairs = headers.flat_map(|header| header.split(';'));
        let pairs = pairs.filter_map(|pair| pair.trim().split_once('='));
        let mut plain = Vec::new();
        let mut sent = Vec::new();
        for (name, value) in pairs {
            let value = value.trim().trim_matches('"').to_owned();
            match name.trim().strip_suffix(&site.suffix) {
                Some(name) => sent.push((name.to_owned(), value)),
                None => plain.push((name.trim().to_owned(), value)),
            }
        }
        sent.extend(plain);
        Self {
            sent,
            set: Vec::new(),
            suffix: site.suffix.clone(),
            path: format!("{}/", site.root),
            secure: site.scheme == "https",
        }
    }

    /// The value of a cookie that the client sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.sent.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// Sets a cookie that scripts may not read.
    pub(crate) fn set_hidden(&mut self, name: &str, value: &str, lasting: Option<&str>) {
        self.put(name, value, lasting.unwrap_or_default(), "; HttpOnly");
    }

    /// Sets a cookie that scripts may read.
    pub(crate) fn set_open(&mut self, name: &str, value: &str) {
        self.put(name, value, "", "");
    }

    /// Removes a cookie, with and without the suffix.
    pub(crate) fn remove(&mut self, name: &str) {
        const GONE: &str = "; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0";
        self.put(name, "", GONE, "");
        self.set.push(format!("{name}={GONE}; Path=/"));
    }

    /// The values of the `Set-Cookie` headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = String> {
        self.set.iter().cloned()
    }

    fn put(&mut self, name: &str, value: &str, lasting: &str, hidden: &str) {
        let secure = if self.secure { "; Secure" } else { "" };
        let (suffix, path) = (&self.suffix, &self.path);
        let more = format!("{lasting}{secure}{hidden}; Path={path}; SameSite=Lax");
        self.set.push(format!("{name}{suffix}={value}{more}"));
    }
}
