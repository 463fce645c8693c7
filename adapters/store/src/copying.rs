//! Copies a whole state database to another place, engine or server.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::TryStreamExt;
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::secret::Secret;

use crate::database::{Database, claim_meta};
use crate::lock::DirectoryLock;
use crate::sealing::Seals;
use crate::secret_file;
use crate::sql::{Value, query};
use crate::tables::{TABLES, Table};
use crate::transfer::{IN_ONE, checksum, insert, select, values};

/// The value that marks a database as the target of a copy that has not ended.
pub(crate) const COPYING: &str = "copying";

/// How long a copy waits for a lock of the server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where a state database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A SQLite file in this directory.
    Directory(PathBuf),
    /// A PostgreSQL server, by its URL.
    Server(Secret),
}

/// What was copied of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedTable {
    /// The name of the table.
    pub name: &'static str,
    /// How many rows it has, on both sides.
    pub rows: u64,
    /// How many of them this run has added.
    pub added: u64,
    /// The SHA-256 of all values, in hexadecimal. It is the same on both sides.
    pub checksum: String,
}

/// Copies all rows of a state database to an empty one, and compares both. `secret` is the file of
/// the master secret. If the target is a directory without one, the secret is written there.
///
/// A copy that was interrupted goes on when it is started again. Until it has ended, no gateway
/// opens the target. No gateway may use the source meanwhile.
pub async fn copy_state(
    from: &Location,
    to: &Location,
    secret: &std::path::Path,
) -> Result<Vec<CopiedTable>, Fault> {
    let master = secret_file::read(secret)?;
    let (_from_lock, source) = open(from).await?;
    let proof = Seals::from_secret(&master).proof();
    if source.meta("secret").await?.as_deref() != Some(proof.as_str()) {
        return Err(refused("the secret is not the one that the source was written with"));
    }
    if let Location::Directory(directory) = to {
        std::fs::create_dir_all(directory)
            .map_err(|error| crate::access::refused(directory, error))?;
        secret_file::place(directory, &master)?;
    }
    let (_to_lock, target) = open(to).await?;
    begin(&target, &proof).await?;
    let mut done = Vec::new();
    for table in &TABLES {
        let added = copy_table(table, &source, &target).await?;
        done.push(compare(table, (&source, &target), added).await?);
    }
    target
        .transact(|mut write| async move {
            query("DELETE FROM meta WHERE name = $1").bind(COPYING).execute(&mut write).await?;
            write.commit().await
        })
        .await?;
    source.close().await;
    target.close().await;
    Ok(done)
}

async fn open(place: &Location) -> Result<(Option<DirectoryLock>, Database), Fault> {
    Ok(match place {
        Location::Directory(directory) => {
            let lock = DirectoryLock::take(directory).await?;
            let database = Database::open(directory).await?;
            (Some(lock), database)
        }
        Location::Server(url) => (None, Database::connect(url.expose(), PATIENCE).await?),
    })
}

/// Marks the target. Refuses one that is in use, or the target of another copy.
async fn begin(target: &Database, proof: &str) -> Result<(), Fault> {
    target
        .transact(|mut write| async move {
            let sql = "SELECT 1 FROM meta WHERE name = 'secret' OR name = 'initialised'";
            let used = query(sql).fetch_optional(&mut write).await?.is_some();
            let marked = query("SELECT value FROM meta WHERE name = $1").bind(COPYING);
            match (marked.scalar::<String>(&mut write).await?, used) {
                (Some(same), _) if same == proof => Ok(()),
                (Some(_), _) => {
                    Err(refused("the target has a part of another copy; empty it first"))
                }
                (None, true) => {
                    Err(refused("the target is in use; a copy needs an empty database"))
                }
                (None, false) => {
                    claim_meta(&mut write, COPYING, proof).await?;
                    write.commit().await
                }
            }
        })
        .await
}

async fn copy_table(
    table: &'static Table,
    source: &Database,
    target: &Database,
) -> Result<u64, Fault> {
    let mut from = source.list().await?;
    let mut rows = select(table).build().fetch(&mut from);
    let (mut added, mut batch) = (0, Vec::new());
    loop {
        let row = rows.try_next().await?;
        let is_last = row.is_none();
        if let Some(row) = row {
            batch.push(values(table, &row)?);
        }
        if batch.len() >= IN_ONE || (is_last && !batch.is_empty()) {
            added += add(table, &batch, target).await?;
            batch.clear();
        }
        if is_last {
            return Ok(added);
        }
    }
}

async fn add(table: &'static Table, rows: &[Vec<Value>], target: &Database) -> Result<u64, Fault> {
    target
        .transact(|mut write| async move {
            let added = insert(table, rows.to_vec(), &mut write).await?;
            write.commit().await?;
            Ok(added)
        })
        .await
}

async fn compare(
    table: &'static Table,
    (source, target): (&Database, &Database),
    added: u64,
) -> Result<CopiedTable, Fault> {
    let own = checksum(table, &mut source.list().await?).await?;
    let other = checksum(table, &mut target.list().await?).await?;
    if own != other {
        let detail = format!(
            "the table {} differs: {} rows in the source, {} in the target; a gateway has changed \
             one of them meanwhile. Empty the target and copy again",
            table.name, own.0, other.0
        );
        return Err(Fault::new(FaultKind::Conflict, detail));
    }
    let (rows, checksum) = own;
    Ok(CopiedTable { name: table.name, rows, added, checksum })
}

fn refused(detail: &'static str) -> Fault {
    Fault::new(FaultKind::Conflict, detail)
}
