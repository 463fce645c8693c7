//! Checks the routes: each needs its own host and path prefix, and options that its dialect
//! accepts.

use std::collections::BTreeMap;

use serde_json::Map;

use crate::config::check::backends::{check_namespace, check_reach};
use crate::config::check::listeners::{Listener, is_host_name};
use crate::config::check::report::Check;
use crate::config::finding::Key;
use crate::config::settings::{Mode, Route};
use crate::systems::Systems;

/// The longest path of a route.
const LONGEST_PATH: usize = 200;
/// An attribute that belongs to no single system.
const SHARED_ATTRIBUTE: &str = "second_factor";

pub(super) fn check(check: &mut Check<'_>) {
    let routes = &check.loaded.settings.route;
    if routes.is_empty() {
        let key = Key::of(&["route"]);
        check.refuse(&key, "there is no route: no request would be answered", "[[route]]");
    }
    for (index, route) in routes.iter().enumerate() {
        check_place(check, index, route);
        check_backend(check, index, route);
        check_dialect(check, index, route);
        if route.mode == Mode::Proxy && route.origin.is_none() {
            let problem = "the origin is missing: it answers every request in this mode";
            let key = Key::route(index, &["mode"]);
            check.refuse(&key, problem, "[route.origin] with the URL of the server");
        }
        if let Some(origin) = &route.origin {
            let key = Key::route(index, &["origin"]);
            check_reach(
                check,
                &key,
                &origin.url,
                [("ca_file", &origin.ca_file), ("identity_file", &origin.identity_file)],
            );
            check_is_backend(check, index, route);
        }
    }
    check_twins(check);
}

/// Refuses an origin that is said to be the server of a backend of another system. Warns of an origin
/// that seems to be another server than the backend of the dialect's own system.
fn check_is_backend(check: &mut Check<'_>, index: usize, route: &Route) {
    let Some(origin) = &route.origin else { return };
    let settings = &check.loaded.settings;
    let system = settings.backend.get(&route.backend).map(|backend| &backend.system);
    let is_own = system == Some(&route.dialect);
    match origin.is_backend {
        Some(true) if !is_own => {
            let problem =
                format!("the backend {:?} is no server of {}", route.backend, route.dialect);
            let key = Key::route(index, &["origin", "is_backend"]);
            check.refuse(&key, problem, "a backend of the dialect's own system, or leave it out");
        }
        None if is_own && !settings.has_backend_as_origin(route) => {
            let problem = format!(
                "{} is another address than that of the backend {:?}: a session of the gateway is none there",
                origin.url.masked(),
                route.backend
            );
            let expected = "is_backend = true if it is the same server, is_backend = false if not";
            check.warn(&Key::route(index, &["origin", "url"]), problem, expected);
        }
        Some(_) | None => {}
    }
}

fn check_place(check: &mut Check<'_>, index: usize, route: &Route) {
    if let Err(problem) = path_is_sound(&route.path) {
        let expected = "\"/\", or steps such as \"/kanboard\" or \"/old/kanboard\" of letters, \
                        digits, -, ., _ and ~";
        check.refuse(
            &Key::route(index, &["path"]),
            format!("{:?} {problem}", route.path),
            expected,
        );
    }
    let Some(host) = &route.host else { return };
    if !is_host_name(host) {
        let problem = format!("{host:?} is no host name");
        let expected = "a host name or an IPv4 address, without scheme, port and path";
        check.refuse(&Key::route(index, &["host"]), problem, expected);
    }
}

/// Whether every server and client reads a path in the same way.
fn path_is_sound(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Ok(());
    }
    let Some(below) = path.strip_prefix('/') else { return Err("does not begin with a slash") };
    if path.len() > LONGEST_PATH {
        return Err("is too long");
    }
    for step in below.split('/') {
        if step.is_empty() {
            return Err("has a doubled slash or one at its end");
        }
        if step.chars().all(|c| c == '.') {
            return Err("has a step of dots");
        }
        if step.contains('%') {
            return Err("has a percent sign");
        }
        if !step.chars().all(|c| c.is_ascii_alphanumeric() || "-._~".contains(c)) {
            return Err("has a character that clients may write in different ways");
        }
    }
    Ok(())
}

