//! How each method of each dialect is run on each backend: native, composed, from the sidecar, with
//! a loss, or not at all. Computed from the tables that the code itself uses.

use isogloss_canonical::adapter::{Adapter, BackendKind};
use isogloss_canonical::capability::{Capability, Lookup, Support};
use isogloss_canonical::value::ValueRule;
use isogloss_canonical::verb::{Place, Verb};

use crate::layers::sidecar::layer;
use crate::layers::{directory, own_account};
use crate::listing::{self, Listed};
use crate::registry;
use crate::verified;

/// How a method of a dialect is run on a backend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Each command is one call to the backend.
    Native,
    /// A command takes several calls.
    Composed,
    /// From the gateway's own database.
    Sidecar,
    /// Not everything is stored.
    Lossy,
    /// Refused, with an error in the dialect's own format.
    Refused,
}

impl Level {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Composed => "composed",
            Self::Sidecar => "sidecar",
            Self::Lossy => "lossy",
            Self::Refused => "refused",
        }
    }
}

/// One row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The dialect.
    pub dialect: &'static str,
    /// The system behind.
    pub backend: &'static str,
    /// The dialect's method.
    pub method: &'static str,
    /// The versions of the dialect that have the method so: `1.2, 1.0`.
    pub versions: String,
    /// How it is done.
    pub level: Level,
    /// How it is composed, what is lost, or why it is refused.
    pub note: String,
}

/// A backend with its layers, and its capability.
struct Column {
    name: &'static str,
    able: Capability,
    /// What the system can do without the sidecar.
    own: Capability,
    /// Whether it has a sidecar.
    remote: bool,
}

impl Column {
    fn of(adapter: &'static Adapter, kind: BackendKind) -> Self {
        let (own, name) = (kind.capability(), adapter.name);
        match kind {
            BackendKind::Embedded(_) => {
                Self { name, able: directory::capability(own.clone()), own, remote: false }
            }
            BackendKind::Remote(_) => {
                let able = layer::capability(&own, &isogloss_store::capability());
                Self { name, able, own, remote: true }
            }
        }
    }
}

/// The matrix, in the order of the registry.
pub fn rows() -> Result<Vec<Row>, String> {
    let backends = registry::SYSTEMS.backends();
    let columns: Vec<_> = backends.map(|(adapter, kind)| Column::of(adapter, kind)).collect();
    let mut rows = Vec::new();
    for dialect in registry::dialects() {
        for method in &listing::methods(dialect)? {
            rows.extend(columns.iter().map(|backend| row(dialect, backend, method)));
        }
    }
    Ok(rows)
}

fn row(dialect: &Adapter, backend: &Column, method: &Listed) -> Row {
    let own_groups = (dialect.foundation)().iter().any(|group| group.namespace.is_some());
    // A fact about the server: its own system is asked itself, and no verb runs.
    let is_fact = backend.name == dialect.name && backend.own.knows(method.info.name);
    let verbs = if is_fact { &[] } else { method.info.verbs };
    let judged: Vec<_> = verbs
        .iter()
        .map(|verb| {
            // A dialect's own rights groups are no system's teams: they are in the sidecar.
            let stored = own_groups && backend.remote && verb.is_about_groups();
            let of_system = backend.name == dialect.name && verb.place() == Place::Own;
            let own = (backend.name == dialect.name).then_some(&backend.own);
            if let Some(judged) = own.and_then(|own| of_its_own(*verb, dialect, own)) {
                return judged;
            }
            match (stored, of_system) {
                (true, _) => from_sidecar(*verb),
                (false, true) if *verb == Verb::ListKeys && backend.own.shows_keys() => {
                    (Level::Native, String::new())
                }
                (false, true) => judge(*verb, &backend.own),
                (false, false) => judge(*verb, &backend.able),
            }
        })
        .collect();
    let level = judged.iter().map(|(level, _)| *level).max().unwrap_or(Level::Native);
    let notes = judged.into_iter().filter(|(own, note)| *own == level && !note.is_empty());
    let mut notes: Vec<_> = notes.map(|(_, note)| note).collect();
    notes.dedup();
    let (method, versions) = (method.info.name, method.versions());
    let (dialect, backend, note) = (dialect.name, backend.name, notes.join("; "));
    Row { dialect, backend, method, versions, level, note }
}

/// How a system does a verb about its own rights groups, and about the settings of its users that it
/// stores itself.
fn of_its_own(verb: Verb, dialect: &Adapter, own: &Capability) -> Option<(Level, String)> {
    let settings = own.owns(&format!("{}.settings.", dialect.name));
    if settings && matches!(verb, Verb::ReadSettings | Verb::MergeSettings) {
        let done = if verb.changes() { Verb::UpdateUser } else { Verb::GetUser };
        return Some(judge(done, own));
    }
    let support = own.rights_groups().filter(|_| verb.is_about_groups())?;
    Some(level(if verb.changes() { support } else { Support::Native }))
}

fn level(support: Support) -> (Level, String) {
    match support {
        Support::Native => (Level::Native, String::new()),
        Support::Sidecar => (Level::Sidecar, String::new()),
        Support::Composed(how) => (Level::Composed, how.to_owned()),
        Support::Lossy(what) => (Level::Lossy, what.to_owned()),
    }
}

fn judge(verb: Verb, able: &Capability) -> (Level, String) {
    match able.support(verb) {
        None => (Level::Refused, format!("the backend has no {verb}")),
        Some(Support::Sidecar) => from_sidecar(verb),
        Some(support) => level(support),
    }
}

