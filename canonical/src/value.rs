//! The values that a system does not take, as data. The gateway checks them before it sends anything,
//! and the matrix lists them.
//!
//! A system can take a value and still harm its owner: a password that is cut, or a name that its
//! login page reads otherwise. Such values are listed too, because nobody could sign in with them.

use std::fmt;

use crate::fault::{Fault, FaultKind, Subject};
use crate::secret::Secret;
use crate::user::{NewUser, User, UserPatch};

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ValueKind {
    /// The user name.
    Username,
    /// A password that is set. `None` in a command is no password.
    Password,
    /// The e-mail address.
    Email,
    /// The full name, or one of the two names.
    FullName,
    /// The name of a team.
    TeamName,
}

impl ValueKind {
    /// Its name in the matrix.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Username => "user name",
            Self::Password => "password",
            Self::Email => "e-mail address",
            Self::FullName => "full name",
            Self::TeamName => "name of a team",
        }
    }

    /// What a fault about such a value is about.
    const fn subject(self) -> Subject {
        match self {
            Self::Username => Subject::Username,
            Self::Password => Subject::Password,
            Self::Email => Subject::Email,
            Self::FullName => Subject::User,
            Self::TeamName => Subject::Group,
        }
    }
}

/// A rule of a system: which values it does not take. Example: `password`, `shorter than 6
/// characters`.
#[derive(Clone, Copy)]
pub struct ValueRule {
    /// What the rule is about.
    pub kind: ValueKind,
    /// The values that are not taken, in words for the matrix.
    pub refused: &'static str,
    /// Whether a value is taken.
    pub takes: fn(&str) -> bool,
    /// A value that is not taken, for the tests.
    pub example: fn() -> String,
    /// Whether the rule holds only for a person or a team that is created.
    pub only_new: bool,
}

impl ValueRule {
    /// A rule that holds at every time.
    #[must_use]
    pub const fn new(
        kind: ValueKind,
        refused: &'static str,
        takes: fn(&str) -> bool,
        example: fn() -> String,
    ) -> Self {
        Self { kind, refused, takes, example, only_new: false }
    }

    /// The same rule for creations only.
    #[must_use]
    pub const fn only_new(self) -> Self {
        Self { only_new: true, ..self }
    }
}

/// Two rules are equal if they say the same.
impl PartialEq for ValueRule {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, self.refused, self.only_new) == (other.kind, other.refused, other.only_new)
    }
}

impl Eq for ValueRule {}

impl fmt::Debug for ValueRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind.as_str(), self.refused)
    }
}

/// Whose values are checked.
#[derive(Clone, Copy, Debug)]
pub enum Target<'u> {
    /// A person or a team that is created.
    New,
    /// A person who exists: a value that they have already is not checked.
    User(&'u User),
    /// A team that exists.
    Team,
}

/// Checks values by these rules. The fault is [`FaultKind::Invalid`] about the value, and its detail
/// has the rule, never the value.
pub fn check<'v>(
    rules: &[ValueRule],
    values: impl IntoIterator<Item = (ValueKind, &'v str)>,
    target: Target<'_>,
) -> Result<(), Fault> {
    values.into_iter().try_for_each(|(kind, value)| check_one(rules, kind, value, target))
}

fn check_one(
    rules: &[ValueRule],
    kind: ValueKind,
    value: &str,
    target: Target<'_>,
) -> Result<(), Fault> {
    let is_new = match target {
        Target::User(known) if has(known, kind, value) => return Ok(()),
        Target::User(_) | Target::Team => false,
        Target::New => true,
    };
    let holds = |rule: &&ValueRule| rule.kind == kind && (is_new || !rule.only_new);
    match rules.iter().filter(holds).find(|rule| !(rule.takes)(value)) {
        None => Ok(()),
        Some(rule) => {
            let detail = format!("the system takes no {} {}", kind.as_str(), rule.refused);
            Err(Fault::new(FaultKind::Invalid, detail).about(kind.subject()))
        }
    }
}

