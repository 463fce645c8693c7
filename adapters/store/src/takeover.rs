//! Takes over a sidecar that an earlier release wrote to files of its own.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use futures_util::TryStreamExt;
use isogloss_canonical::fault::{Fault, FaultKind};
use zeroize::Zeroizing;

use crate::access;
use crate::database::{Database, claim_meta};
use crate::inner::of_backend;
use crate::lock::DirectoryLock;
use crate::sealing::Seals;
use crate::secret_file::{self, MasterSecret};
use crate::sql::Connection;
use crate::store::Store;
use crate::tables::{TABLES, Table};
use crate::transfer::{IN_ONE, insert, select, values};

/// The value with the sealed secret of a sidecar that had its own. Its digests were made with it.
const SECRET: &str = "sealed secret";
/// The ending of a directory whose rows are in the state database.
const TAKEN_OVER: &str = "taken-over";

impl Store {
    /// Takes over the sidecar in a directory of an earlier release, if there is one: its rows get
    /// the name of the backend, and the directory is renamed to `NAME.taken-over`. A crash at any
    /// moment leaves the old files or the new rows complete.
    pub async fn take_over(&self, backend: &str, directory: &Path) -> Result<bool, Fault> {
        if !directory.is_dir() {
            return Ok(false);
        }
        let lock = DirectoryLock::take(directory).await?;
        if !lock.holds_store()? {
            return Ok(false);
        }
        if self.own_secret(backend).await?.is_none() {
            self.copy_sidecar(backend, directory).await?;
        }
        let moved = directory.with_extension(TAKEN_OVER);
        fs::rename(directory, &moved).map_err(|error| access::refused(directory, error))?;
        tracing::info!(backend, files = %moved.display(), "the sidecar is in the state database now");
        Ok(true)
    }

    /// Copies the rows and the secret of a sidecar, in one transaction.
    async fn copy_sidecar(&self, backend: &str, directory: &Path) -> Result<(), Fault> {
        let secret = secret_file::read(&directory.join(crate::files::SECRET_KEY))?;
        let old = Database::open(directory).await?;
        let copied = async {
            let (old, secret) = (&old, &secret);
            self.0
                .database
                .transact(|mut write| async move {
                    let mut from = old.list().await?;
                    for table in TABLES.iter().filter(|table| table.name != "meta") {
                        copy(table, &mut from, &mut write, backend).await?;
                    }
                    for mark in ["initialised", "introduced"] {
                        if old.meta(mark).await?.is_some() {
                            let name = of_backend(mark, backend);
                            claim_meta(&mut write, &name, "true").await?;
                        }
                    }
                    let name = of_backend(SECRET, backend);
                    let sealed = self.0.seals.seal(&hex::encode(secret.as_slice()), &name)?;
                    claim_meta(&mut write, &name, &sealed).await?;
                    write.commit().await
                })
                .await
        };
        let result = copied.await;
        old.close().await;
        result
    }

    /// The keys for the digests of a backend: those of the state database, or of the sidecar that
    /// was taken over.
    pub(crate) async fn seals_of(&self, backend: &str) -> Result<Arc<Seals>, Fault> {
        Ok(match self.own_secret(backend).await? {
            Some(secret) => Arc::new(Seals::from_secret(&secret)),
            None => Arc::clone(&self.0.seals),
        })
    }

    async fn own_secret(&self, backend: &str) -> Result<Option<MasterSecret>, Fault> {
        let name = of_backend(SECRET, backend);
        let Some(sealed) = self.0.database.meta(&name).await? else { return Ok(None) };
        let text = Zeroizing::new(self.0.seals.open(&sealed, &name)?);
        let mut secret = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.as_bytes(), secret.as_mut_slice()).map_err(|error| {
            Fault::new(FaultKind::Unexpected, "a sealed secret is damaged").because(error)
        })?;
        Ok(Some(secret))
    }
}

/// Copies all rows of a table, as rows of a backend.
async fn copy(
    table: &'static Table,
    from: &mut Connection,
    to: &mut Connection,
    backend: &str,
) -> Result<(), Fault> {
    let own = table.columns.iter().position(|(name, _)| *name == "backend");
    let mut rows = select(table).build().fetch(from);
    let mut batch = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let mut values = values(table, &row)?;
        if let Some(value) = own.and_then(|at| values.get_mut(at)) {
            *value = backend.into();
        }
        batch.push(values);
        if batch.len() >= IN_ONE {
            insert(table, std::mem::take(&mut batch), to).await?;
        }
    }
    insert(table, batch, to).await.map(drop)
}
