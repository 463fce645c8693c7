//! What RhodeCode takes as values of a user and a user group, and what nobody could sign in with.

use std::ops::RangeInclusive;

use isogloss_canonical::value::{ValueKind, ValueRule};
use isogloss_interop::python::text;
use isogloss_interop::values;

use crate::options::version::Differences;

/// The name of RhodeCode's user 1. It is no person's account, but it is found, shown and given
/// permissions: they are everybody's.
pub(crate) const DEFAULT_USER: &str = "default";

/// How many letters of a password the login page takes.
pub(crate) const LETTERS: RangeInclusive<usize> = 3..=72;

/// Whether the login page takes a name as it is: it takes white space off.
pub(crate) fn is_stripped(name: &str) -> bool {
    text::strip(name) == name
}

/// Whether the schema of 4.26 takes a user name.
pub(crate) fn is_username(name: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match before_line_end(name).as_bytes().split_first() {
        Some((first, rest)) => {
            let inner = |byte: &u8| word(*byte) || matches!(byte, b'-' | b'.');
            word(*first) && rest.len() <= 254 && rest.iter().all(inner)
        }
        None => false,
    }
}

/// Whether the schema of 4.26 takes the name of a user group.
pub(crate) fn is_group_name(name: &str) -> bool {
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    match before_line_end(name).as_bytes().split_first() {
        Some((first, rest)) => {
            first.is_ascii_alphanumeric() && !rest.is_empty() && rest.iter().all(inner)
        }
        None => false,
    }
}

/// Whether the schema of 4.26 takes an e-mail address. The pattern is that of HTML 5.
pub(crate) fn is_email(address: &str) -> bool {
    let local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    before_line_end(address).split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && name.bytes().all(local) && domain.split('.').all(is_label)
    })
}

fn is_label(label: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// As in Python, `$` also matches before a final newline.
fn before_line_end(text: &str) -> &str {
    text.strip_suffix('\n').unwrap_or(text)
}

/// The values that a server of this version does not take, or with which nobody could sign in. The
/// API stores passwords and names with which the login page (`LoginForm` in `model/forms.py`) signs
/// nobody in. The rest is in `create-user-names.json`, `create-user-emails.json` and
/// `create-user-group-names.json` of `fixtures/transcripts/rhodecode`.
pub(crate) fn rules(version: &Differences) -> Vec<ValueRule> {
    let schema = if version.validates { SCHEMA } else { &[] };
    [RULES, schema].concat()
}

/// Of every version.
const RULES: &[ValueRule] = &[
    ValueRule::new(ValueKind::Username, "that is empty", |name| !name.is_empty(), String::new),
    ValueRule::new(
        ValueKind::Username,
        "that begins or ends with white space: the login page takes it off",
        is_stripped,
        || " ada".to_owned(),
    ),
    ValueRule::new(
        ValueKind::Username,
        "that is `default` in any case",
        |name| name.to_lowercase() != DEFAULT_USER,
        || "Default".to_owned(),
    ),
    ValueRule::new(
        ValueKind::Password,
        "shorter than 3 characters: the login page refuses it",
        |password| password.chars().count() >= *LETTERS.start(),
        || "ab".to_owned(),
    ),
    ValueRule::new(
        ValueKind::Password,
        "longer than 72 characters: the login page refuses it",
        |password| password.chars().count() <= *LETTERS.end(),
        || "p".repeat(*LETTERS.end() + 1),
    ),
    values::LONGER_THAN_BCRYPT,
    values::NUL,
];

/// The schema of version 4.26. It validates creations only.
const SCHEMA: &[ValueRule] = &[
    ValueRule::new(
        ValueKind::Username,
        "that is longer than 255 characters, begins with `-` or `.`, or has other characters than \
         letters and digits of ASCII, `_`, `-` and `.`",
        is_username,
        || "zoé".to_owned(),
    )
    .only_new(),
    ValueRule::new(
        ValueKind::Email,
        "that is not empty and not of the form `name@host` in ASCII",
        |address| address.is_empty() || is_email(address),
        || "no address".to_owned(),
    )
    .only_new(),
    ValueRule::new(
        ValueKind::TeamName,
        "that has fewer than 2 characters, begins with `_`, `-` or `.`, or has other characters \
         than letters and digits of ASCII, `_`, `-` and `.`",
        is_group_name,
        || "the crew".to_owned(),
    )
    .only_new(),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::version::Version;

    #[test]
    fn every_example_breaks_its_rule_and_common_values_break_none() {
        for version in [Version::V4_26, Version::V4_3] {
            for rule in rules(version.differences()) {
                assert!(!(rule.takes)(&(rule.example)()), "{rule:?}");
                let is_email = rule.kind == ValueKind::Email;
                let common = if is_email { "ada@example.org" } else { "ada.lovelace" };
                assert!((rule.takes)(common), "{rule:?}");
            }
        }
    }

    #[test]
    fn accepts_what_the_patterns_of_rhodecode_match() {
        for (name, fits) in [("a", true), ("_a.b-c", true), ("tr_n\n", true), ("a b", false)] {
            assert_eq!(is_username(name), fits, "{name:?}");
        }
        for (name, fits) in [("a", false), ("ab", true), ("ab\n", true), ("-a", false)] {
            assert_eq!(is_group_name(name), fits, "{name:?}");
        }
        for (address, fits) in [
            ("a@b", true),
            ("o'brien@example.com", true),
            ("a@b-.c", false),
            ("a@b..c", false),
            ("a@b@c", false),
            ("a@b.c\n", true),
        ] {
            assert_eq!(is_email(address), fits, "{address:?}");
        }
    }
}
