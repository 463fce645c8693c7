//! The requests of recordings, in the form that a dialect gets.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use isogloss_canonical::http::Request;
use serde_json::{Map, Value};

use crate::client::{body, headers};
use crate::profile::Profiles;
use crate::transcript::index;
use crate::variables::Variables;

/// The recorded requests of a system's clients, each of them once. A request whose variables come
/// from an earlier answer is left out.
pub fn recorded(fixtures: &Path, system: &str) -> Result<Vec<Request>> {
    let profiles = Profiles::load(fixtures)?;
    let (mut requests, mut seen) = (Vec::new(), BTreeSet::new());
    for recording in index(&fixtures.join("transcripts"))? {
        let setup = profiles.setup(&recording.heading)?;
        if setup.dialect != system {
            continue;
        }
        for exchange in &recording.transcript()?.exchanges {
            let Ok(request) = request(&exchange.request, &setup.variables) else { continue };
            let key = (request.method.clone(), request.path.clone(), request.body.clone());
            if seen.insert(key) {
                requests.push(request);
            }
        }
    }
    Ok(requests)
}

/// One request in the form of a transcript, with its variables filled in.
pub fn request(recorded: &Map<String, Value>, variables: &Variables) -> Result<Request> {
    let word = |key: &str| recorded.get(key).and_then(Value::as_str);
    let target = variables.fill_text(word("path").context("no path")?)?;
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target.as_str(), None),
    };
    let mut lines = headers(recorded, variables)?;
    let body = body(recorded, variables, &mut lines)?.unwrap_or_default();
    let mut request = Request { query, ..Request::to(word("method").unwrap_or("GET"), path) };
    for (name, value) in lines {
        request = request.with(&name.to_ascii_lowercase(), value);
    }
    request =
        request.with("host", "gateway.example").with("content-length", body.len().to_string());
    request.body = body.into();
    request.client = "127.0.0.1".parse().ok();
    Ok(request)
}
