//! Checks the backends: names, URLs, certificates, templates.

use std::collections::BTreeMap;
use std::path::PathBuf;

use isogloss_canonical::adapter::{Adapter, BackendKind};
use toml::Value;

use crate::config::check::report::{Check, Scope};
use crate::config::finding::Key;
use crate::config::load::Loaded;
use crate::config::masked::MaskedUrl;
use crate::config::settings::{Backend, Templates};
use crate::upstream;
use crate::upstream::address::BaseAddress;

/// The longest name of a backend.
const LONGEST_NAME: usize = 64;
/// The placeholder of the user name in a template.
const USERNAME: &str = "{username}";

pub(super) fn check(check: &mut Check<'_>, scope: Scope) {
    let settings = &check.loaded.settings;
    check_one_store(check);
    check_twins(check);
    for (name, backend) in &settings.backend {
        let key = Key::backend(name, &[]);
        check_name(check, name);
        match check.systems.backend(&backend.system) {
            Ok((_, BackendKind::Embedded(_))) => check_embedded(check, name, backend),
            Ok((adapter, BackendKind::Remote(_))) => {
                check_remote(check, name, backend);
                check_adapter(check, name, (backend, adapter));
            }
            Err(why) => {
                check.refuse_with(&Key::backend(name, &["system"]), &why);
                check_remote(check, name, backend);
            }
        }
        let is_used = settings.route.iter().any(|route| &route.backend == name);
        if !is_used && scope == Scope::Whole && check.loaded.sources.is_given(&key) {
            check.warn(&key, "no route uses this backend", "a route with this backend");
        }
    }
}

/// Checks the name, because it is part of the path of the backend's database.
fn check_name(check: &mut Check<'_>, name: &str) {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(fits) {
        let expected = format!("1 to {LONGEST_NAME} of the characters a-z, 0-9, _ and -");
        check.refuse(&Key::backend(name, &[]), format!("the name is {name:?}"), expected);
    }
}

/// Refuses a second embedded store. The built-in one counts only if a route uses it.
fn check_one_store(check: &mut Check<'_>) {
    let Loaded { settings, sources, .. } = check.loaded;
    let is_given = |name: &str| sources.is_given(&Key::backend(name, &[]));
    let is_used = |name: &str| settings.route.iter().any(|route| route.backend == name);
    let systems = check.systems;
    let all = settings.backend.iter().filter(|(_, backend)| systems.is_embedded(&backend.system));
    let names = all.map(|(name, _)| name.as_str());
    let mut stores: Vec<_> = names.filter(|name| is_given(name) || is_used(name)).collect();
    stores.sort_by_key(|name| is_given(name));
    let Some((first, others)) = stores.split_first() else { return };
    for name in others {
        let problem = format!("a second embedded store, in addition to {first:?}");
        let system = &settings.backend[*name].system;
        let expected = format!("one backend with system = {system:?}, which routes can share");
        check.refuse(&Key::backend(name, &["system"]), problem, expected);
    }
}

/// Warns about two backends with the same URL: the gateway would store separate ids and keys for
/// each of them.
fn check_twins(check: &mut Check<'_>) {
    let mut known: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for (name, backend) in &check.loaded.settings.backend {
        let Some(url) = &backend.url else { continue };
        let place = (backend.system.as_str(), url.as_str().trim_end_matches('/'));
        if let Some(other) = known.insert(place, name) {
            let problem = format!("the backend {other:?} has the same system and URL");
            let expected = "one backend for each system, which routes can share";
            check.warn(&Key::backend(name, &["url"]), problem, expected);
        }
    }
}

fn check_embedded(check: &mut Check<'_>, name: &str, backend: &Backend) {
    let table = check.loaded.tree.get("backend").and_then(|all| all.get(name));
    let keys = table.and_then(Value::as_table).into_iter().flatten().map(|(key, _)| key);
    for key in keys.filter(|key| *key != "system").cloned().collect::<Vec<_>>() {
        let problem = format!("the embedded store takes no {key}");
        let expected = format!("system = {:?} alone", backend.system);
        check.refuse(&Key::backend(name, &[&key]), problem, expected);
    }
}

