//! `isogloss state`.

use std::path::PathBuf;

use anyhow::{anyhow, bail};
use isogloss_store::{CopiedTable, Location, SECRET_KEY, copy_state};
use serde_json::{Value, json};

use crate::cli::arguments::{State, StateAsk};
use crate::cli::print;
use crate::config::secret::SecretSource;
use crate::config::values;
use crate::provision::bootstrap::words;

/// Copies a state database.
pub(crate) async fn run(ask: &State) -> anyhow::Result<()> {
    let StateAsk::Copy { from, to, secret_file, json } = &ask.ask;
    let (from, to) = (location("--from", from)?, location("--to", to)?);
    let found = || secret_of(&from).or_else(|| secret_of(&to));
    let Some(secret) = secret_file.clone().or_else(found) else {
        bail!("--secret-file is missing: neither place is a directory with the secret");
    };
    let copied = copy_state(&from, &to, &secret).await.map_err(|fault| anyhow!(words(&fault)))?;
    if *json {
        return print::json(&Value::Array(copied.iter().map(value).collect()));
    }
    let cells = |table: &CopiedTable| {
        let (rows, added) = (table.rows.to_string(), table.added.to_string());
        vec![table.name.to_owned(), rows, added, table.checksum.chars().take(16).collect()]
    };
    let headings = ["TABLE", "ROWS", "ADDED", "CHECKSUM"];
    print::table(&headings, copied.iter().map(cells).collect())
}

fn location(option: &str, text: &str) -> anyhow::Result<Location> {
    let url = SecretSource::from(text.to_owned()).resolve();
    let url = url.map_err(|why| anyhow!("{option}: {why}"))?;
    values::location(&url).map_err(|why| anyhow!("{option}: {why}"))
}

fn secret_of(place: &Location) -> Option<PathBuf> {
    match place {
        Location::Directory(directory) => {
            Some(directory.join(SECRET_KEY)).filter(|path| path.exists())
        }
        Location::Server(_) => None,
    }
}

fn value(table: &CopiedTable) -> Value {
    json!({
        "table": table.name,
        "rows": table.rows,
        "added": table.added,
        "checksum": table.checksum,
    })
}