fn from_sidecar(verb: Verb) -> (Level, String) {
    (Level::Sidecar, format!("{verb} from the sidecar"))
}

/// The matrix as a page: a table for each dialect, a column for each backend.
#[must_use]
pub fn markdown(rows: &[Row]) -> String {
    let mut page = vec![HEAD.to_owned()];
    for of_dialect in rows.chunk_by(|a, b| a.dialect == b.dialect) {
        let mut methods = of_dialect.chunk_by(same_method).peekable();
        let backends: Vec<_> = methods
            .peek()
            .into_iter()
            .flat_map(|rows| rows.iter().map(|row| row.backend))
            .collect();
        page.push(format!("\n## {}\n", of_dialect[0].dialect));
        page.push(format!("| method | versions | {} |", backends.join(" | ")));
        page.push(format!("|---|---|{}", "---|".repeat(backends.len())));
        page.extend(methods.map(|rows| {
            let cells: Vec<_> = rows.iter().map(cell).collect();
            let Row { method, versions, .. } = &rows[0];
            format!("| `{method}` | {versions} | {} |", cells.join(" | "))
        }));
    }
    page.push(untranslated());
    page.push(lookups());
    page.push(values());
    page.push(own_accounts());
    page.extend(verified::markdown());
    page.join("\n") + "\n"
}

fn same_method(a: &Row, b: &Row) -> bool {
    (a.method, &a.versions) == (b.method, &b.versions)
}

/// What each dialect does not translate, with the answers on routes without an origin.
fn untranslated() -> String {
    let rows = registry::dialects().flat_map(|adapter| {
        adapter.untranslated.iter().map(|row| {
            format!("| {} | {} | {} | {} |", adapter.name, row.what, row.embedded, row.remote)
        })
    });
    let rows: Vec<_> = rows.collect();
    format!(
        "\n## What is not translated\n\nThe origin of the route answers it. Without an origin the answer \
         is:\n\n| dialect | what | on the embedded store | with a remote backend |\n|---|---|---|---|\n{}",
        rows.join("\n")
    )
}

/// The lookups that each backend has, and the lists that it reads page by page. The sidecar does
/// the rest.
fn lookups() -> String {
    let row = |(adapter, kind): (&Adapter, BackendKind)| {
        let able = kind.capability();
        let ways = Lookup::ALL.into_iter().filter(|way| able.finds(*way));
        let ways: Vec<_> = ways.map(Lookup::as_str).collect();
        let paged: Vec<_> = able.paged().map(|list| list.to_string()).collect();
        let paged = if paged.is_empty() { "-".to_owned() } else { paged.join(", ") };
        format!("| {} | {} | {paged} |", adapter.name, ways.join(", "))
    };
    let rows: Vec<_> = registry::SYSTEMS.backends().map(row).collect();
    format!(
        "\n## Look-ups\n\nBy what a backend finds a person itself. By anything else the gateway finds \
         the person in the sidecar or in the list of everybody. A list that is read page by page can \
         miss a user who moves to another page meanwhile; the gateway reads such a user by id before it \
         counts them as absent.\n\n| backend | finds a person by | reads page by page \
         |\n|---|---|---|\n{}",
        rows.join("\n")
    )
}

/// The values that each backend does not take.
fn values() -> String {
    let row = |(adapter, kind): (&Adapter, BackendKind)| {
        let able = kind.capability();
        let one = |rule: &ValueRule| {
            let of_new = if rule.only_new { ", at a creation" } else { "" };
            let value = rule.kind.as_str();
            format!("| {} | {value}{of_new} | {} |", adapter.name, rule.refused)
        };
        able.values().iter().map(one).collect::<Vec<_>>()
    };
    let rows: Vec<_> = registry::SYSTEMS.backends().flat_map(row).collect();
    format!(
        "\n## Values\n\nThe values that a system does not take, or with which nobody could sign in. A \
         route refuses them before it sends anything, with an error in the dialect's own format, unless \
         the dialect's own server has the same rule: then the system answers. \
         The rules are those of the newest version.\n\n| backend | value | not taken \
         |\n|---|---|---|\n{}",
        rows.join("\n")
    )
}

/// What is refused for the gateway's own account, and how each backend identifies it.
fn own_accounts() -> String {
    let rows = registry::remotes();
    let rows =
        rows.map(|(adapter, remote)| format!("| {} | {} |", adapter.name, remote.own_account));
    let rows: Vec<_> = rows.collect();
    let refused = own_account::REFUSED;
    format!(
        "\n## The gateway's own account\n\nThe gateway calls a system with the \
         credential of an account. For that account it refuses, to every caller: {refused}. If it \
         does not know which account that is, it refuses nothing.\n\n| backend | how the account is known |\n|---|---|\n{}",
        rows.join("\n")
    )
}

const HEAD: &str = "# The matrix\n\nHow each method of each dialect is run on each backend. Written by \
                    `isogloss matrix --markdown`.\n\n*native*: each command is one call to the backend. \
                    *composed*: a command takes several calls. *sidecar*: from the gateway's own database. \
                    *lossy*: not everything is stored. *refused*: with an error in the dialect's \
                    own format.";

fn cell(row: &Row) -> String {
    match row.level {
        Level::Native | Level::Sidecar => row.level.as_str().to_owned(),
        Level::Composed | Level::Lossy | Level::Refused => {
            format!("{}: {}", row.level.as_str(), row.note)
        }
    }
}
