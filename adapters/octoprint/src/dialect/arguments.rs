//! The arguments of a request: the fields of its query and form, and its body as JSON.

use std::borrow::Cow;
use std::collections::HashSet;

use isogloss_canonical::http::Request;

use crate::dialect::failure::{CRASH, Failure};
use crate::pyjson::{Py, Unreadable, read};

/// The fields of a request in Flask's order: the query, then the form.
pub(crate) fn values(request: &Request) -> Vec<(String, String)> {
    let mut fields = fields(request.query.as_deref().unwrap_or_default().as_bytes());
    if !matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        return fields;
    }
    match media_type(request).as_str() {
        "application/x-www-form-urlencoded" => fields.extend(self::fields(&request.body)),
        "multipart/form-data" => fields.extend(parts(request)),
        _ => {}
    }
    fields
}

/// The fields of a form in parts. A file is no field.
fn parts(request: &Request) -> Vec<(String, String)> {
    let header = request.header("content-type").unwrap_or_default();
    let body = String::from_utf8_lossy(&request.body);
    let Some(boundary) = parameter(header, "boundary") else { return Vec::new() };
    let boundary = format!("--{boundary}");
    let parts =
        body.split(boundary.as_str()).skip(1).filter_map(|part| part.split_once("\r\n\r\n"));
    let field = |(head, value): (&str, &str)| {
        let line = head.lines().find(|line| {
            line.get(..20).is_some_and(|name| name.eq_ignore_ascii_case("content-disposition:"))
        })?;
        let file = parameter(line, "filename").is_some();
        let name = parameter(line, "name").filter(|_| !file)?;
        Some((name.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned()))
    };
    parts.filter_map(field).collect()
}

/// A header's parameter, without its quotes.
fn parameter<'a>(header: &'a str, name: &str) -> Option<&'a str> {
    let parameters = header.split(';').skip(1).filter_map(|one| one.trim().split_once('='));
    let mut named = parameters.filter(|(own, _)| own.eq_ignore_ascii_case(name));
    named.next().map(|(_, value)| value.trim_matches('"'))
}

/// The first value of a field.
pub(crate) fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// The body as JSON.
pub(crate) fn json(request: &Request) -> Result<Py, Failure> {
    if !is_json(request) {
        return Err(Failure::of(415));
    }
    read(&request.body).map_err(|error| match error {
        Unreadable::Malformed => Failure::of(400),
        Unreadable::TooDeep | Unreadable::Surrogate => CRASH,
    })
}

/// The body as JSON. If it is no JSON or is empty, these fields.
pub(crate) fn json_or_values(request: &Request, values: &[(String, String)]) -> Py {
    let body = if is_json(request) { read(&request.body).ok() } else { None };
    body.filter(Py::truthy).unwrap_or_else(|| dict(values))
}

fn is_json(request: &Request) -> bool {
    let media_type = media_type(request);
    let vendor = media_type.starts_with("application/") && media_type.ends_with("+json");
    media_type == "application/json" || vendor
}

/// The fields as a dictionary. The first value of a name counts.
fn dict(fields: &[(String, String)]) -> Py {
    let mut names = HashSet::with_capacity(fields.len());
    let firsts = fields.iter().filter(|(name, _)| names.insert(name.as_str()));
    Py::Dict(firsts.map(|(name, value)| (name.clone(), Py::text(value))).collect())
}

/// The media type of the body, without its parameters, in lower case.
fn media_type(request: &Request) -> String {
    let whole = request.header("content-type").unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Bytes without their percent encoding.
pub(crate) fn percent_decoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        let pair = tail.get(..2).filter(|_| byte == b'%').and_then(hex_pair);
        out.push(pair.unwrap_or(byte));
        rest = if pair.is_some() { &tail[2..] } else { tail };
    }
    out
}

fn hex_pair(pair: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(pair[0])? * 16 + digit(pair[1])?)
}

fn fields(text: &[u8]) -> Vec<(String, String)> {
    let pairs = text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
            (decoded(name), decoded(value))
        })
        .collect()
}

fn decoded(text: &[u8]) -> String {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return String::from_utf8_lossy(text).into_owned();
    }
    let spaced: Vec<u8> =
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let bytes = percent_decoded(&spaced);
    match String::from_utf8_lossy(&bytes) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// A form of 1 MiB. A look at each pair of fields would take minutes.
    #[test]
    fn repeated_names_are_joined_in_one_pass() {
        let distinct = (0..1 << 17).map(|n| format!("{n:x}=1")).collect::<Vec<_>>().join("&");
        for form in ["a=1&".repeat(1 << 18), distinct] {
            let fields = fields(form.as_bytes());
            let started = Instant::now();
            let read = dict(&fields);
            assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
            assert!(read.truthy());
        }
    }

    #[test]
    fn the_first_value_of_a_name_counts() {
        let read = dict(&fields(b"b=1&a=2&b=3&b="));
        assert_eq!(read.get("b"), Some(&Py::text("1")));
        assert_eq!(read.get("a"), Some(&Py::text("2")));
        assert_eq!(read.get("c"), None);
    }
}
