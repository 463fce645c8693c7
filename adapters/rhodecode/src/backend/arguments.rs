//! New people and changes as arguments of `create_user` and `update_user`.

use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{AttributeChanges, Attributes, NewUser, UserPatch};
use isogloss_interop::names;
use serde_json::Value;

use crate::backend::api::{Arguments, only};
use crate::backend::row::NO_NAME;
use crate::options::version::Differences;
use crate::roles::is_admin;
use crate::wire::{LDAP_PLUGIN, OWN_PLUGIN, attribute};

/// The arguments of `create_user` except the e-mail address: those that differ from the defaults.
/// `random` is the password of somebody who is created without one.
pub(super) fn of_new(version: &Differences, user: &NewUser, random: &Secret) -> Arguments {
    let mut args = only("username", user.username.as_str());
    let mut give = |name: &str, value: Value| {
        args.insert(name.to_owned(), value);
    };
    let plugin = plugin_of_new(user);
    let login = text(&user.attributes, attribute::EXTERN_NAME)
        .or_else(|| user.source.as_ref().map(|_| user.username.as_str()))
        .unwrap_or(OWN_PLUGIN);
    // The server itself gives the account of another plugin a random password.
    if login == OWN_PLUGIN {
        give("password", password(user.password.as_ref(), random));
    } else {
        give("extern_name", login.into());
    }
    if plugin != OWN_PLUGIN {
        give("extern_type", plugin.into());
    }
    let (first, last) = names::both(user);
    let description = text(&user.attributes, attribute::DESCRIPTION).unwrap_or_default();
    let described = if version.user_descriptions { description } else { "" };
    for (name, value) in [("firstname", &*first), ("lastname", &last), ("description", described)] {
        if !value.is_empty() {
            give(name, value.into());
        }
    }
    if user.inactive {
        give("active", false.into());
    }
    if is_admin(user.role) {
        give("admin", true.into());
    }
    if user.attributes.get(attribute::FORCE_PASSWORD_CHANGE) == Some(&Value::Bool(true)) {
        give("force_password_change", true.into());
    }
    if version.own_repository_groups && user.attributes.contains_key(attribute::REPO_GROUP) {
        give("create_personal_repo_group", true.into());
    }
    args
}

/// The plugin of a new account. The canonical source goes before the attribute.
fn plugin_of_new(user: &NewUser) -> &str {
    match (&user.source, text(&user.attributes, attribute::EXTERN_TYPE)) {
        (Some(source), _) => source,
        (None, Some(plugin)) if plugin != LDAP_PLUGIN => plugin,
        (None, _) => OWN_PLUGIN,
    }
}

/// A password, or a random one in place of none: the server could never set the password of somebody
/// without one again (fixtures/transcripts/rhodecode/create-user-passwords.json).
fn password(given: Option<&Secret>, random: &Secret) -> Value {
    let given = given.filter(|password| !password.expose().is_empty());
    given.unwrap_or(random).expose().into()
}

/// The arguments of `update_user` except the user. `random` is the password of somebody whose
/// password is taken away.
pub(super) fn of_change(version: &Differences, patch: &UserPatch, random: &Secret) -> Arguments {
    let mut args = Arguments::new();
    let mut give = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            args.insert(name.to_owned(), value);
        }
    };
    give("username", patch.username.as_deref().map(|name| name_or_null(name, &patch.attributes)));
    let (first, last) = names::changed_both(patch);
    give("firstname", first.map(first_name));
    give("lastname", last.map(Value::from));
    give("email", patch.email.clone().map(Value::from));
    give("active", patch.active.map(Value::from));
    give("admin", patch.role.map(|role| is_admin(role).into()));
    give("password", patch.password.as_ref().map(|given| password(given.as_ref(), random)));
    give("extern_type", plugin_of_change(patch));
    let attribute = |name: &str| patch.attributes.get(name).cloned().map(Option::unwrap_or_default);
    give("extern_name", attribute(attribute::EXTERN_NAME));
    if version.user_descriptions {
        give("description", attribute(attribute::DESCRIPTION));
    }
    args
}

/// A first name, or a blank for none. The server answers success for an empty one and stores nothing:
/// fixtures/transcripts/rhodecode/update-user-empty.json.
fn first_name(name: String) -> Value {
    if name.is_empty() { NO_NAME.into() } else { name.into() }
}

/// A user name; null where the dialect stored a placeholder.
fn name_or_null(name: &str, changes: &AttributeChanges) -> Value {
    match changes.get(attribute::NAMELESS) {
        Some(Some(Value::String(placeholder))) if placeholder == name => Value::Null,
        _ => name.into(),
    }
}

fn plugin_of_change(patch: &UserPatch) -> Option<Value> {
    let stored = patch.attributes.get(attribute::EXTERN_TYPE).cloned();
    let stored = stored.map(Option::unwrap_or_default);
    match &patch.source {
        Some(Some(source)) => Some(source.as_str().into()),
        Some(None) => {
            Some(stored.filter(|plugin| plugin != LDAP_PLUGIN).unwrap_or(OWN_PLUGIN.into()))
        }
        None => stored,
    }
}

fn text<'a>(attributes: &'a Attributes, name: &str) -> Option<&'a str> {
    attributes.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
}