/// Whether a person has this value already.
fn has(known: &User, kind: ValueKind, value: &str) -> bool {
    let own = match kind {
        ValueKind::Username => return known.username == value,
        ValueKind::Email => [&known.email, &None, &None],
        ValueKind::FullName => [&known.display_name, &known.given_name, &known.family_name],
        ValueKind::Password | ValueKind::TeamName => return false,
    };
    own.into_iter().any(|own| own.as_deref() == Some(value))
}

/// The values of a new person that a system could refuse.
#[must_use]
pub fn of_new(user: &NewUser) -> Vec<(ValueKind, &str)> {
    given([
        (ValueKind::Username, Some(user.username.as_str())),
        (ValueKind::Password, user.password.as_ref().map(Secret::expose)),
        (ValueKind::Email, user.email.as_deref()),
        (ValueKind::FullName, user.display_name.as_deref()),
        (ValueKind::FullName, user.given_name.as_deref()),
        (ValueKind::FullName, user.family_name.as_deref()),
    ])
}

/// The values of a change that a system could refuse.
#[must_use]
pub fn of_patch(patch: &UserPatch) -> Vec<(ValueKind, &str)> {
    let password = patch.password.as_ref().and_then(Option::as_ref);
    given([
        (ValueKind::Username, patch.username.as_deref()),
        (ValueKind::Password, password.map(Secret::expose)),
        (ValueKind::Email, patch.email.iter().flatten().next().map(String::as_str)),
        (ValueKind::FullName, patch.display_name.iter().flatten().next().map(String::as_str)),
        (ValueKind::FullName, patch.given_name.iter().flatten().next().map(String::as_str)),
        (ValueKind::FullName, patch.family_name.iter().flatten().next().map(String::as_str)),
    ])
}

fn given<const N: usize>(all: [(ValueKind, Option<&str>); N]) -> Vec<(ValueKind, &str)> {
    all.into_iter().filter_map(|(kind, value)| Some((kind, value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: [ValueRule; 3] = [
        ValueRule::new(
            ValueKind::Password,
            "shorter than 6 characters",
            |text| text.chars().count() >= 6,
            || "short".to_owned(),
        ),
        ValueRule::new(
            ValueKind::Username,
            "with a colon",
            |text| !text.contains(':'),
            || "a:b".to_owned(),
        ),
        ValueRule::new(
            ValueKind::Username,
            "with a blank",
            |text| !text.contains(' '),
            || "a b".to_owned(),
        )
        .only_new(),
    ];

    #[test]
    fn a_value_that_breaks_a_rule_is_named_but_not_shown() {
        let refused = |name: &str, password: &str| {
            let (username, password) = (name.to_owned(), Some(password.into()));
            let user = NewUser { username, password, ..NewUser::default() };
            check(&RULES, of_new(&user), Target::New).err()
        };
        assert!(refused("ada", "secret").is_none());
        let short = refused("ada", "short").unwrap();
        assert_eq!((short.kind, short.subject), (FaultKind::Invalid, Some(Subject::Password)));
        assert_eq!(short.detail, "the system takes no password shorter than 6 characters");
        assert_eq!(refused("a:b", "secret").unwrap().subject, Some(Subject::Username));
    }

    fn renamed(known: &str, name: &str) -> Result<(), Fault> {
        let patch = UserPatch { username: Some(name.to_owned()), ..UserPatch::default() };
        check(&RULES, of_patch(&patch), Target::User(&User::seen(known)))
    }

    #[test]
    fn what_a_person_has_already_is_not_checked() {
        assert!(renamed("a:b", "a:b").is_ok());
        assert!(renamed("ada", "a:b").is_err());
    }

    #[test]
    fn a_rule_for_creations_holds_for_nobody_else() {
        let new = NewUser { username: "a b".to_owned(), ..NewUser::default() };
        assert!(check(&RULES, of_new(&new), Target::New).is_err());
        assert!(renamed("ada", "a b").is_ok());
    }
}
