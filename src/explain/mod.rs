//! Explains a request without executing it: who answers it, its commands with the permission of each,
//! the requests to a remote system, the answer, and the answer to each kind of fault.
//!
//! The request runs through the real route in a temporary directory (`simulation`). What it asks for
//! exists there (`world`), and its caller is an administrator.

mod examples;
mod observed;
mod rehearsal;
mod simulation;
mod words;
mod world;

use bytes::Bytes;
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::fault::FaultKind;
use isogloss_canonical::http::{Request, Response};
use serde::Serialize;

use crate::config::settings::{Mode, Origin, Route, Settings};
use crate::explain::observed::Observed;
use crate::explain::rehearsal::Rehearsal;
use crate::explain::simulation::Simulation;
use crate::registry;

/// What happens to a request.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Explanation {
    /// The methods that it calls, as the manual has them.
    pub methods: Vec<String>,
    /// Who answers it: `the dialect` or `the origin`.
    pub answered_by: &'static str,
    /// What the caller shows.
    pub credentials: Vec<String>,
    /// The canonical commands.
    pub commands: Vec<Step>,
    /// The requests, in order.
    pub requests: Vec<Sent>,
    /// The answer. `None`: the origin gives it.
    pub answer: Option<Answer>,
    /// The answers of the dialect to each kind of fault of a command.
    pub faults: Vec<AfterFault>,
}

/// A canonical command.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Its verb.
    pub verb: &'static str,
    /// What it does, in words.
    pub does: String,
    /// Who may run it.
    pub needs: String,
}

/// A request that the gateway sends.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    /// The receiver: `the system` or `the origin`.
    pub to: &'static str,
    /// Verb, path, query and body.
    pub request: String,
}

/// An answer to the client.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// The answer to one kind of fault.
#[derive(Clone, Debug, Serialize)]
pub struct AfterFault {
    /// The kind, in words.
    pub fault: &'static str,
    /// The answer.
    pub answer: Answer,
}

impl From<&Response> for Answer {
    fn from(response: &Response) -> Self {
        let body = String::from_utf8_lossy(&response.body).into_owned();
        Self { status: response.status, body }
    }
}

/// Explains a request to a route. Nothing is sent, and no file of the gateway is read or changed. The
/// error says what of the configuration cannot be used.
pub async fn explain(
    settings: &Settings,
    route: &Route,
    request: &Request,
) -> anyhow::Result<Explanation> {
    let made = registry::SYSTEMS.make_dialect(&route.dialect, &settings.dialect_options(route));
    let dialect = made.map_err(|why| anyhow::anyhow!(why))?;
    let methods = dialect.named(request).methods;
    if let Some(origin) = &route.origin
        && (route.mode == Mode::Proxy || !dialect.handles(request))
    {
        return Ok(Explanation { methods, ..by_origin(origin, request) });
    }
    let usual = Rehearsal::new(None);
    let _example = dialect.answer(request, &usual).await;
    let asked = usual.asked();
    let simulation = Simulation::build(settings, route, (&*dialect, &asked)).await?;
    simulation.begin();
    let observed = Observed::new(&simulation.pipeline, route.origin.is_some());
    let response = dialect.answer(request, &observed).await;
    let (asked, forwarded) = observed.end();
    let requests = sent("the system", simulation.requests());
    let requests = requests.chain(sent("the origin", forwarded)).collect();
    Ok(Explanation {
        methods,
        answered_by: "the dialect",
        credentials: asked.credentials.iter().map(words::credentials).collect(),
        commands: asked.commands.iter().map(Step::from).collect(),
        requests,
        answer: Some(Answer::from(&response)),
        faults: faults(&*dialect, request).await,
    })
}

impl From<&isogloss_canonical::command::Command> for Step {
    fn from(command: &isogloss_canonical::command::Command) -> Self {
        let verb = command.verb();
        let needs = words::permission(verb.permission());
        Self { verb: verb.as_str(), does: words::command(command), needs }
    }
}

fn sent(to: &'static str, requests: Vec<String>) -> impl Iterator<Item = Sent> {
    requests.into_iter().map(move |request| Sent { to, request })
}

fn by_origin(origin: &Origin, request: &Request) -> Explanation {
    let url = origin.url.masked();
    let path = format!("{}{}", url.trim_end_matches('/'), request.path);
    let head = Request { path, body: Bytes::new(), ..request.clone() };
    let requests = sent("the origin", vec![words::request(&head)]).collect();
    Explanation { answered_by: "the origin", requests, ..Explanation::default() }
}

async fn faults(dialect: &dyn Dialect, request: &Request) -> Vec<AfterFault> {
    let mut faults = Vec::new();
    for kind in FaultKind::ALL {
        let trial = Rehearsal::new(Some(kind));
        let response = dialect.answer(request, &trial).await;
        if !trial.asked().commands.is_empty() {
            faults.push(AfterFault { fault: words::fault(kind), answer: Answer::from(&response) });
        }
    }
    faults
}
