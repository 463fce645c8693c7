//! The user name and password of a request: HTTP Basic as PHP reads it, or the header that a route's
//! option names.

use std::time::Duration;

use isogloss_canonical::credentials::{Credentials, Lockout};
use isogloss_canonical::http::Request;
use isogloss_canonical::named::Shown;
use isogloss_canonical::secret::Secret;
use isogloss_interop::php::base64;

use crate::options::Options;

/// The user name with which the application signs in. A user of that name cannot.
const APPLICATION: &str = "jsonrpc";

/// Kanboard's lockout: after seven failures in a row the account is locked for a quarter of an hour.
const LOCKOUT: Lockout = Lockout { after: 7, lasting: Duration::from_mins(15) };

/// A user name and a password, as they came.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    /// `None` if it is not text: nobody has such a name.
    user: Option<String>,
    password: Secret,
}

impl Login {
    /// Reads them. What the named header leaves empty is taken from `Authorization`:
    /// `fixtures/transcripts/kanboard/auth-header.json`.
    pub(crate) fn of(request: &Request, header: Option<&str>) -> Self {
        let header = header.and_then(|name| request.joined_header(name)).unwrap_or_default();
        let (user, password) = by_header(&header);
        let basic = request.joined_header("authorization");
        let (basic_user, basic_password) = basic.as_deref().and_then(by_basic).unwrap_or_default();
        let user = first_true([user, basic_user]);
        let password = first_true([password, basic_password]);
        Self { user: String::from_utf8(user).ok(), password: secret(password) }
    }

    /// Whether the application signs in.
    pub(crate) fn is_application(&self) -> bool {
        self.user.as_deref() == Some(APPLICATION)
    }

    /// The credentials by their kind, unchecked.
    pub(crate) fn shown(&self) -> Shown {
        match &self.user {
            Some(_) if self.is_application() => Shown::Key(self.password.clone()),
            Some(user) if !user.is_empty() => Shown::Password(user.clone()),
            Some(_) | None => Shown::Nothing,
        }
    }

    /// The credentials that the gateway has to check; `None` if they can be nobody's.
    pub(crate) fn credentials(&self, options: &Options) -> Option<Credentials> {
        let user = self.user.clone()?;
        let (namespace, secret) = (options.namespace.clone(), self.password.clone());
        if self.is_application() {
            return Some(Credentials::Key { namespace, value: secret, scopes: &[] });
        }
        // There is nobody whose failures could be counted for an empty name.
        let lockout = Some(LOCKOUT).filter(|_| !user.is_empty());
        let user = options.database.user_named(user);
        Some(Credentials::Login { user, secret, keys: Some(namespace), lockout })
    }
}

/// The first value that PHP takes for true, or the empty text. Kanboard drops a user name or password
/// `0` in every version (`MiddlewareHandler` of its JSON-RPC library): a user named `0` cannot sign in.
fn first_true(values: [Vec<u8>; 2]) -> Vec<u8> {
    values.into_iter().find(|value| is_true(value)).unwrap_or_default()
}

/// Whether PHP takes a text for true: it is neither empty nor `0`.
fn is_true(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes != b"0"
}

/// Bytes that are not UTF-8 become a text that nobody's password can be: it ends with a NUL.
fn secret(password: Vec<u8>) -> Secret {
    match String::from_utf8(password) {
        Ok(text) => Secret::new(text),
        Err(flaw) => Secret::new(format!("{}\0", String::from_utf8_lossy(flaw.as_bytes()))),
    }
}

/// The user name and the password around the first colon. What follows a second colon is dropped.
fn by_header(value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    if !is_true(value) {
        return (Vec::new(), Vec::new());
    }
    let decoded = base64::decode(value);
    let mut parts = decoded.split(|byte| *byte == b':').map(<[u8]>::to_vec);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// The user name and the password around the first colon, cut at the first NUL; `None` without a
/// colon.
fn by_basic(value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let mut user = until_nul(base64::decode(rest));
    let colon = user.iter().position(|byte| *byte == b':')?;
    let password = user.split_off(colon + 1);
    user.truncate(colon);
    Some((user, password))
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    bytes.truncate(end);
    bytes
}

#[cfg(test)]
mod tests {
    use ::base64::Engine;
    use ::base64::engine::general_purpose::STANDARD;

    use super::*;

    fn basic(value: &str) -> Option<(String, String)> {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        by_basic(value.as_bytes()).map(|(user, password)| (text(user), text(password)))
    }

    #[test]
    fn basic_is_read_as_php_does() {
        let pair = |user: &str, password: &str| Some((user.to_owned(), password.to_owned()));
        for (value, read) in [
            ("Basic YWRtaW46YTpi", pair("admin", "a:b")),
            ("basic YWRtaW46", pair("admin", "")),
            ("BASIC  YWRt\taW46YQ", pair("admin", "a")),
            ("Basic Og==", pair("", "")),
            ("Basic YWRtaW4=", None),
            ("Basic !!!!", None),
            ("Basic", None),
            ("Bearer YWRtaW46YQ==", None),
        ] {
            assert_eq!(basic(value), read, "{value}");
        }
    }

    #[test]
    fn a_name_or_password_0_is_dropped() {
        let login = |text: &str| {
            let basic = format!("Basic {}", STANDARD.encode(text));
            Login::of(&Request::to("POST", "/jsonrpc.php").with("authorization", basic), None)
        };
        for (text, user, password) in
            [("0:secret1", "", "secret1"), ("00:secret1", "00", "secret1"), ("ada:0", "ada", "")]
        {
            let read = login(text);
            assert_eq!(read.user.as_deref(), Some(user), "{text}");
            assert_eq!(read.password.expose(), password, "{text}");
        }
    }

    #[test]
    fn a_header_is_cut_at_its_second_colon() {
        let read = by_header(b"dHJfaGRyMjpzZWNyZXQxOmlnbm9yZWQ=");
        assert_eq!(read, (b"tr_hdr2".to_vec(), b"secret1".to_vec()));
    }
}
