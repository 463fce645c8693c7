//! `isogloss explain`.

use std::io::Read;
use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use isogloss_canonical::adapter::{BackendKind, Service};
use isogloss_canonical::http::Request;
use serde_json::Value;

use crate::backends;
use crate::cli::arguments::At;
use crate::cli::{open, print};
use crate::config::settings::{Mode, Route, Settings};
use crate::config::values;
use crate::explain::{self, Behind, Recorder};
use crate::registry;

/// The text that replaces the gateway's own secret.
const MASK: &str = "SECRET";

/// Explains the request on standard input.
pub(crate) async fn run(wanted: &str, at: &At) -> anyhow::Result<()> {
    let settings = open::settings(&at.place)?;
    let route = find(&settings, wanted)?;
    if route.mode == Mode::Proxy {
        bail!("the route is in the mode proxy: its origin answers every request");
    }
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text).context("standard input")?;
    let request = read(&text, &route.path)?;
    let dialect = registry::SYSTEMS
        .make_dialect(&route.dialect, &route.dialect_options())
        .map_err(|why| anyhow!(why))?;
    let behind = behind(&settings, route)?;
    let told = explain::explain(&*dialect, &request, behind).await;
    if at.json { print::json(&told) } else { show(&told) }
}

fn find<'a>(settings: &'a Settings, wanted: &str) -> anyhow::Result<&'a Route> {
    let fits = |route: &&Route| route.path == wanted || route.dialect == wanted;
    settings.route.iter().find(fits).ok_or_else(|| {
        let known: Vec<_> = settings.route.iter().map(|route| route.path.as_str()).collect();
        anyhow!("no route {wanted:?}; known: {}", known.join(", "))
    })
}

/// The backend of the route with a recorder as its upstream. `None` for the embedded store.
fn behind(settings: &Settings, route: &Route) -> anyhow::Result<Option<Behind>> {
    let wanted = settings.backend.get(&route.backend);
    let wanted = wanted.ok_or_else(|| anyhow!("no backend {:?}", route.backend))?;
    let (adapter, kind) = registry::backend(&wanted.system).map_err(|why| anyhow!(why))?;
    let system = match kind {
        BackendKind::Embedded(_) => return Ok(None),
        BackendKind::Remote(system) => system,
    };
    let namespace = backends::namespace(wanted, adapter);
    // Some systems take the key in a query or a form, which is printed below.
    let service = Service { secret: MASK.into(), ..values::service(wanted, namespace.clone())? };
    let recorder = Arc::new(Recorder::default());
    let backend = (system.make)(&service, recorder.clone());
    Ok(Some(Behind { backend, recorder, namespace }))
}

/// Reads a request in HTTP format: a request line, headers, an empty line, a body. The path may
/// have the path prefix or not.
fn read(text: &[u8], path_prefix: &str) -> anyhow::Result<Request> {
    let end = |needle: &[u8]| text.windows(needle.len()).position(|at| at == needle);
    let (head, body) = match (end(b"\r\n\r\n"), end(b"\n\n")) {
        (Some(at), _) => (&text[..at], &text[at + 4..]),
        (None, Some(at)) => (&text[..at], &text[at + 2..]),
        (None, None) => (text, &text[text.len()..]),
    };
    let head = std::str::from_utf8(head).context("the head is not text")?;
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split_whitespace();
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(anyhow!("the first line is not: VERB PATH"));
    };
    let target = target.strip_prefix(path_prefix).unwrap_or(target);
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    let mut request = Request::to(method, path);
    request.query = query;
    path_prefix.clone_into(&mut request.path_prefix);
    for line in lines {
        let (name, value) = line.split_once(':').ok_or_else(|| anyhow!("no header: {line:?}"))?;
        request = request.with(&name.trim().to_lowercase(), value.trim().to_owned());
    }
    if !body.is_empty() && request.header("content-length").is_none() {
        request = request.with("content-length", body.len().to_string());
    }
    request.body = Bytes::copy_from_slice(body);
    Ok(request)
}

fn show(told: &Value) -> anyhow::Result<()> {
    let list = |name: &str| told[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    for credentials in list("credentials") {
        print::line(&format!("proves    {}", text(&credentials)))?;
    }
    for command in list("commands") {
        print::line(&format!("command   {}", text(&command["command"])))?;
        print::line(&format!("  takes   {}", text(&command["permission"])))?;
    }
    for sent in list("upstream") {
        print::line(&format!("upstream  {}", text(&sent)))?;
    }
    print::line(&format!("answers   {}", told["answer"]))?;
    for fault in list("faults") {
        print::line(&format!("  {:<15} {}", text(&fault["fault"]), fault["answer"]))?;
    }
    Ok(())
}
