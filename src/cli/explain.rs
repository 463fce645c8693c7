//! `isogloss explain`.

use std::io::Read;

use anyhow::{Context, anyhow};
use bytes::Bytes;
use isogloss_canonical::http::Request;

use crate::cli::arguments::At;
use crate::cli::{open, print};
use crate::config::settings::{Route, Settings};
use crate::explain::{self, Answer, Explanation};

/// Explains the request on standard input.
pub(crate) async fn run(wanted: &str, at: &At) -> anyhow::Result<()> {
    let settings = open::settings(&at.place)?;
    let route = find(&settings, wanted)?;
    let mut text = Vec::new();
    std::io::stdin().read_to_end(&mut text).context("standard input")?;
    let request = read(&text, &route.path)?;
    let explanation = explain::explain(&settings, route, &request).await?;
    if at.json { print::json(&serde_json::to_value(explanation)?) } else { show(&explanation) }
}

fn find<'a>(settings: &'a Settings, wanted: &str) -> anyhow::Result<&'a Route> {
    let fits = |route: &&Route| route.path == wanted || route.dialect == wanted;
    settings.route.iter().find(fits).ok_or_else(|| {
        let known: Vec<_> = settings.route.iter().map(|route| route.path.as_str()).collect();
        anyhow!("no route {wanted:?}; known: {}", known.join(", "))
    })
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

fn show(told: &Explanation) -> anyhow::Result<()> {
    for method in &told.methods {
        print::line(&format!("method    {method}"))?;
    }
    print::line(&format!("answered  by {}", told.answered_by))?;
    for credentials in &told.credentials {
        print::line(&format!("shows     {credentials}"))?;
    }
    for step in &told.commands {
        print::line(&format!("command   {}: {}", step.verb, step.does))?;
        print::line(&format!("  needs   {}", step.needs))?;
    }
    for sent in &told.requests {
        print::line(&format!("request   to {}: {}", sent.to, sent.request))?;
    }
    if let Some(answer) = &told.answer {
        print::line(&format!("answer    {}", line(answer)))?;
    }
    for after in &told.faults {
        print::line(&format!("  {:<18} {}", after.fault, line(&after.answer)))?;
    }
    Ok(())
}

fn line(answer: &Answer) -> String {
    format!("{} {}", answer.status, answer.body.trim())
}