fn check_backend(check: &mut Check<'_>, index: usize, route: &Route) {
    let settings = &check.loaded.settings;
    let Some(backend) = settings.backend.get(&route.backend) else {
        let known: Vec<_> = settings.backend.keys().map(String::as_str).collect();
        let problem = format!("no backend {:?}", route.backend);
        return check.refuse(&Key::route(index, &["backend"]), problem, known.join(", "));
    };
    if check.systems.is_embedded(&backend.system) && !route.attributes.is_empty() {
        let key = Key::route(index, &["attributes"]);
        check.warn(&key, "the embedded store can store every attribute", "a backend over HTTP");
    }
    for prefix in route.attributes.keys() {
        let known = check.systems.with_namespace().map(|adapter| format!("{}.", adapter.name));
        let mut known = known.chain([SHARED_ATTRIBUTE.to_owned()]);
        if !known.any(|own| prefix.starts_with(&own) || own.starts_with(prefix.as_str())) {
            let problem = format!("no attribute begins with {prefix:?}");
            let expected = "a prefix that begins with the name of a system, such as \"octoprint.\"";
            check.refuse(&Key::route(index, &["attributes", prefix]), problem, expected);
        }
    }
}

fn check_dialect(check: &mut Check<'_>, index: usize, route: &Route) {
    let at = |step: &str| Key::route(index, &[step]);
    let adapter = match check.systems.dialect(&route.dialect) {
        Ok(adapter) => adapter,
        Err(why) => return check.refuse_with(&at("dialect"), &why),
    };
    if let Some(namespace) = &route.id_namespace {
        check_namespace(check, &at("id_namespace"), namespace, adapter.name);
    }
    let plain = Route { options: Map::new(), ..route.clone() };
    if let Err(why) = try_options(check.systems, &plain) {
        return check.refuse_with(&at("version"), &why);
    }
    let mut is_found = false;
    for (name, value) in &route.options {
        let options = Map::from_iter([(name.clone(), value.clone())]);
        if let Err(why) = try_options(check.systems, &Route { options, ..route.clone() }) {
            is_found = true;
            check.refuse_with(&Key::route(index, &["options", name]), &why);
        }
    }
    if let Err(why) = try_options(check.systems, route)
        && !is_found
    {
        check.refuse_with(&at("options"), &why);
    }
}

/// Whether a dialect accepts the options of a route. The error says what is wrong.
fn try_options(systems: Systems, route: &Route) -> Result<(), String> {
    systems.make_dialect(&route.dialect, &route.dialect_options()).map(drop)
}

/// Refuses two routes with the same host and path prefix: only the first would get requests.
fn check_twins(check: &mut Check<'_>) {
    let settings = &check.loaded.settings;
    let mut first: BTreeMap<_, usize> = BTreeMap::new();
    for (index, route) in settings.route.iter().enumerate() {
        let listen = route.listen.as_ref().unwrap_or(&settings.server.listen);
        let host = route.host.as_ref().map(|host| host.to_ascii_lowercase());
        let Ok(listener) = Listener::read(listen) else { continue };
        let place = (listener, host, route.path.as_str());
        let Some(earlier) = first.get(&place) else {
            first.insert(place, index);
            continue;
        };
        let earlier = check.loaded.sources.find(&Key::route(*earlier, &[]));
        let problem =
            format!("this route has the same address, host and path as the one at {earlier}");
        let expected = "another path, host or address";
        check.refuse(&Key::route(index, &[]), problem, expected);
    }
}

#[cfg(test)]
mod tests {
    use super::path_is_sound;

    #[test]
    fn a_path_reads_the_same_everywhere() {
        for path in ["", "/kanboard", "/old/kan_board-1.2~x"] {
            assert_eq!(path_is_sound(path), Ok(()), "{path}");
        }
        for path in
            ["a", "/a/", "//a", "/a//b", "/a/../b", "/.", "/a%2fb", "/a b", "/a?b", "/a\\b", "/ä"]
        {
            assert!(path_is_sound(path).is_err(), "{path}");
        }
    }
}
