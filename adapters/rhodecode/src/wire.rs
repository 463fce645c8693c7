//! The shapes of RhodeCode's people and user groups, in both versions.

use isogloss_canonical::key::Key;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{Role, User};
use jiff::Timestamp;
use serde_json::Value;

use crate::mapping::Mapping;
use crate::python::Py;
use crate::version::Version;

/// The eyes that people and groups are seen with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// The version spoken.
    pub(crate) version: Version,
    /// The namespace whose ids it uses.
    pub(crate) namespace: &'a IdNamespace,
}

/// What every RhodeCode keeps as its user 1: nobody's account, but found, shown and given rights to.
pub(crate) const DEFAULT_USER: &str = "default";

/// Its e-mail address.
pub(crate) const DEFAULT_EMAIL: &str = "anonymous@rhodecode.org";

/// The number of the first administrator.
pub(crate) const FIRST_ADMINISTRATOR: &str = "2";

/// The label of the key that version 4.3 gives every person besides the tokens.
pub(crate) const BUILT_IN_KEY: &str = "Built-in API key";

/// The label of the token that every new person gets.
pub(crate) const FEED_TOKEN: &str = "Generated feed token";

/// The scope of that token.
pub(crate) const FEED: &str = "feed";

/// What the plugin for RhodeCode's own accounts is called.
pub(crate) const OWN_PLUGIN: &str = "rhodecode";

/// Names of the attributes that keep what only RhodeCode has a place for.
pub(crate) mod kept {
    pub(crate) const ACTIVE: &str = "rhodecode.active";
    pub(crate) const ADMIN: &str = "rhodecode.admin";
    pub(crate) const DESCRIPTION: &str = "rhodecode.description";
    pub(crate) const EXTERN_NAME: &str = "rhodecode.extern_name";
    pub(crate) const EXTERN_TYPE: &str = "rhodecode.extern_type";
    pub(crate) const FORCE_PASSWORD_CHANGE: &str = "rhodecode.force_password_change";
    pub(crate) const NAMELESS: &str = "rhodecode.nameless";
    pub(crate) const OWNS: &str = "rhodecode.owns";
    pub(crate) const REPO_GROUP: &str = "rhodecode.personal_repo_group";
    pub(crate) const SYNC: &str = "rhodecode.sync";
    pub(crate) const USER_ROWS: &str = "rhodecode.user_permissions";
    pub(crate) const GROUP_ROWS: &str = "rhodecode.group_permissions";
    pub(crate) const DEFAULT_MEMBER: &str = "rhodecode.default_is_member";
    pub(crate) const DEFAULT_OWNER: &str = "rhodecode.default_is_owner";
}

/// A person's tokens, as an answer shows them.
#[derive(Debug)]
pub(crate) enum Tokens {
    /// To those who may see them.
    Shown(Vec<Key>),
    /// To everybody else.
    Masked,
}

/// A person.
pub(crate) fn user(view: View<'_>, user: &User, tokens: &Tokens) -> Mapping {
    let (first, last) = names(view, user);
    let mut shape = Mapping::default()
        .with("user_id", Py::Int(id_of(view, user).to_owned()))
        .with("username", shown_name(user))
        .with("firstname", first)
        .with("lastname", last);
    if view.version == Version::Current {
        shape.set("description", kept_or(user, kept::DESCRIPTION, Py::from("")));
    }
    let email = email_of(user);
    shape.set("email", email.clone());
    shape.set("emails", Py::List(vec![email]));
    let mut extras = Mapping::with_room(9);
    set_tokens(&mut extras, view.version, tokens, &user.id.0.simple().to_string());
    extras.set("active", flag(user, kept::ACTIVE, user.active));
    extras.set("admin", flag(user, kept::ADMIN, user.role == Role::Administrator));
    extras.set("extern_type", extern_type(user));
    extras.set("extern_name", kept_or(user, kept::EXTERN_NAME, Py::from(OWN_PLUGIN)));
    extras.set("last_login", user.last_login.map(date));
    if view.version == Version::Current {
        extras.set("last_activity", last_activity(view, user));
    }
    let addresses = user.addresses.iter().map(|address| Py::from(address.as_str()));
    extras.set("ip_addresses", Py::List(addresses.collect()));
    extras.set("language", Py::None);
    shape.updated(&extras)
}

/// The user `default`.
pub(crate) fn default_user(version: Version, masked: bool) -> Mapping {
    let mut shape = Mapping::default()
        .with("user_id", Py::Int("1".to_owned()))
        .with("username", DEFAULT_USER)
        .with("firstname", "Anonymous")
        .with("lastname", "User");
    if version == Version::Current {
        shape.set("description", "");
    }
    shape.set("email", DEFAULT_EMAIL);
    shape.set("emails", Py::List(vec![Py::from(DEFAULT_EMAIL)]));
    let tokens = if masked { Tokens::Masked } else { Tokens::Shown(Vec::new()) };
    let mut extras = Mapping::with_room(9);
    set_tokens(&mut extras, version, &tokens, &"0".repeat(32));
    extras.set("active", true);
    extras.set("admin", false);
    extras.set("extern_type", OWN_PLUGIN);
    extras.set("extern_name", OWN_PLUGIN);
    extras.set("last_login", Py::None);
    if version == Version::Current {
        extras.set("last_activity", Py::None);
    }
    shape.updated(&extras.with("ip_addresses", Py::List(Vec::new())).with("language", Py::None))
}

