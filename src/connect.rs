//! `isogloss config check --connect`: whether every backend, origin and directory can be reached
//! and accepts the gateway's credential. It only reads.

use std::error::Error;
use std::time::Instant;

use futures_util::future::{join, join_all, join3};
use isogloss_canonical::backend::Backend;
use isogloss_canonical::command::Command;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::http::Request;
use isogloss_canonical::user::UserRef;
use serde_json::{Value, json};

use crate::config::masked::MaskedUrl;
use crate::config::settings::Settings;
use crate::config::values;
use crate::gateway::PreparedGateway;
use crate::layers::directory;
use crate::layers::directory::config::DirectoryConfig;
use crate::origin::Origin;
use crate::origin::incoming::Inbound;

/// A user name that no system has. A read of it still needs the credential.
const NOBODY: &str = "isogloss-connection-check";

/// The result of one connection.
#[derive(Debug)]
pub struct Connection {
    /// The target: `backend old`, `origin of route /kanboard`, `directory`.
    pub what: String,
    /// The URL, without a password.
    pub url: String,
    /// The problem, if there is one.
    pub problem: Option<String>,
    /// What does not work although the connection is in order.
    pub note: Option<String>,
    /// How long it took.
    pub millis: u128,
}

impl Connection {
    /// The result as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "what": self.what,
            "url": self.url,
            "ok": self.problem.is_none(),
            "problem": self.problem,
            "note": self.note,
            "millis": u64::try_from(self.millis).unwrap_or(u64::MAX),
        })
    }

    /// The result as one line of text.
    #[must_use]
    pub fn line(&self) -> String {
        let Self { what, url, millis, .. } = self;
        match &self.problem {
            None => {
                let note = self.note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
                format!("ok      {what} at {url} ({millis} ms){note}")
            }
            Some(problem) => format!("failed  {what} at {url} ({millis} ms): {problem}"),
        }
    }
}

/// Makes all connections at the same time, with the same clients as `serve`.
pub async fn all(settings: &Settings, gateway: &PreparedGateway) -> Vec<Connection> {
    let systems = gateway.backends.remotes().map(|(name, backend)| {
        let url = settings.backend.get(name).and_then(|wanted| wanted.url.as_ref());
        system(name, url, backend.as_ref())
    });
    let origins = settings.route.iter().zip(&gateway.routes).filter_map(|(wanted, route)| {
        let path = if wanted.path.is_empty() { "/" } else { &wanted.path };
        Some(origin(path, &wanted.origin.as_ref()?.url, route.origin.as_deref()?))
    });
    let directories = settings.directory.iter().zip(&gateway.backends.directory);
    let directories = directories.map(|(wanted, config)| ldap(&wanted.url, config));
    let others = join3(join_all(systems), join_all(origins), join_all(directories));
    let (state, (systems, origins, directories)) = join(state(settings), others).await;
    state.into_iter().chain(systems).chain(origins).chain(directories).collect()
}

/// The state database, if it is on a server. Nothing is created there.
async fn state(settings: &Settings) -> Option<Connection> {
    let url = values::server(settings)?;
    let shown = settings.state.url.as_ref().map(|url| format!("{url:?}")).unwrap_or_default();
    let asked = timed("state".to_owned(), shown, async {
        let found = isogloss_store::probe(&url).await;
        found.map(|version| Some(format!("PostgreSQL {version}"))).map_err(|fault| words(&fault))
    });
    Some(asked.await)
}

async fn system(name: &str, url: Option<&MaskedUrl>, backend: &dyn Backend) -> Connection {
    let url = url.map(MaskedUrl::masked).unwrap_or_default();
    timed(format!("backend {name}"), url, async {
        let read = Command::GetUser(UserRef::Name(NOBODY.to_owned()));
        match backend.execute(read).await {
            Err(fault) if !fault.is_absence_of(Subject::User) => return Err(words(&fault)),
            Ok(_) | Err(_) => {}
        }
        // Callers with keys do not need it.
        let passwords = backend.verifies_passwords().await;
        Ok(passwords.err().map(|fault| format!("it verifies no passwords: {}", words(&fault))))
    })
    .await
}

async fn origin(path: &str, url: &MaskedUrl, origin: &Origin) -> Connection {
    timed(format!("origin of route {path}"), url.masked(), async {
        let answer = origin.send(&Request::to("GET", "/"), &Inbound::default()).await;
        let answer = answer.map_err(|fault| words(&fault))?;
        match answer.status {
            status @ 500.. => Err(format!("it answers with status {status}")),
            _ => Ok(None),
        }
    })
    .await
}

async fn ldap(url: &MaskedUrl, config: &DirectoryConfig) -> Connection {
    timed("directory".to_owned(), url.masked(), async {
        let asked = Box::pin(directory::probe(config.clone(), NOBODY)).await;
        asked.map(|()| None).map_err(|fault| words(&fault))
    })
    .await
}

/// Times a connection. What it tells is a note.
async fn timed(
    what: String,
    url: String,
    asking: impl Future<Output = Result<Option<String>, String>>,
) -> Connection {
    let began = Instant::now();
    let (note, problem) = match asking.await {
        Ok(note) => (note, None),
        Err(problem) => (None, Some(problem)),
    };
    Connection { what, url, problem, note, millis: began.elapsed().as_millis() }
}

/// A fault with its causes. They have no secret: the log shows the same text.
fn words(fault: &Fault) -> String {
    let kind = match fault.kind {
        FaultKind::Timeout => "it did not answer in time".to_owned(),
        FaultKind::Unavailable => "it cannot be used".to_owned(),
        kind @ (FaultKind::Malformed
        | FaultKind::TooLarge
        | FaultKind::UnknownMethod
        | FaultKind::Invalid
        | FaultKind::Unauthenticated
        | FaultKind::Forbidden
        | FaultKind::NotFound
        | FaultKind::Conflict
        | FaultKind::Unsupported
        | FaultKind::Throttled
        | FaultKind::Unexpected) => format!("it answers with {kind:?}"),
    };
    let mut told = if fault.detail.is_empty() { kind } else { format!("{kind}: {}", fault.detail) };
    let mut cause = fault.source();
    while let Some(error) = cause {
        told = format!("{told}: {error}");
        cause = error.source();
    }
    told
}
