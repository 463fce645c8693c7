//! What is asked of a person, as arguments of `create_user` and `update_user`.

use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{AttributeChanges, Attributes, NewUser, Role, UserPatch};
use serde_json::Value;

use crate::backend::api::{Arguments, only};
use crate::backend::row::NO_NAME;
use crate::version::Version;
use crate::wire::{OWN_PLUGIN, kept};

/// The arguments of `create_user` but for the e-mail address: what differs from its defaults.
pub(super) fn of_new(version: Version, user: &NewUser, random: &Secret) -> Arguments {
    let mut args = only("username", user.username.as_str());
    let mut say = |name: &str, value: Value| {
        args.insert(name.to_owned(), value);
    };
    let plugin = plugin_of_new(user);
    let login = text(&user.attributes, kept::EXTERN_NAME)
        .or_else(|| user.source.as_ref().map(|_| user.username.as_str()))
        .unwrap_or(OWN_PLUGIN);
    // The server gives the account of another plugin a random password by itself.
    if login == OWN_PLUGIN {
        say("password", password(user.password.as_ref(), random));
    } else {
        say("extern_name", login.into());
    }
    if plugin != OWN_PLUGIN {
        say("extern_type", plugin.into());
    }
    let (first, last) = names_of_new(user);
    let description = text(&user.attributes, kept::DESCRIPTION).unwrap_or_default();
    let described = if version == Version::Current { description } else { "" };
    for (name, value) in [("firstname", &*first), ("lastname", &last), ("description", described)] {
        if !value.is_empty() {
            say(name, value.into());
        }
    }
    if user.inactive {
        say("active", false.into());
    }
    if user.role == Role::Administrator {
        say("admin", true.into());
    }
    if user.attributes.get(kept::FORCE_PASSWORD_CHANGE) == Some(&Value::Bool(true)) {
        say("force_password_change", true.into());
    }
    if version == Version::Current && user.attributes.contains_key(kept::REPO_GROUP) {
        say("create_personal_repo_group", true.into());
    }
    args
}

/// Where a new person comes from: what all systems know of it goes before what one kept aside.
fn plugin_of_new(user: &NewUser) -> &str {
    match (&user.source, text(&user.attributes, kept::EXTERN_TYPE)) {
        (Some(source), _) => source,
        (None, Some(plugin)) if plugin != "ldap" => plugin,
        (None, _) => OWN_PLUGIN,
    }
}

fn names_of_new(user: &NewUser) -> (String, String) {
    if user.given_name.is_some() || user.family_name.is_some() {
        let text = |name: &Option<String>| name.clone().unwrap_or_default();
        return (text(&user.given_name), text(&user.family_name));
    }
    in_two(user.display_name.as_deref().unwrap_or_default())
}

/// A full name in two, at the first blank.
fn in_two(full: &str) -> (String, String) {
    let full = full.trim_start();
    let (first, last) = full.split_once(' ').unwrap_or((full, ""));
    (first.to_owned(), last.trim_start().to_owned())
}

/// A person without a password could never be given one again, so that theirs is one that nobody
/// knows: fixtures/transcripts/rhodecode/create-user-passwords.json.
pub(super) fn password(given: Option<&Secret>, random: &Secret) -> Value {
    let given = given.filter(|password| !password.expose().is_empty());
    given.unwrap_or(random).expose().into()
}

/// The arguments of `update_user` but for the person.
pub(super) fn of_change(version: Version, patch: &UserPatch, random: &Secret) -> Arguments {
    let mut args = Arguments::new();
    let mut say = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            args.insert(name.to_owned(), value);
        }
    };
    say("username", patch.username.as_deref().map(|name| name_or_null(name, &patch.attributes)));
    let (first, last) = names_of_change(patch);
    say("firstname", first.map(first_name));
    say("lastname", last.map(Value::from));
    say("email", patch.email.clone().map(Value::from));
    say("active", patch.active.map(Value::from));
    say("admin", patch.role.map(|role| (role == Role::Administrator).into()));
    say("password", patch.password.as_ref().map(|given| password(given.as_ref(), random)));
    say("extern_type", plugin_of_change(patch));
    let kept = |name: &str| patch.attributes.get(name).cloned().map(Option::unwrap_or_default);
    say("extern_name", kept(kept::EXTERN_NAME));
    if version == Version::Current {
        say("description", kept(kept::DESCRIPTION));
    }
    args
}

/// A first name, or a blank for none: the server says that it took a first name away, and keeps it
/// (fixtures/transcripts/rhodecode/update-user-empty.json).
fn first_name(name: String) -> Value {
    if name.is_empty() { NO_NAME.into() } else { name.into() }
}

/// A name; null where the dialect kept a placeholder for it.
fn name_or_null(name: &str, changes: &AttributeChanges) -> Value {
    match changes.get(kept::NAMELESS) {
        Some(Some(Value::String(placeholder))) if placeholder == name => Value::Null,
        _ => name.into(),
    }
}

fn names_of_change(patch: &UserPatch) -> (Option<String>, Option<String>) {
    if let Some(full) = &patch.display_name {
        let (first, last) = in_two(full.as_deref().unwrap_or_default());
        return (Some(first), Some(last));
    }
    let text = |name: &Option<Option<String>>| name.clone().map(Option::unwrap_or_default);
    (text(&patch.given_name), text(&patch.family_name))
}

fn plugin_of_change(patch: &UserPatch) -> Option<Value> {
    let kept = patch.attributes.get(kept::EXTERN_TYPE).cloned().map(Option::unwrap_or_default);
    match &patch.source {
        Some(Some(source)) => Some(source.as_str().into()),
        Some(None) => Some(kept.filter(|plugin| plugin != "ldap").unwrap_or(OWN_PLUGIN.into())),
        None => kept,
    }
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
