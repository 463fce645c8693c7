//! What Kanboard accepts as a user's values. It runs all validators, even when the first has refused:
//! a value of a type that one of them cannot handle is an uncaught error in any case.

use isogloss_interop::php::value::Php;

use crate::dialect::failure::{Abort, Failure};
use crate::options::version::{Arrays, Differences, Roles};
use crate::roles::role_named;
use crate::wire::values;

/// The most characters of a group's name where the database has a limit.
pub(crate) const NAME_LENGTH: usize = 191;
/// The most characters of another text where the database has a limit.
pub(crate) const TEXT_LENGTH: usize = 255;

/// Values as a caller gave them; null if a field is not given.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Values<'a> {
    /// The user name.
    pub(crate) username: &'a Php,
    /// The e-mail address.
    pub(crate) email: &'a Php,
    /// The role.
    pub(crate) role: &'a Php,
}

impl Values<'_> {
    /// Whether the given values are valid. Whether the name is taken is checked later.
    pub(crate) fn are_valid(&self, differences: &Differences) -> Result<bool, Failure> {
        check_type(self.username, differences.arrays)?;
        check_type(self.email, differences.arrays)?;
        let short = length(self.username) <= differences.usernames.most;
        Ok(short && is_email(self.email) && is_accepted(self.role, differences.roles))
    }
}

/// Whether a password is long enough. An array has no length.
pub(crate) fn is_password(password: &Php, arrays: Arrays) -> Result<bool, Failure> {
    check_type(password, arrays)?;
    let is_measured = password.is_given() && !password.is_array();
    Ok(is_measured && values::is_long_enough(&password.to_text()))
}

/// Kanboard measures the text: `fixtures/transcripts/kanboard/rpc-batch.json` and
/// `fixtures/transcripts/kanboard10/rpc-batch.json`.
pub(crate) fn check_type(value: &Php, arrays: Arrays) -> Result<(), Failure> {
    match arrays {
        Arrays::Uncaught if value.is_array() => Err(Abort::Uncaught.into()),
        Arrays::Uncaught | Arrays::Word => Ok(()),
    }
}

fn length(value: &Php) -> usize {
    value.to_text().chars().count()
}

fn is_accepted(role: &Php, roles: Roles) -> bool {
    match roles {
        Roles::Known => is_role(role),
        Roles::AnyText(most) => length(role) <= most,
    }
}

/// Kanboard compares loosely: `true` equals each of the three roles, and is stored as `"1"`.
fn is_role(value: &Php) -> bool {
    match value {
        Php::Text(text) => text.is_empty() || role_named(text).is_some(),
        Php::Null | Php::Bool(true) => true,
        Php::Bool(false) | Php::Int(_) | Php::Float(_) | Php::Array(_) | Php::Object(_) => false,
    }
}

/// A number or a boolean is refused.
fn is_email(value: &Php) -> bool {
    match value {
        value if !value.is_given() => true,
        Php::Text(text) => values::is_email(text),
        Php::Null | Php::Bool(_) | Php::Int(_) | Php::Float(_) | Php::Array(_) | Php::Object(_) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_as_in_html() {
        for good in ["", "a@bc", "a.b+c@example-1.org", "a..b@ex", "'@b-", "a@-b"] {
            assert!(is_email(&Php::from(good)), "{good:?}");
        }
        for bad in
            ["a", "@bc", "a@", "a@b", "a@bc.", "a@.b", "a@b..c", "a b@cd", "a@@bc", "é@bc", " "]
        {
            assert!(!is_email(&Php::from(bad)), "{bad:?}");
        }
        assert!(is_email(&Php::Null) && !is_email(&Php::Int(1)) && !is_email(&Php::Bool(false)));
    }

    #[test]
    fn roles_are_compared_loosely() {
        for good in [Php::from("app-user"), Php::from(""), Php::Null, Php::Bool(true)] {
            assert!(is_role(&good), "{good:?}");
        }
        for bad in [Php::from("APP-USER"), Php::from("1"), Php::Bool(false), Php::Int(1)] {
            assert!(!is_role(&bad), "{bad:?}");
        }
    }
}
