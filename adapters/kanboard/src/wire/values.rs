//! What Kanboard takes as a user's values, and what nobody could sign in with.

use isogloss_canonical::value::{ValueKind, ValueRule};
use isogloss_interop::php::text;
use isogloss_interop::values;

use crate::options::version::Version;

/// The fewest characters of a password.
const PASSWORD_LENGTH: usize = 6;

/// Whether a text is long enough for a password.
pub(crate) fn is_long_enough(text: &str) -> bool {
    text.chars().count() >= PASSWORD_LENGTH
}

/// Kanboard's check is an early form of the one in HTML: ASCII, no dot at the end, two characters
/// after the `@`.
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let in_local = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(&b);
    let in_domain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    !local.is_empty()
        && local.bytes().all(in_local)
        && domain.len() > 1
        && !domain.starts_with('.')
        && !domain.ends_with('.')
        && !domain.contains("..")
        && domain.bytes().all(in_domain)
}

/// The values that a server of this version does not take, or with which nobody could sign in: HTTP
/// Basic ends a name at its first colon, PHP drops `0` and cuts at a NUL, and `jsonrpc` is the
/// application's name (`fixtures/transcripts/kanboard/auth-basic.json`).
pub(crate) fn rules(version: Version) -> impl Iterator<Item = ValueRule> {
    let usernames = version.differences().usernames;
    let own = if usernames.trimmed { NEWER } else { OLDER };
    RULES.iter().chain(own).copied()
}

const RULES: &[ValueRule] = &[
    ValueRule::new(
        ValueKind::Username,
        "that is empty or `0`",
        |name| !["", "0"].contains(&name),
        || "0".to_owned(),
    ),
    ValueRule::new(
        ValueKind::Username,
        "with a colon or a NUL",
        |name| !name.contains([':', '\0']),
        || "a:b".to_owned(),
    ),
    ValueRule::new(
        ValueKind::Username,
        "that is `jsonrpc`",
        |name| name != "jsonrpc",
        || "jsonrpc".to_owned(),
    ),
    ValueRule::new(ValueKind::Password, "shorter than 6 characters", is_long_enough, || {
        "short".to_owned()
    }),
    values::LONGER_THAN_BCRYPT,
    values::NUL,
    ValueRule::new(
        ValueKind::Email,
        "that is not empty and not of the form `name@host` in ASCII",
        |text| text.is_empty() || is_email(text),
        || "no address".to_owned(),
    ),
];

/// Version 1.2.
const NEWER: &[ValueRule] = &[
    ValueRule::new(
        ValueKind::Username,
        "longer than 191 characters",
        |name| is_short(name, 191),
        || "u".repeat(192),
    ),
    ValueRule::new(
        ValueKind::Username,
        "that begins or ends with a blank, a tab or a line end",
        |name| text::trim(name) == name,
        || " ada".to_owned(),
    ),
];

/// Version 1.0.
const OLDER: &[ValueRule] = &[ValueRule::new(
    ValueKind::Username,
    "longer than 50 characters",
    |name| is_short(name, 50),
    || "u".repeat(51),
)];

fn is_short(name: &str, most: usize) -> bool {
    name.chars().count() <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_breaks_its_rule_and_common_values_break_none() {
        for version in [Version::V1_2, Version::V1_0] {
            for rule in rules(version) {
                assert!(!(rule.takes)(&(rule.example)()), "{rule:?}");
                let is_email = rule.kind == ValueKind::Email;
                let common = if is_email { "ada@example.org" } else { "ada.lovelace" };
                assert!((rule.takes)(common), "{rule:?}");
            }
        }
    }
}
