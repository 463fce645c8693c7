//! A write transaction, and what happens to its connection at the end.

use std::ops::{Deref, DerefMut};

use isogloss_canonical::fault::Fault;

use crate::sql::{self, Connection};

/// A write transaction. There is only one at a time.
///
/// Only after a confirmed commit the connection goes back to its pool. After every other end the
/// connection is closed, which rolls back what is open. Examples: a refusal, a full disk, a caller
/// that disconnects. SQLite ends some transactions by itself, for instance at a full disk, so the
/// state of such a connection is unknown.
#[derive(Debug)]
pub(crate) struct Write {
    connection: Connection,
    committed: bool,
}

/// Begins a transaction that other writers wait for. On PostgreSQL a row that every write locks
/// first does what SQLite's write lock does: what a transaction has checked still holds at its
/// commit.
const LOCK: &str = "SELECT value FROM meta WHERE name = 'writer' FOR UPDATE";

impl Write {
    /// Begins a transaction on a writing connection.
    pub(crate) async fn begin(connection: Connection) -> Result<Self, Fault> {
        let mut write = Self { connection, committed: false };
        match &write.connection {
            Connection::Sqlite(_) => sql::query("BEGIN IMMEDIATE").execute(&mut write).await?,
            Connection::Postgres(_) => {
                sql::query("BEGIN ISOLATION LEVEL READ COMMITTED").execute(&mut write).await?;
                sql::query(LOCK).execute(&mut write).await?
            }
        };
        Ok(write)
    }

    /// Commits the transaction.
    pub(crate) async fn commit(mut self) -> Result<(), Fault> {
        sql::query("COMMIT").execute(&mut self).await?;
        self.committed = true;
        Ok(())
    }
}

impl Drop for Write {
    fn drop(&mut self) {
        if !self.committed {
            self.connection.close_on_drop();
        }
    }
}

impl Deref for Write {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Write {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
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
            let mut write = database.write().await.unwrap();
            sql::query("PRAGMA max_page_count = 1").execute(&mut write).await.unwrap();
            let full = fill(&mut write).await.unwrap_err();
            assert_eq!(full.kind, FaultKind::Unavailable, "{full}");
            assert!(full.detail.contains("disk is full"), "{full}");
            if round > 0 {
                write.commit().await.unwrap_err();
            } else {
                drop(write);
            }
            let mut write = database.write().await.unwrap();
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
                let mut write = database.write().await?;
                fill(&mut write).await?;
                write.commit().await
            };
            let done = tokio::time::timeout(Duration::from_micros(micros), writing).await;
            let mut write = database.write().await.unwrap();
            let removed = sql::query("DELETE FROM meta").execute(&mut write).await.unwrap();
            let told = matches!(done, Ok(Ok(())));
            assert!(removed == 1 || !told, "{micros}: {done:?}");
            write.commit().await.unwrap();
        }
    }
}
