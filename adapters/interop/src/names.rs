//! Full names: joined from a first and a last name, or split into them.
//!
//! A person has one full name or two names. Some systems have one column, others two.

use isogloss_canonical::user::{NewUser, User, UserPatch};

/// A first and a last name as one text.
#[must_use]
pub fn join(given: &str, family: &str) -> String {
    format!("{given} {family}").trim().to_owned()
}

/// A full name as two, split at its first blank.
#[must_use]
pub fn split(full: &str) -> (String, String) {
    let full = full.trim_start();
    let (given, family) = full.split_once(' ').unwrap_or((full, ""));
    (given.to_owned(), family.trim_start().to_owned())
}

/// The full name of a new person; `None` if they have no name at all.
#[must_use]
pub fn full(user: &NewUser) -> Option<String> {
    if user.display_name.is_some() {
        return user.display_name.clone();
    }
    if user.given_name.is_none() && user.family_name.is_none() {
        return None;
    }
    let text = |name: &Option<String>| name.clone().unwrap_or_default();
    Some(join(&text(&user.given_name), &text(&user.family_name)))
}

/// The first and the last name of a new person.
#[must_use]
pub fn both(user: &NewUser) -> (String, String) {
    if user.given_name.is_some() || user.family_name.is_some() {
        let text = |name: &Option<String>| name.clone().unwrap_or_default();
        return (text(&user.given_name), text(&user.family_name));
    }
    split(user.display_name.as_deref().unwrap_or_default())
}

/// Whether a change has one or both of the two names, but no full name. Then the new full name
/// depends on the person's present one.
#[must_use]
pub const fn changes_one(patch: &UserPatch) -> bool {
    patch.display_name.is_none() && (patch.given_name.is_some() || patch.family_name.is_some())
}

/// The new full name if it does not depend on the present one ([`changes_one`]); `None` if the
/// change has none, empty if it removes it.
#[must_use]
pub fn new_full(patch: &UserPatch) -> Option<String> {
    patch.display_name.clone().map(Option::unwrap_or_default)
}

/// The new full name of a known person; `None` if the change has none, empty if it removes it.
///
/// Where only one of the two names changes, the other one stays.
#[must_use]
pub fn changed_full(known: &User, patch: &UserPatch) -> Option<String> {
    if patch.display_name.is_some() {
        return new_full(patch);
    }
    if patch.given_name.is_none() && patch.family_name.is_none() {
        return None;
    }
    let (given, family) = known.names();
    let given = patch.given_name.clone().map_or(given, Option::unwrap_or_default);
    let family = patch.family_name.clone().map_or(family, Option::unwrap_or_default);
    Some(join(&given, &family))
}

/// The new first and the new last name; each is `None` if the change has none.
#[must_use]
pub fn changed_both(patch: &UserPatch) -> (Option<String>, Option<String>) {
    if let Some(full) = &patch.display_name {
        let (given, family) = split(full.as_deref().unwrap_or_default());
        return (Some(given), Some(family));
    }
    let text = |name: &Option<Option<String>>| name.clone().map(Option::unwrap_or_default);
    (text(&patch.given_name), text(&patch.family_name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_name_is_split_at_its_first_blank() {
        for (full, given, family) in [
            ("Ada King Noel", "Ada", "King Noel"),
            ("  Ada  King", "Ada", "King"),
            ("Ada", "Ada", ""),
        ] {
            assert_eq!(split(full), (given.to_owned(), family.to_owned()));
        }
        assert_eq!((join("Ada", ""), join("", "King")), ("Ada".to_owned(), "King".to_owned()));
    }
}