/// Checks how a remote backend is reached.
fn check_remote(check: &mut Check<'_>, name: &str, backend: &Backend) {
    let at = |step: &str| Key::backend(name, &[step]);
    let missing = |step: &str| format!("{step} is missing");
    match &backend.url {
        None if check.has_error(&at("url")) => {}
        None => check.refuse(&Key::backend(name, &[]), missing("url"), "the URL of the system"),
        Some(url) => {
            check_reach(
                check,
                &Key::backend(name, &[]),
                url,
                [("ca_file", &backend.ca_file), ("identity_file", &backend.identity_file)],
            );
        }
    }
    match backend.secret.as_ref().map(crate::config::secret::SecretSource::resolve) {
        None if check.has_error(&at("secret")) => {}
        None => {
            let expected = "the gateway's own key, token or password there";
            check.refuse(&Key::backend(name, &[]), missing("secret"), expected);
        }
        Some(Err(why)) => check.refuse(&at("secret"), why, "a secret that is not empty"),
        Some(Ok(_)) => {}
    }
    check_words(check, name, backend);
}

/// Checks the version, the names and the templates of a remote backend.
fn check_adapter(check: &mut Check<'_>, name: &str, (backend, adapter): (&Backend, &Adapter)) {
    let at = |step: &str| Key::backend(name, &[step]);
    if let Some(version) = &backend.version
        && !adapter.has_version(version)
    {
        let problem = format!("{} has no version {version:?}", adapter.name);
        check.refuse(&at("version"), problem, adapter.known_versions());
    }
    if let Some(namespace) = &backend.id_namespace {
        check_namespace(check, &at("id_namespace"), namespace, adapter.name);
    }
}

fn check_words(check: &mut Check<'_>, name: &str, backend: &Backend) {
    if let Some(username) = &backend.username
        && (username.trim().is_empty() || username.contains([':', '\n', '\r']))
    {
        let key = Key::backend(name, &["username"]);
        check.refuse(&key, "the name is empty or holds a colon", "the gateway's user name there");
    }
    let Templates { email, full_name } = &backend.defaults;
    for (step, template) in [("email", email), ("full_name", full_name)] {
        let Some(template) = template else { continue };
        let rest = template.replace(USERNAME, "");
        if template.trim().is_empty() || rest.contains(['{', '}']) {
            let problem = format!("the template is {template:?}");
            let key = Key::backend(name, &["defaults", step]);
            check.refuse(&key, problem, format!("text, in which {USERNAME} is the user name"));
        }
    }
    for (step, teams) in [("to", &backend.teams.to), ("from", &backend.teams.from)] {
        for (one, other) in teams {
            if one.trim().is_empty() || other.trim().is_empty() {
                let key = Key::backend(name, &["teams", step, one]);
                check.refuse(&key, "the name of a group is empty", "the names of two groups");
            }
        }
    }
}

/// Checks an id namespace. It belongs to one system. A name with a typing error would be a new and
/// empty id namespace.
pub(super) fn check_namespace(check: &mut Check<'_>, key: &Key, namespace: &str, system: &str) {
    match check.systems.of_namespace(namespace).zip(check.systems.adapter(system)) {
        None => {
            let problem = format!("unknown id namespace {namespace:?}");
            check.refuse(key, problem, check.systems.namespaces());
        }
        Some((owner, adapter)) => {
            let kind = |adapter: &Adapter| std::mem::discriminant(&adapter.users);
            if kind(owner) != kind(adapter) {
                let problem =
                    format!("the ids of {namespace:?} are not of the kind that {system} uses");
                check.refuse(key, problem, format!("an id namespace such as {system}"));
            }
        }
    }
}

/// Checks a URL and its certificate files.
pub(super) fn check_reach(
    check: &mut Check<'_>,
    around: &Key,
    url: &MaskedUrl,
    files: [(&str, &Option<PathBuf>); 2],
) {
    let address = BaseAddress::read(url.as_str());
    if let Err(why) = &address {
        let problem = format!("{}: {why}", url.masked());
        let expected = "http:// or https:// and a host, without password, query and fragment";
        check.refuse(&around.below("url"), problem, expected);
    }
    for (step, path) in files {
        let Some(path) = path else { continue };
        let (sound, expected) = if step == "ca_file" {
            (upstream::check_authorities(path), "a PEM file with at least one certificate")
        } else {
            (upstream::check_identity(path), "a PEM file with a certificate and its key")
        };
        if let Err(why) = sound {
            check.refuse(&around.below(step), why, expected);
        } else if address.as_ref().is_ok_and(|address| !address.is_tls) {
            check.warn(&around.below(step), "the file is not used with http://", "https://");
        }
    }
}
