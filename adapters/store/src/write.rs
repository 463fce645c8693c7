//! A write transaction, and what happens to its connection at the end.

use std::ops::{Deref, DerefMut};

use isogloss_canonical::fault::Fault;

use crate::sql::{self, Connection, Lease, Remote};

/// The memory for pages of a SQLite file during an import, in KiB, and the pages after which its log is
/// written back. SQLite's own values are for small transactions.
const FOR_MANY: [&str; 2] = ["PRAGMA cache_size = -65536", "PRAGMA wal_autocheckpoint = 8192"];

/// A write transaction. There is only one at a time.
///
/// On PostgreSQL a transaction that is not committed is rolled back. On SQLite, only
/// after a confirmed commit the connection goes back to its pool. After every
/// other end it is closed, which rolls back what is open. Examples: a refusal, a full disk, a caller
/// that disconnects. SQLite ends some transactions by itself, for instance at a full disk, so the
/// state of such a connection is unknown.
#[derive(Debug)]
pub(crate) struct Write(Connection);

impl Write {
    /// Begins a transaction on the writing connection of a SQLite file.
    pub(crate) async fn on_sqlite(mut lease: Lease) -> Result<Self, Fault> {
        lease.closes = true;
        let mut write = Self(Connection::Sqlite(lease));
        sql::query("BEGIN IMMEDIATE").execute(&mut write).await?;
        Ok(write)
    }

    /// Begins a transaction on a PostgreSQL server.
    pub(crate) async fn on_postgres(mut remote: Remote) -> Result<Self, Fault> {
        remote.begin().await?;
        Ok(Self(Connection::Postgres(remote)))
    }

    /// Prepares the connection for many rows. PostgreSQL needs nothing.
    pub(crate) async fn expect_many(&mut self) -> Result<(), Fault> {
        if matches!(self.0, Connection::Sqlite(_)) {
            for pragma in FOR_MANY {
                sql::query(pragma).execute(self).await?;
            }
        }
        Ok(())
    }

    /// Commits the transaction.
    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        if let Connection::Postgres(remote) = &mut self.0 {
            return remote.commit().await;
        }
        sql::query("COMMIT").execute(&mut self).await?;
        if let Connection::Sqlite(lease) = &mut self.0 {
            lease.closes = false;
        }
        Ok(())
    }
}

impl Deref for Write {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.0
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use isogloss_canonical::fault::FaultKind;
    use tempfile::TempDir;

    use super::*;
    use crate::database::Database;

    /// Writes more than the free pages can hold.
    async fn fill(write: &mut Connection) -> Result<(), Fault> {
        let sql =
            "INSERT INTO meta (name, value) VALUES (hex(randomblob(8)), hex(zeroblob(50000)))";
        sql::query(sql).execute(write).await.map(drop)
    }

    #[tokio::test]
    async fn after_a_full_disk_the_next_write_works() {
        let folder = TempDir::new().unwrap();
        let database = Database::open(folder.path()).await.unwrap();
        for round in 0..3 {
            let mut write = database.open_write().await.unwrap();
            sql::query("PRAGMA max_page_count = 1").execute(&mut write).await.unwrap();
            let full = fill(&mut write).await.unwrap_err();
            assert_eq!(full.kind, FaultKind::Unavailable, "{full}");
            assert!(full.detail.contains("disk is full"), "{full}");
            if round > 0 {
                write.commit().await.unwrap_err();
            } else {
                drop(write);
            }
            let mut write = database.open_write().await.unwrap();
            fill(&mut write).await.unwrap();
            write.commit().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_writer_who_goes_away_leaves_nothing_and_blocks_nobody() {
        let folder = TempDir::new().unwrap();
        let database = Database::open(folder.path()).await.unwrap();
        for micros in (0..4000).step_by(100) {
            let writing = async {
                let mut write = database.open_write().await?;
                fill(&mut write).await?;
                write.commit().await
            };
            let done = tokio::time::timeout(Duration::from_micros(micros), writing).await;
            let mut write = database.open_write().await.unwrap();
            let removed = sql::query("DELETE FROM meta WHERE name <> 'writer'")
                .execute(&mut write)
                .await
                .unwrap();
            let told = matches!(done, Ok(Ok(())));
            assert!(removed == 1 || !told, "{micros}: {done:?}");
            write.commit().await.unwrap();
        }
    }
}