/// An e-mail address. RhodeCode has none that is empty.
pub(crate) fn email_of(user: &User) -> Py {
    Py::from(user.email.clone().filter(|address| !address.is_empty()))
}

/// A locked repository. Its name and who locked it are all that is known of it here.
pub(crate) fn locked_repository(version: Version, name: String, by: Mapping) -> Mapping {
    let mut shape = Mapping::with_room(if version == Version::Current { 20 } else { 18 })
        .with("repo_id", Py::None)
        .with("repo_name", name)
        .with("repo_type", Py::None)
        .with("clone_uri", "");
    if version == Version::Current {
        shape.set("push_uri", "");
    }
    for unknown in ["url", "private", "created_on", "description", "landing_rev", "owner"] {
        shape.set(unknown, Py::None);
    }
    shape.set("fork_of", Py::None);
    if version == Version::Current {
        shape.set("fork_of_id", Py::None);
    }
    for unknown in ["enable_statistics", "enable_locking", "enable_downloads"] {
        shape.set(unknown, Py::None);
    }
    shape
        .with("last_changeset", Mapping::default())
        .with("locked_by", by)
        .with("locked_date", Py::None)
        .with("lock_reason", Py::None)
}

/// The number RhodeCode knows a person by.
pub(crate) fn id_of<'a>(view: View<'_>, user: &'a User) -> &'a str {
    user.native(view.namespace).unwrap_or("0")
}

/// The name as RhodeCode shows it: `None` where it was set to null.
pub(crate) fn shown_name(user: &User) -> Py {
    let nameless = user.attribute(kept::NAMELESS).and_then(Value::as_str);
    if nameless == Some(user.username.as_str()) {
        Py::None
    } else {
        Py::from(user.username.as_str())
    }
}

/// A moment: local time without a zone, to the millisecond.
pub(crate) fn date(at: Timestamp) -> String {
    let form =
        if at.subsec_nanosecond() < 1_000 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.6f" };
    at.strftime(form).to_string().chars().take(23).collect()
}

/// First and last name. The first administrator is named by RhodeCode's own set-up.
pub(crate) fn names(view: View<'_>, user: &User) -> (Py, Py) {
    let none = user.given_name.is_none() && user.family_name.is_none();
    if none && user.display_name.is_none() && id_of(view, user) == FIRST_ADMINISTRATOR {
        return (Py::from("RhodeCode"), Py::from("Admin"));
    }
    if none {
        let (first, last) = user.names();
        return (Py::from(first), Py::from(last));
    }
    (Py::from(user.given_name.clone()), Py::from(user.family_name.clone()))
}

/// When a person last used the web pages. Only the first administrator has: there is no other way
/// to the first token.
fn last_activity(view: View<'_>, user: &User) -> Py {
    let first = (id_of(view, user) == FIRST_ADMINISTRATOR).then_some(user.created);
    Py::from(user.last_login.or(first).map(date))
}

/// A flag, or the null it was set to, as long as nobody has switched it on since.
fn flag(user: &User, name: &str, on: bool) -> Py {
    let unset = user.attribute(name) == Some(&Value::Null);
    if unset && !on { Py::None } else { Py::Bool(on) }
}

fn kept_or(user: &User, name: &str, otherwise: Py) -> Py {
    user.attribute(name).map_or(otherwise, Py::from)
}

/// The plugin an account comes from: what all systems know of it goes before what was kept aside.
fn extern_type(user: &User) -> Py {
    if let Some(source) = &user.source {
        return Py::from(source.as_str());
    }
    match user.attribute(kept::EXTERN_TYPE) {
        Some(Value::String(plugin)) if plugin != "ldap" => Py::from(plugin.as_str()),
        _ => Py::from(OWN_PLUGIN),
    }
}

fn set_tokens(shape: &mut Mapping, version: Version, tokens: &Tokens, seed: &str) {
    let (built_in, listed) = match tokens {
        Tokens::Shown(keys) => shown(keys, seed),
        Tokens::Masked => ("*".repeat(40), vec!["*".repeat(40)]),
    };
    if version == Version::Current {
        shape.set("auth_tokens", Py::List(listed.into_iter().map(Py::from).collect()));
        return;
    }
    let masked = matches!(tokens, Tokens::Masked);
    let front = (!masked).then(|| built_in.clone());
    shape.set("api_key", built_in);
    shape.set("api_keys", Py::List(front.into_iter().chain(listed).map(Py::from).collect()));
}

/// The built-in key and the tokens. Everybody has both a built-in key and a feed token; where there
/// is none, which no caller could use for anything here, one of the right form is shown.
fn shown(keys: &[Key], seed: &str) -> (String, Vec<String>) {
    let value = |key: &Key| key.shown.as_ref().map(|value| value.expose().to_owned());
    let built_in = |key: &Key| key.label.as_deref() == Some(BUILT_IN_KEY);
    let first = keys.iter().find(|key| built_in(key)).and_then(value);
    let mut listed: Vec<_> = keys.iter().filter(|key| !built_in(key)).filter_map(value).collect();
    // A person whom version 4.3 gave a built-in key and no token has none.
    let feed = keys.iter().any(|key| key.scope.as_deref() == Some(FEED));
    if !feed && first.is_none() {
        listed.insert(0, stand_in(seed, "feed"));
    }
    (first.unwrap_or_else(|| stand_in(seed, "c0de")), listed)
}

/// Forty hexadecimal digits that open nothing.
fn stand_in(seed: &str, mark: &str) -> String {
    let digits: String = seed.chars().rev().chain(seed.chars()).take(36).collect();
    format!("{mark}{digits}")
}
