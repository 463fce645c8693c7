//! The database: its connections, its migrations, its single values. SQLite or PostgreSQL.

mod migrations;
mod pagers;
mod pools;
mod postgres;
mod sqlite;
mod url;

use std::path::Path;
use std::time::Duration;

use isogloss_canonical::fault::Fault;
use isogloss_canonical::secret::Secret;
use tokio::time::sleep;

use crate::faults::{fault, is_unordered};
use crate::rows::now;
use crate::sql::{Connection, query};
use crate::write::Write;

use self::postgres::Server;
use self::sqlite::File;
pub(crate) use self::sqlite::make_private;

/// The pauses, in milliseconds, before a transaction is done again that the engine could not order.
const PAUSES: [u64; 10] = [2, 5, 15, 40, 100, 100, 200, 200, 400, 400];

/// An open database.
#[derive(Debug)]
pub(crate) enum Database {
    Sqlite(File),
    Postgres(Server),
}

impl Database {
    /// Opens the SQLite file of a directory and runs the missing migrations. Creates the file if it
    /// is missing.
    pub(crate) async fn open(directory: &Path) -> Result<Self, Fault> {
        sqlite::open(directory).await.map(Self::Sqlite)
    }

    /// Connects to a PostgreSQL server and runs the missing migrations.
    ///
    /// `patience` is how long a request waits for a connection or a lock.
    pub(crate) async fn connect(url: &str, patience: Duration) -> Result<Self, Fault> {
        postgres::connect(url, patience).await.map(Self::Postgres)
    }

    /// A connection for reading a few rows.
    pub(crate) async fn read(&self) -> Result<Connection, Fault> {
        Ok(match self {
            Self::Sqlite(file) => {
                Connection::Sqlite(file.pools.readers.acquire().await.map_err(fault)?.into())
            }
            Self::Postgres(server) => Connection::Postgres(server.read().await?),
        })
    }

    /// A connection for reading a list of any length.
    pub(crate) async fn list(&self) -> Result<Connection, Fault> {
        Ok(match self {
            Self::Sqlite(file) => {
                Connection::Sqlite(file.pools.listers.acquire().await.map_err(fault)?.into())
            }
            Self::Postgres(server) => Connection::Postgres(server.list().await?),
        })
    }

    /// A connection for reading a page of a list: all of it at one moment, if it blocks.
    pub(crate) async fn page(&self) -> Result<Connection, Fault> {
        Ok(match self {
            Self::Sqlite(file) => Connection::Local(file.pagers.lend().await?),
            Self::Postgres(server) => Connection::Postgres(server.list().await?),
        })
    }

    /// Runs a write transaction, which commits itself at its end. There is only one at a time.
    ///
    /// If the engine could not order the transaction (a serialisation failure, a deadlock), it has
    /// rolled everything back, and nothing was promised to anybody: the work is done again, a few
    /// times. So the work must have no effect outside of its transaction.
    pub(crate) async fn transact<T, W>(&self, work: impl Fn(Write) -> W) -> Result<T, Fault>
    where
        W: Future<Output = Result<T, Fault>>,
    {
        let mut pauses = PAUSES.into_iter();
        loop {
            let done = async { work(self.begin().await?).await }.await;
            match (done, pauses.next()) {
                (Err(fault), Some(pause)) if is_unordered(&fault) => {
                    tracing::debug!(%fault, "a transaction is done again");
                    sleep(Duration::from_millis(pause)).await;
                }
                (done, _) => return done,
            }
        }
    }

    /// Begins a write transaction, for tests of what happens if it does not end well.
    #[cfg(test)]
    pub(crate) async fn open_write(&self) -> Result<Write, Fault> {
        self.begin().await
    }

    async fn begin(&self) -> Result<Write, Fault> {
        match self {
            Self::Sqlite(file) => {
                Write::on_sqlite(file.pools.writer.acquire().await.map_err(fault)?.into()).await
            }
            Self::Postgres(server) => Write::on_postgres(server.write().await?).await,
        }
    }

    /// Tests that the store can write: writes one small row and commits it.
    pub(crate) async fn check_writable(&self) -> Result<(), Fault> {
        self.transact(|mut write| async move {
            let sql = "INSERT INTO meta (name, value) VALUES ('writable', $1) \
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            query(sql).bind(now().to_string()).execute(&mut write).await?;
            write.commit().await
        })
        .await
    }

    /// Reads a single value of the table `meta`.
    pub(crate) async fn meta(&self, name: &str) -> Result<Option<String>, Fault> {
        let query = query("SELECT value FROM meta WHERE name = $1").bind(name);
        query.scalar(&mut self.read().await?).await
    }

    /// Sets a single value if it is not set yet. Answers whether it did.
    pub(crate) async fn claim_meta(&self, name: &str, value: &str) -> Result<bool, Fault> {
        self.transact(|mut write| async move {
            let claimed = claim_meta(&mut write, name, value).await?;
            write.commit().await?;
            Ok(claimed)
        })
        .await
    }

    /// The name and the version of the engine.
    pub(crate) async fn engine(&self) -> Result<(&'static str, String), Fault> {
        let (name, sql) = match self {
            Self::Sqlite(_) => ("SQLite", "SELECT sqlite_version()"),
            Self::Postgres(_) => ("PostgreSQL", "SELECT current_setting('server_version')"),
        };
        Ok((name, query(sql).only(&mut self.read().await?).await?))
    }

    /// The time of the database, in microseconds since 1970. Several machines have several clocks.
    pub(crate) async fn clock(&self, database: &mut Connection) -> Result<i64, Fault> {
        let sql = match self {
            Self::Sqlite(_) => "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)",
            Self::Postgres(_) => {
                "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT)"
            }
        };
        query(sql).only(database).await
    }

    /// Whether [`Database::close`] was called.
    pub(crate) fn is_closed(&self) -> bool {
        match self {
            Self::Sqlite(file) => file.pools.writer.is_closed(),
            Self::Postgres(server) => server.pools.writer.is_closed(),
        }
    }

    /// Closes all connections. The last one of SQLite writes the write-ahead log back into the
    /// file.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite(file) => file.close().await,
            Self::Postgres(server) => server.pools.close().await,
        }
    }
}

/// Sets a single value if it is not set yet. Answers whether it did.
pub(crate) async fn claim_meta(
    write: &mut Connection,
    name: &str,
    value: &str,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    Ok(query(sql).bind(name).bind(value).execute(write).await? == 1)
}

/// Connects to a PostgreSQL server, and answers its version. It creates nothing there.
pub async fn probe(url: &Secret) -> Result<String, Fault> {
    postgres::version(url.expose()).await
}

/// Checks the URL of a PostgreSQL server. It connects to nothing. The error has no password.
pub fn check_url(url: &str) -> Result<(), String> {
    url::servers(url).map(drop)
}
