//! Who calls: HTTP Basic as PHP reads it, and the header that a server may be told to read instead.

use std::time::Duration;

use isogloss_canonical::credentials::{Credentials, Lockout};
use isogloss_canonical::http::Request;
use isogloss_canonical::secret::Secret;

use crate::dialect::Kanboard;

/// The user name that stands for the application itself, however a person may be named.
pub(crate) const APPLICATION: &str = "jsonrpc";

/// Kanboard's own: more than six failures in a row lock for a quarter of an hour.
const LOCKOUT: Lockout = Lockout { after: 7, lasting: Duration::from_mins(15) };

/// A name and a password as they came.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    /// `None` if it is not text: nobody has such a name.
    pub(crate) user: Option<String>,
    password: Secret,
}

impl Shown {
    /// Reads them. What the header leaves empty is taken from Authorization:
    /// `fixtures/transcripts/kanboard/auth-header.json`.
    pub(crate) fn of(request: &Request, header: Option<&str>) -> Self {
        let header = header.and_then(|name| request.joined_header(name)).unwrap_or_default();
        let (user, password) = by_header(&header);
        let basic = request.joined_header("authorization");
        let (basic_user, basic_password) = basic.as_deref().and_then(by_basic).unwrap_or_default();
        let user = if is_true(&user) { user } else { basic_user };
        let password = if is_true(&password) { password } else { basic_password };
        let user = if is_true(&user) { user } else { Vec::new() };
        let password = if is_true(&password) { password } else { Vec::new() };
        Self { user: String::from_utf8(user).ok(), password: secret(password) }
    }

    /// What the gateway is to prove. A locked account and a wrong password are refused alike.
    pub(crate) fn credentials(&self, dialect: &Kanboard) -> Option<Credentials> {
        let user = self.user.clone()?;
        let namespace = dialect.shape.namespace.clone();
        if user == APPLICATION {
            return Some(Credentials::Key { namespace, value: self.password.clone(), scopes: &[] });
        }
        // Nobody's failures are counted for an empty name.
        let lockout = Some(LOCKOUT).filter(|_| !user.is_empty());
        Some(Credentials::Login {
            user: dialect.shape.database.named(user),
            secret: self.password.clone(),
            keys: Some(namespace),
            lockout,
        })
    }
}

/// What PHP takes for true: neither nothing nor a nought.
fn is_true(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes != b"0"
}

/// Bytes that are not text are no password that anybody could have set.
fn secret(password: Vec<u8>) -> Secret {
    match String::from_utf8(password) {
        Ok(text) => Secret::new(text),
        Err(flaw) => Secret::new(format!("{}\0", String::from_utf8_lossy(flaw.as_bytes()))),
    }
}

/// The parts around the first colon; what follows a second one is dropped.
fn by_header(value: &[u8]) -> (Vec<u8>, Vec<u8>) {
    if !is_true(value) {
        return (Vec::new(), Vec::new());
    }
    let decoded = decoded(value);
    let mut parts = decoded.split(|byte| *byte == b':').map(<[u8]>::to_vec);
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

/// The parts around the first colon, each ending at a NUL; nothing without a colon.
fn by_basic(value: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let (scheme, rest) = value.split_at_checked(6)?;
    if !scheme.eq_ignore_ascii_case(b"basic ") {
        return None;
    }
    let mut user = until_nul(decoded(rest));
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

/// PHP's lenient decoding: characters that are not base64 are passed over, padding is not needed.
fn decoded(value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(value.len() * 3 / 4);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in value.iter().filter_map(|byte| sextet(*byte)) {
        bits = (bits << 6 | u32::from(digit)) & 0x3fff;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from(bits >> held & 0xff).unwrap_or_default());
        }
    }
    bytes
}

fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
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
    fn a_header_is_cut_at_its_second_colon() {
        let read = by_header(b"dHJfaGRyMjpzZWNyZXQxOmlnbm9yZWQ=");
        assert_eq!(read, (b"tr_hdr2".to_vec(), b"secret1".to_vec()));
    }
}
