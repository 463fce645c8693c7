//! Decides whether a path belongs to the dialect or to the origin, also as the *origin* would read
//! it.
//!
//! The dialect answers a path that it translates. Any other path is forwarded to the origin byte
//! for byte, unless the origin could read it as a path that the dialect translates: then the
//! request would bypass the gateway, and is refused. Servers, proxies and frameworks decode paths
//! in different ways, so the check tries all of them: percent signs, dot segments, backslashes,
//! double slashes, upper case, a repeated prefix.

use std::sync::Arc;

use isogloss_canonical::http::Request;
use percent_encoding::percent_decode_str;

use crate::proxies::header_as_read;
use crate::router::{Route, Router};

/// How many times a path is decoded.
const ROUNDS: usize = 4;
/// The most prefixes that a client may name.
const PREFIXES: usize = 8;
/// The most readings of one path. With more the request is refused.
const READINGS: usize = 64;

/// Headers that give a server its path prefix.
const ROOTS: [&str; 2] = ["x-script-name", "x-forwarded-prefix"];
/// Headers that replace the verb of the request line.
const OVERRIDES: [&str; 3] = ["x-http-method-override", "x-http-method", "x-method-override"];

/// What answers a request.
#[derive(Debug, PartialEq, Eq)]
pub enum Answerer {
    /// The dialect.
    Dialect,
    /// The origin, unchanged.
    Origin,
    /// None: the gateway and the origin could read it differently. It has the reason.
    Neither(&'static str),
}

/// The route of a request and its origin.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The routes of the listener.
    pub router: &'a Router,
    /// The host of the request.
    pub host: &'a str,
    /// Its route.
    pub route: &'a Arc<Route>,
    /// The path of the origin's base URL.
    pub base: &'a str,
}

/// Decides what answers a request.
#[must_use]
pub fn answerer(way: Way<'_>, request: &Request) -> Answerer {
    if way.route.dialect.handles(request) {
        return Answerer::Dialect;
    }
    match doubt(way, request) {
        Some(why) => Answerer::Neither(why),
        None => Answerer::Origin,
    }
}

fn doubt(way: Way<'_>, request: &Request) -> Option<&'static str> {
    if is_spelt_oddly(&request.path) {
        return Some("a path with encoded letters, backslashes or control characters");
    }
    let whole = format!("{}{}", request.path_prefix, request.path);
    let (Some(whole), Some(below)) = (readings(&whole), readings(&request.path)) else {
        return Some("a path with dot segments, or encoded too often");
    };
    let elsewhere = |path: &String| {
        way.router.find(way.host, path).is_none_or(|(route, _)| !Arc::ptr_eq(route, way.route))
    };
    if whole.iter().any(elsewhere) {
        return Some("another spelling of another route's path");
    }
    let Some(below) = without_prefixes(below, &prefixes(way, request)) else {
        return Some("a path or a prefix with too many readings");
    };
    let mut read = Request { headers: request.headers.clone(), ..request.clone() };
    for method in methods(request) {
        read.method = method;
        for path in &below {
            read.path.clone_from(path);
            if way.route.dialect.handles(&read) {
                return Some("another spelling of a translated path");
            }
        }
    }
    None
}

/// Whether a path has characters that are not valid in a path, or encoded characters that need no
/// encoding. An encoded tilde is accepted: older clients encode it, and no translated path has one.
fn is_spelt_oddly(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let odd = |byte: u8| byte == b'\\' || byte.is_ascii_control();
    let encoded = path.as_bytes().windows(3).filter_map(|three| {
        let hex = std::str::from_utf8(&three[1..]).ok().filter(|_| three[0] == b'%')?;
        u8::from_str_radix(hex, 16).ok()
    });
    path.bytes().any(odd) || encoded.into_iter().any(|byte| plain(byte) || odd(byte))
}

/// All readings of a path. `None` if a dot segment could leave the prefix.
fn readings(path: &str) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let mut now = path.to_owned();
    for _ in 0..ROUNDS {
        let flat = now.replace('\\', "/");
        let steps: Vec<_> = flat.split('/').collect();
        // Some servers read the part after a semicolon as a parameter of the step.
        let dots = |step: &&str| matches!(step.split(';').next(), Some("." | ".."));
        if steps.iter().any(dots) {
            return None;
        }
        let steps: Vec<_> = steps.into_iter().filter(|step| !step.is_empty()).collect();
        let one = format!("/{}", steps.join("/"));
        all.extend([flat.clone(), flat.to_lowercase(), one.to_lowercase(), one]);
        let next = percent_decode_str(&now).decode_utf8_lossy().into_owned();
        if next == now {
            all.sort();
            all.dedup();
            return Some(all);
        }
        // A NUL ends a path for servers that use C strings.
        next.split('\0').next().unwrap_or_default().clone_into(&mut now);
    }
    None
}

/// The prefixes that the origin could remove from a path.
fn prefixes(way: Way<'_>, request: &Request) -> Vec<String> {
    let named = request.headers.iter().filter(|(name, _)| ROOTS.contains(&&*header_as_read(name)));
    let named = named.flat_map(|(_, value)| {
        let text = String::from_utf8_lossy(value).into_owned();
        let parts: Vec<_> = text.split(',').map(str::to_owned).collect();
        parts
    });
    let own = [way.route.path.clone(), way.base.to_owned()];
    let all = own.into_iter().chain(named).map(|name| name.trim().trim_matches('/').to_owned());
    let mut all: Vec<_> = all.filter(|name| !name.is_empty()).collect();
    all.sort();
    all.dedup();
    all
}

/// The paths with and without the prefixes. `None`: there are too many.
fn without_prefixes(mut paths: Vec<String>, prefixes: &[String]) -> Option<Vec<String>> {
    if prefixes.len() > PREFIXES {
        return None;
    }
    let mut index = 0;
    while let Some(path) = paths.get(index).cloned() {
        let below = path.trim_matches('/');
        let cut = prefixes.iter().filter_map(|prefix| below.strip_prefix(prefix.as_str()));
        // A script for the whole site reads the rest as the path.
        let script =
            below.split_once('/').filter(|(first, _)| first.to_lowercase().ends_with(".php"));
        for rest in cut.chain(script.map(|(_, rest)| rest)) {
            let rest = format!("/{}", rest.trim_start_matches('/'));
            if rest != "/" && !paths.contains(&rest) {
                paths.push(rest);
            }
        }
        let trimmed = format!("/{below}");
        if !paths.contains(&trimmed) {
            paths.push(trimmed);
        }
        if paths.len() > READINGS {
            return None;
        }
        index += 1;
    }
    Some(paths)
}

/// The verb, and the verbs with which the origin could replace it.
fn methods(request: &Request) -> Vec<String> {
    let named =
        request.headers.iter().filter(|(name, _)| OVERRIDES.contains(&&*header_as_read(name)));
    let named = named.map(|(_, value)| String::from_utf8_lossy(value).trim().to_uppercase());
    let query = request.query.iter().flat_map(|query| query.split('&'));
    let asked = query.filter_map(|pair| pair.strip_prefix("_method=")).map(str::to_uppercase);
    let mut all = vec![request.method.clone(), request.method.to_uppercase()];
    all.extend(named.chain(asked).take(PREFIXES));
    all.sort();
    all.dedup();
    all
}
