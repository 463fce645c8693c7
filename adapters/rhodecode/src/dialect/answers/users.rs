//! Users, and the repositories that they have locked.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::user::User;
use isogloss_interop::python::value::Py;
use jiff::Timestamp;
use serde_json::Value;

use crate::dialect::answers::tokens::{self, Tokens};
use crate::dialect::call::Call;
use crate::dialect::lookup::{FoundUser, shown_name};
use crate::options::Options;
use crate::options::version::Differences;
use crate::roles::is_admin;
use crate::wire::values::DEFAULT_USER;
use crate::wire::{DEFAULT_EMAIL, FIRST_ADMINISTRATOR, LDAP_PLUGIN, OWN_PLUGIN, Object, attribute};

/// A user with their tokens.
pub(crate) async fn with_tokens(call: &Call<'_>, found: &FoundUser) -> Result<Object, Fault> {
    match found {
        FoundUser::Default => Ok(default_user(call.differences(), false)),
        FoundUser::Person(user) => {
            Ok(person(call.options, user, &tokens::of_user(call, user).await?))
        }
    }
}

/// A person.
pub(crate) fn person(options: &Options, user: &User, tokens: &Tokens<'_>) -> Object {
    let version = options.version.differences();
    let (first, last) = names(options, user);
    let mut shape = Object::default()
        .with("user_id", Py::Int(options.user_id(user).to_owned()))
        .with("username", shown_name(user))
        .with("firstname", first)
        .with("lastname", last);
    if version.user_descriptions {
        shape.set("description", stored_or(user, attribute::DESCRIPTION, Py::from("")));
    }
    let email = email_of(user);
    shape.set("email", email.clone());
    shape.set("emails", systems(user, "emails").map_or_else(|| Py::List(vec![email]), Py::from));
    let mut extras = Object::with_room(9);
    tokens::set(&mut extras, version, tokens, &user.id.0.simple().to_string());
    extras.set("active", flag(user, attribute::ACTIVE, user.active));
    extras.set("admin", flag(user, attribute::ADMIN, is_admin(user.role)));
    extras.set("extern_type", extern_type(user));
    extras.set("extern_name", stored_or(user, attribute::EXTERN_NAME, Py::from(OWN_PLUGIN)));
    extras.set("last_login", user.last_login.map(date));
    if version.last_activity {
        let seen = || last_activity(options, user);
        extras.set("last_activity", systems(user, "last_activity").map_or_else(seen, Py::from));
    }
    let addresses = user.addresses.iter().map(|address| Py::from(address.as_str()));
    extras.set("ip_addresses", Py::List(addresses.collect()));
    extras.set("language", systems(user, "language").map_or(Py::None, Py::from));
    shape.updated(extras)
}

/// A column of the row of a RhodeCode server, if that is where the person is.
pub(crate) fn systems<'u>(user: &'u User, column: &str) -> Option<&'u Value> {
    user.attribute(attribute::SYSTEM)?.get(column)
}

/// The user `default`.
pub(crate) fn default_user(version: &Differences, masked: bool) -> Object {
    let mut shape = Object::default()
        .with("user_id", Py::Int("1".to_owned()))
        .with("username", DEFAULT_USER)
        .with("firstname", "Anonymous")
        .with("lastname", "User");
    if version.user_descriptions {
        shape.set("description", "");
    }
    shape.set("email", DEFAULT_EMAIL);
    shape.set("emails", Py::List(vec![Py::from(DEFAULT_EMAIL)]));
    let tokens = if masked { Tokens::Masked } else { Tokens::Shown(Vec::new().into()) };
    let mut extras = Object::with_room(9);
    tokens::set(&mut extras, version, &tokens, &"0".repeat(32));
    extras.set("active", true);
    extras.set("admin", false);
    extras.set("extern_type", OWN_PLUGIN);
    extras.set("extern_name", OWN_PLUGIN);
    extras.set("last_login", Py::None);
    if version.last_activity {
        extras.set("last_activity", Py::None);
    }
    shape.updated(extras.with("ip_addresses", Py::List(Vec::new())).with("language", Py::None))
}

/// A locked repository. The gateway knows its name and who locked it, and nothing else.
pub(crate) fn locked_repository(version: &Differences, name: String, by: Object) -> Object {
    let mut shape = Object::with_room(if version.repository_sources { 20 } else { 18 })
        .with("repo_id", Py::None)
        .with("repo_name", name)
        .with("repo_type", Py::None)
        .with("clone_uri", "");
    if version.repository_sources {
        shape.set("push_uri", "");
    }
    for unknown in ["url", "private", "created_on", "description", "landing_rev", "owner"] {
        shape.set(unknown, Py::None);
    }
    shape.set("fork_of", Py::None);
    if version.repository_sources {
        shape.set("fork_of_id", Py::None);
    }
    for unknown in ["enable_statistics", "enable_locking", "enable_downloads"] {
        shape.set(unknown, Py::None);
    }
    shape
        .with("last_changeset", Object::default())
        .with("locked_by", by)
        .with("locked_date", Py::None)
        .with("lock_reason", Py::None)
}

/// A person's e-mail address. RhodeCode stores no empty one.
pub(crate) fn email_of(user: &User) -> Py {
    Py::from(user.email.clone().filter(|address| !address.is_empty()))
}

/// First and last name. RhodeCode's installer names the first administrator.
pub(crate) fn names(options: &Options, user: &User) -> (Py, Py) {
    let none = user.given_name.is_none() && user.family_name.is_none();
    if none && user.display_name.is_none() && options.user_id(user) == FIRST_ADMINISTRATOR {
        return (Py::from("RhodeCode"), Py::from("Admin"));
    }
    if none {
        let (first, last) = user.names();
        return (Py::from(first), Py::from(last));
    }
    (Py::from(user.given_name.clone()), Py::from(user.family_name.clone()))
}

/// A date: local time without a zone, to the millisecond.
pub(crate) fn date(at: Timestamp) -> String {
    let form =
        if at.subsec_nanosecond() < 1_000 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    at.strftime(form).to_string().chars().take(23).collect()
}

/// When a person last used the web pages. Without a sign-in that is known of the first administrator
/// only, who had to use them for the first token.
fn last_activity(options: &Options, user: &User) -> Py {
    let first = (options.user_id(user) == FIRST_ADMINISTRATOR).then_some(user.created);
    Py::from(user.last_login.or(first).map(date))
}

/// A flag, or the null that it was set to, unless it was switched on since.
fn flag(user: &User, name: &str, on: bool) -> Py {
    let null = user.attribute(name) == Some(&Value::Null);
    if null && !on { Py::None } else { Py::Bool(on) }
}

fn stored_or(user: &User, name: &str, otherwise: Py) -> Py {
    user.attribute(name).map_or(otherwise, Py::from)
}

/// The plugin that an account belongs to. The canonical source goes before the attribute.
fn extern_type(user: &User) -> Py {
    if let Some(source) = &user.source {
        return Py::from(source.as_str());
    }
    match user.attribute(attribute::EXTERN_TYPE) {
        Some(Value::String(plugin)) if plugin != LDAP_PLUGIN => Py::from(plugin.as_str()),
        _ => Py::from(OWN_PLUGIN),
    }
}
