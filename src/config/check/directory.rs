//! Checks the directory (LDAP).

use crate::config::check::report::Check;
use crate::config::finding::Key;
use crate::config::secret::SecretSource;
use crate::config::settings::Directory;
use crate::layers::directory::config::{check_filter, check_url};
use crate::layers::directory::ldap::check_authorities;

/// The valid URLs of a directory, for messages.
const URL: &str = "ldap://, ldaps:// or ldapi:// and a host, without password and query";

pub(super) fn check(check: &mut Check<'_>) {
    let settings = &check.loaded.settings;
    let Some(wanted) = &settings.directory else { return };
    let at = |step: &str| Key::of(&["directory", step]);
    let shown = wanted.url.masked();
    if let Err(why) = check_url(wanted.url.as_str()) {
        check.refuse(&at("url"), format!("{shown}: {why}"), URL);
    }
    if wanted.start_tls && !shown.starts_with("ldap://") {
        let problem = format!("{shown} cannot start TLS");
        check.refuse(&at("start_tls"), problem, "an ldap:// URL");
    }
    if let Some(path) = &wanted.ca_file
        && let Err(why) = check_authorities(path)
    {
        check.refuse(&at("ca_file"), why, "a PEM file with at least one certificate");
    }
    if let Some(filter) = &wanted.user_filter
        && let Err(why) = check_filter(filter)
    {
        check.refuse(&at("user_filter"), why, "an LDAP filter with %s for the user name");
    }
    check_bind(check, wanted);
    if !settings.backend.values().any(|backend| check.systems.is_embedded(&backend.system)) {
        let problem = "there is no embedded store, and no other backend uses the directory";
        let names =
            check.systems.embedded().map(|name| format!("a backend with system = {name:?}"));
        let expected = names.collect::<Vec<_>>().join(", or ");
        check.warn(&Key::of(&["directory"]), problem, expected);
    }
}

fn check_bind(check: &mut Check<'_>, wanted: &Directory) {
    let at = |step: &str| Key::of(&["directory", step]);
    let has_name = wanted.bind_dn.as_ref().is_some_and(|name| !name.trim().is_empty());
    match wanted.bind_password.as_ref().map(SecretSource::resolve) {
        Some(Err(why)) => check.refuse(&at("bind_password"), why, "a secret that is not empty"),
        Some(Ok(_)) if !has_name && !check.has_error(&at("bind_dn")) => {
            check.refuse(&at("bind_password"), "bind_dn is missing", "bind_dn in addition");
        }
        None if wanted.bind_dn.is_some() && !check.has_error(&at("bind_password")) => {
            // A bind with a name and without a password is anonymous (RFC 4513, section 5.1.2).
            check.refuse(&at("bind_dn"), "bind_password is missing", "bind_password in addition");
        }
        _ => {}
    }
}
