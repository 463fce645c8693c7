//! `isogloss config check --connect`: whether everything that the gateway has to reach can be
//! reached, and takes the gateway's own credential. It reads; nothing is written anywhere.

use std::error::Error;
use std::time::Instant;

use futures_util::future::join_all;
use isogloss_canonical::backend::Upstream;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::Request;
use isogloss_canonical::user::UserRef;
use serde_json::{Value, json};

use crate::config::masked::MaskedUrl;
use crate::config::settings::{Backend, Directory, Origin, Settings};
use crate::layers::directory;
use crate::systems::STORE;
use crate::upstream::HttpUpstream;
use crate::{backends, gateway};

/// Somebody whom no system has: the read has to get past the credential all the same.
const NOBODY: &str = "isogloss-connection-check";

/// What came of one connection.
#[derive(Debug)]
pub struct Connection {
    /// What was reached: `backend old`, `origin of route /kanboard`, `directory`.
    pub what: String,
    /// Where; without a password.
    pub url: String,
    /// What is wrong, if anything is.
    pub problem: Option<String>,
    /// How long it took.
    pub millis: u128,
}

impl Connection {
    /// For programs.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "what": self.what,
            "url": self.url,
            "ok": self.problem.is_none(),
            "problem": self.problem,
            "millis": u64::try_from(self.millis).unwrap_or(u64::MAX),
        })
    }

    /// For people.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { what, url, millis, .. } = self;
        match &self.problem {
            None => format!("ok      {what} at {url} ({millis} ms)"),
            Some(problem) => format!("failed  {what} at {url} ({millis} ms): {problem}"),
        }
    }
}

/// Connects to everything at once.
pub async fn all(settings: &Settings) -> Vec<Connection> {
    let systems = settings.backend.iter().filter(|(_, one)| one.system != STORE);
    let systems = join_all(systems.map(|(name, wanted)| system(name, wanted)));
    let origins = settings.route.iter().filter_map(|route| {
        let path = if route.path.is_empty() { "/" } else { &route.path };
        route.origin.as_ref().map(|wanted| origin(path, wanted))
    });
    let directories = join_all(settings.directory.iter().map(ldap));
    let (systems, origins, directories) =
        futures_util::future::join3(systems, join_all(origins), directories).await;
    systems.into_iter().chain(origins).chain(directories).collect()
}

async fn system(name: &str, wanted: &Backend) -> Connection {
    let url = wanted.url.as_ref().map(MaskedUrl::masked).unwrap_or_default();
    timed(format!("backend {name}"), url, async {
        let system = backends::bare(name, wanted).map_err(|why| format!("{why:#}"))?.backend;
        let read = Command::GetUser(UserRef::Name(NOBODY.to_owned()));
        match system.execute(read).await {
            Ok(_) => Ok(()),
            Err(fault) if fault.is_absence_of(Subject::User) => Ok(()),
            Err(fault) => Err(words(&fault)),
        }
    })
    .await
}

async fn origin(path: &str, wanted: &Origin) -> Connection {
    timed(format!("origin of route {path}"), wanted.url.masked(), async {
        let upstream = HttpUpstream::new(&gateway::origin_reach(wanted))?;
        let answer = upstream.send(Request::to("GET", "/")).await.map_err(|fault| words(&fault))?;
        match answer.status {
            status @ 500.. => Err(format!("it answers with status {status}")),
            _ => Ok(()),
        }
    })
    .await
}

async fn ldap(wanted: &Directory) -> Connection {
    timed("directory".to_owned(), wanted.url.masked(), async {
        let config = backends::directory(wanted).map_err(|why| format!("{why:#}"))?;
        Box::pin(directory::probe(config, NOBODY)).await.map_err(|fault| words(&fault))
    })
    .await
}

async fn timed(
    what: String,
    url: String,
    asking: impl Future<Output = Result<(), String>>,
) -> Connection {
    let began = Instant::now();
    let problem = asking.await.err();
    Connection { what, url, problem, millis: began.elapsed().as_millis() }
}

/// A fault with its causes, which hold no secret: they are what the log shows.
fn words(fault: &Fault) -> String {
    let kind = match fault.kind {
        FaultKind::Timeout => "it did not answer in time".to_owned(),
        FaultKind::Unavailable => "it cannot be used".to_owned(),
        kind => format!("it answers with {kind:?}"),
    };
    let mut told = if fault.detail.is_empty() { kind } else { format!("{kind}: {}", fault.detail) };
    let mut cause = fault.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
