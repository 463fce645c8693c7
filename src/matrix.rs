//! How each method of each dialect is run on each backend: native, composed, from the sidecar, with
//! a loss, or not at all. Computed from the tables that the code itself uses.

use isogloss_canonical::adapter::Adapter;
use isogloss_canonical::capability::{Capability, Lookup, Support};
use isogloss_canonical::dialect::MethodInfo;
use isogloss_canonical::verb::Verb;

use crate::layers::own_account;
use crate::layers::sidecar::layer;
use crate::registry;
use crate::systems::STORE;

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
    /// How it is done.
    pub level: Level,
    /// How it is composed, what is lost, or why it is refused.
    pub note: String,
}

/// The matrix, in the order of the registry.
pub fn rows() -> Result<Vec<Row>, String> {
    let store = isogloss_store::capability().with(Verb::CreateFromDirectory, Support::Native);
    let mut rows = Vec::new();
    for dialect in registry::ADAPTERS {
        for method in registry::methods(dialect)? {
            rows.push(row(dialect, STORE, method, &store));
            for back in registry::ADAPTERS {
                let Some(backend) = back.backend else { continue };
                let joined = layer::capability(&(backend.capability)(), &store);
                rows.push(row(dialect, back.name, method, &joined));
            }
        }
    }
    Ok(rows)
}

fn row(dialect: &Adapter, backend: &'static str, method: &MethodInfo, able: &Capability) -> Row {
    let own_groups = (dialect.foundation)().iter().any(|group| group.namespace.is_some());
    let judged: Vec<_> = method
        .verbs
        .iter()
        .map(|verb| {
            // A dialect's own rights groups are no system's teams: they are in the sidecar.
            let stored = own_groups && backend != STORE && verb.is_about_groups();
            if stored { from_sidecar(*verb) } else { judge(*verb, able) }
        })
        .collect();
    let level = judged.iter().map(|(level, _)| *level).max().unwrap_or(Level::Native);
    let notes = judged.into_iter().filter(|(own, note)| *own == level && !note.is_empty());
    let mut notes: Vec<_> = notes.map(|(_, note)| note).collect();
    notes.dedup();
    Row { dialect: dialect.name, backend, method: method.name, level, note: notes.join("; ") }
}

fn judge(verb: Verb, able: &Capability) -> (Level, String) {
    match able.support(verb) {
        None => (Level::Refused, format!("the backend has no {verb}")),
        Some(Support::Native) => (Level::Native, String::new()),
        Some(Support::Sidecar) => from_sidecar(verb),
        Some(Support::Composed(how)) => (Level::Composed, how.to_owned()),
        Some(Support::Lossy(what)) => (Level::Lossy, what.to_owned()),
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
        let mut methods = of_dialect.chunk_by(|a, b| a.method == b.method).peekable();
        let backends: Vec<_> = methods
            .peek()
            .into_iter()
            .flat_map(|rows| rows.iter().map(|row| row.backend))
            .collect();
        page.push(format!("\n## {}\n", of_dialect[0].dialect));
        page.push(format!("| method | {} |", backends.join(" | ")));
        page.push(format!("|---|{}", "---|".repeat(backends.len())));
        page.extend(methods.map(|rows| {
            let cells: Vec<_> = rows.iter().map(cell).collect();
            format!("| `{}` | {} |", rows[0].method, cells.join(" | "))
        }));
    }
    page.push(lookups());
    page.push(own_accounts());
    page.join("\n") + "\n"
}

/// By what each system finds people; the sidecar finds them by the rest.
fn lookups() -> String {
    let row = |adapter: &&Adapter| {
        let able = (adapter.backend?.capability)();
        let ways = Lookup::ALL.into_iter().filter(|way| able.finds(*way));
        let ways: Vec<_> = ways.map(Lookup::as_str).collect();
        Some(format!("| {} | {} |", adapter.name, ways.join(", ")))
    };
    let rows: Vec<_> = registry::ADAPTERS.iter().filter_map(row).collect();
    format!(
        "\n## Look-ups\n\nBy what a backend finds a person itself. By anything else the gateway finds \
         the person in the sidecar or in the list of everybody.\n\n| backend | finds a person by \
         |\n|---|---|\n{}",
        rows.join("\n")
    )
}

/// What is refused for the gateway's own account, and how each backend identifies it.
fn own_accounts() -> String {
    let known = |adapter: &&Adapter| {
        let how = adapter.backend.map(|backend| backend.own_account)?;
        Some(format!("| {} | {how} |", adapter.name))
    };
    let rows: Vec<_> = registry::ADAPTERS.iter().filter_map(known).collect();
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
