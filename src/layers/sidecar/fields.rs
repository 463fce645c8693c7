//! Which fields come from the system, and which from the sidecar.

use std::sync::Arc;

use isogloss_canonical::backend::Backend;
use isogloss_canonical::capability::{Capability, Field};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{User, UserPatch};
use jiff::Timestamp;

use crate::layers::sidecar::owned;

/// Merges a person: fields that the system stores come from the system, the others from the
/// sidecar.
pub(super) fn merge(
    (system, namespace): (&Arc<dyn Backend>, &IdNamespace),
    seen: User,
    stored: User,
) -> User {
    let holds = |field| system.capability().holds(field);
    let (name, names) = (seen.full_name(), seen.names());
    let mut person = User { username: seen.username, ..stored };
    // A full name does not show where the first name ends. While the full name is unchanged, both
    // names come from the sidecar. In the same way, two names do not show the spacing of a full
    // name, and a missing name is equal to an empty one.
    let takes_two = holds(Field::Names) && names != person.names();
    let takes_one =
        holds(Field::DisplayName) && differs(name.as_ref(), person.full_name().as_ref());
    if takes_two || takes_one {
        person.display_name = seen.display_name;
        person.given_name = seen.given_name;
        person.family_name = seen.family_name;
    }
    if holds(Field::Email) && differs(seen.email.as_ref(), person.email.as_ref()) {
        person.email = seen.email;
    }
    let between = seen.role == Role::User && person.role == Role::Manager;
    if holds(Field::Role) && (holds(Field::Managers) || !between) {
        person.role = seen.role;
    }
    if holds(Field::Active) {
        person.active = seen.active;
    }
    if holds(Field::Source) {
        person.source = seen.source;
    }
    if system.capability().counts_failures() {
        person.failures = seen.failures;
        person.locked_until = seen.locked_until;
    }
    // Restrictions of addresses in the system count. Most systems have none.
    if !seen.addresses.is_empty() {
        person.addresses = seen.addresses;
    }
    if seen.created != Timestamp::UNIX_EPOCH {
        person.created = seen.created;
    }
    person.has_password = seen.has_password;
    person.evidence = seen.evidence;
    person.last_login = seen.last_login.or(person.last_login);
    owned::replace((system.capability(), namespace), seen.groups, &mut person);
    for (name, value) in seen.attributes {
        person.attributes.insert(name, value);
    }
    person
}

/// Whether two texts differ. An absent text is equal to an empty one, as in most systems.
fn differs(one: Option<&String>, other: Option<&String>) -> bool {
    one.map_or("", String::as_str) != other.map_or("", String::as_str)
}

/// Splits a change into a part for the system and a part for the sidecar. A password never goes to
/// the sidecar, because the system verifies it.
pub(super) fn split(capability: &Capability, patch: UserPatch) -> (UserPatch, UserPatch) {
    let take = |field, wanted: bool| wanted && capability.holds(field);
    let named = patch.display_name.is_some() || patch.given_name.is_some();
    let named = named || patch.family_name.is_some();
    let names = take(Field::DisplayName, named) || take(Field::Names, named);
    let email = take(Field::Email, patch.email.is_some());
    let role = take(Field::Role, patch.role.is_some());
    let active = take(Field::Active, patch.active.is_some());
    let source = take(Field::Source, patch.source.is_some());
    let groups = take(Field::Groups, patch.groups.is_some());
    let system = UserPatch {
        username: patch.username.clone(),
        display_name: patch.display_name.clone().filter(|_| names),
        given_name: patch.given_name.clone().filter(|_| names),
        family_name: patch.family_name.clone().filter(|_| names),
        email: patch.email.clone().filter(|_| email),
        role: patch.role.filter(|_| role),
        active: patch.active.filter(|_| active),
        password: patch.password.clone(),
        source: patch.source.clone().filter(|_| source),
        groups: patch.groups.clone().filter(|_| groups),
        attributes: patch.attributes.clone(),
        unique: patch.unique,
    };
    // The sidecar gets all fields except the password. A field that the system stores too is read
    // from the system. Of a password the sidecar gets the date, which ends earlier sessions.
    let password = patch.password.as_ref().map(|_| None);
    let stored = UserPatch { password, ..patch };
    (system, stored)
}

/// Joins first and last name for a system that stores one text. If a change has only one of them,
/// the other one is known here and not in the system.
pub(super) fn join_names(capability: &Capability, known: &User, patch: &mut UserPatch) {
    let one = capability.holds(Field::DisplayName) && !capability.holds(Field::Names);
    if !one || patch.given_name.is_none() && patch.family_name.is_none() {
        return;
    }
    let (given, family) = known.names();
    let given = patch.given_name.take().map_or(given, Option::unwrap_or_default);
    let family = patch.family_name.take().map_or(family, Option::unwrap_or_default);
    patch.display_name = Some(Some(format!("{given} {family}").trim().to_owned()));
}

/// Whether a change has a part for the system.
pub(super) fn asks_something(capability: &Capability, patch: &UserPatch) -> bool {
    if patch.attributes.keys().any(|name| capability.stores(name)) {
        return true;
    }
    let attributes = patch.attributes.clone();
    let nothing = UserPatch { attributes, unique: patch.unique, ..UserPatch::default() };
    *patch != nothing
}
