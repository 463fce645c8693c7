//! Who calls: the application with its token, or a user with a password or a personal token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::call::Refusal;
use super::{Fake, User};

/// The failure in a row that locks.
pub(super) const LOCKS: u32 = 7;
/// The user name of the application.
const APPLICATION: &str = "jsonrpc";

/// Who calls.
#[derive(Debug)]
pub(super) enum Caller {
    Application,
    /// The row of a user as it was when the request began.
    User(Box<User>),
}

/// The credentials of a request.
#[derive(Debug, Default)]
pub(crate) struct Credentials {
    /// The header `Authorization`.
    pub(crate) basic: String,
    /// The header that the server reads instead.
    pub(crate) own: String,
}

impl Credentials {
    /// The name and the secret. What the server's own header does not have comes from `Authorization`.
    fn pair(&self) -> Option<(String, String)> {
        let decoded = |text: &str| {
            String::from_utf8(STANDARD.decode(text).ok()?).ok().filter(|text| !text.is_empty())
        };
        let scheme = |(scheme, _): &(&str, &str)| scheme.eq_ignore_ascii_case("Basic");
        let basic = self.basic.split_once(' ').filter(scheme).and_then(|(_, text)| decoded(text));
        let (name, secret) =
            basic.as_ref().and_then(|pair| pair.split_once(':')).unwrap_or_default();
        let own = decoded(&self.own).unwrap_or_default();
        let mut parts = own.split(':');
        let mut part = || parts.next().filter(|part| !part.is_empty());
        let (own_name, own_secret) = (part(), part());
        let (name, secret) = (own_name.unwrap_or(name), own_secret.unwrap_or(secret));
        (!name.is_empty()).then(|| (name.to_owned(), secret.to_owned()))
    }
}

impl Fake {
    /// Proves a caller. The row of a user is read once in a request; whether the credentials are right
    /// is checked for each call.
    pub(super) fn caller(
        &mut self,
        credentials: &Credentials,
        known: Option<&User>,
    ) -> Result<Caller, Refusal> {
        let (name, secret) = credentials.pair().ok_or(Refusal::Unauthorized)?;
        if name == APPLICATION {
            let right = secret == self.application && !secret.is_empty();
            return if right { Ok(Caller::Application) } else { Err(Refusal::Unauthorized) };
        }
        let found = self.users.iter_mut().find(|user| user.username == name);
        let user = found.ok_or(Refusal::Unauthorized)?;
        if user.failures >= LOCKS {
            return Err(Refusal::Unauthorized);
        }
        if !user.active || !user.is_proved_by(&secret) {
            user.failures += 1;
            return Err(Refusal::Unauthorized);
        }
        user.failures = 0;
        let row = known.filter(|known| known.id == user.id).unwrap_or(user);
        Ok(Caller::User(Box::new(row.clone())))
    }

    /// Removes the lock of a user, as an administrator does on the web page.
    pub(crate) fn unlock(&mut self, username: &str) {
        let locked = self.users.iter_mut().filter(|user| user.username == username);
        locked.for_each(|user| user.failures = 0);
    }
}

impl User {
    /// Whether a secret is the personal token, or the password of a user without a second factor.
    fn is_proved_by(&self, secret: &str) -> bool {
        let used = |text: &str| text.as_bytes()[..text.len().min(72)].to_vec();
        let by_password = self.second_factor.is_none() && used(&self.password) == used(secret);
        self.token.as_deref() == Some(secret) || by_password
    }
}
