//! Queries and form bodies as Werkzeug reads them.

use std::collections::HashSet;

use isogloss_canonical::http::Request;

use super::dict::Dict;
use super::value::Py;
use crate::percent;

/// The fields of a request in the order of Flask's `request.values`: the query, then the form.
#[must_use]
pub fn values(request: &Request) -> Vec<(String, String)> {
    let mut fields = fields(request.query.as_deref().unwrap_or_default().as_bytes());
    fields.extend(posted(request));
    fields
}

/// The fields of the form in the body, in the order of Flask's `request.form`.
#[must_use]
pub fn posted(request: &Request) -> Vec<(String, String)> {
    if !matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") {
        return Vec::new();
    }
    match media_type(request).as_str() {
        "application/x-www-form-urlencoded" => fields(&request.body),
        "multipart/form-data" => parts(request),
        _ => Vec::new(),
    }
}

/// The fields of a `multipart/form-data` body. Files are left out.
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
#[must_use]
pub fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
}

/// The fields as a dictionary. The first value of a name counts.
#[must_use]
pub fn dict(fields: &[(String, String)]) -> Py {
    let mut names = HashSet::with_capacity(fields.len());
    let firsts = fields.iter().filter(|(name, _)| names.insert(name.as_str()));
    let entries = firsts.map(|(name, value)| (name.clone().into(), Py::text(value)));
    Py::Dict(Dict::of_distinct(entries.collect()))
}

/// The media type of the body, without its parameters, in lower case.
#[must_use]
pub fn media_type(request: &Request) -> String {
    let whole = request.header("content-type").unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The fields of a query or of an urlencoded body.
#[must_use]
pub fn fields(text: &[u8]) -> Vec<(String, String)> {
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
    String::from_utf8_lossy(&percent::decode_form(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// A form of 1 MiB. To compare each pair of fields would take minutes.
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
