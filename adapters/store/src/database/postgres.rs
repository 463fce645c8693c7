//! The pools of a PostgreSQL server.

use std::sync::Arc;
use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Error, Pool, Postgres};
use tokio::time::{sleep, timeout};

use crate::database::migrations;
use crate::database::pools::Pools;
use crate::database::url;
use crate::faults::{DOWN, STANDBY, fault};
use crate::sql::{Remote, Servers};

const READERS: u32 = 8;
const LISTERS: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a list waits for a connection.
const LIST_PATIENCE: Duration = Duration::from_secs(30);

/// How long a row of a list can take. The first one can need a sort.
const ROW: Duration = Duration::from_secs(20);

/// A connection that was idle for longer is tested before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// How long the test of an idle connection can take.
const TEST: Duration = Duration::from_secs(1);

/// After this wait for a connection, the other servers are asked whether one takes writes.
const SLOW: Duration = Duration::from_millis(150);

/// The settings of each connection. A gateway that stops in the middle of a transaction must not
/// hold the writers' row for long.
const SESSION: [(&str, &str); 3] = [
    ("idle_in_transaction_session_timeout", "10000"),
    ("tcp_user_timeout", "10000"),
    ("client_connection_check_interval", "2000"),
];

/// The connections to the server in use.
#[derive(Debug)]
pub(crate) struct Server {
    pub(super) pools: Pools<Postgres>,
    servers: Arc<Servers>,
}

/// Connects to the first server that takes writes, and runs the missing migrations.
pub(super) async fn connect(url: &str, patience: Duration) -> Result<Server, Fault> {
    let all = options(url, patience).map_err(|why| Fault::new(FaultKind::Invalid, why))?;
    let servers = Arc::new(Servers::new(all, patience));
    if servers.are_several() {
        let faults = servers.choose().await;
        if !faults.is_empty() {
            return Err(nowhere(&faults));
        }
    }
    let Some(options) = servers.current() else { return Err(nowhere(&[])) };
    // One writer: writers of several gateways wait for each other at a row of the database.
    let writer = pool(1, patience, &servers).connect_with(options.clone()).await.map_err(fault)?;
    migrations::for_postgres().run(&writer).await.map_err(migrations::failed)?;
    let listers = pool(LISTERS, LIST_PATIENCE, &servers).connect_lazy_with(options.clone());
    let readers = pool(READERS, patience, &servers).connect_with(options).await.map_err(fault)?;
    Ok(Server { pools: Pools { readers, listers, writer }, servers })
}

impl Server {
    /// A connection for reading a list of any length.
    pub(super) async fn list(&self) -> Result<Remote, Fault> {
        self.acquire(&self.pools.listers, Some(ROW)).await
    }

    /// A connection for reading a few rows.
    pub(super) async fn read(&self) -> Result<Remote, Fault> {
        self.acquire(&self.pools.readers, None).await
    }

    /// The connection for writing.
    pub(super) async fn write(&self) -> Result<Remote, Fault> {
        self.acquire(&self.pools.writer, None).await
    }

    async fn acquire(&self, pool: &Pool<Postgres>, row: Option<Duration>) -> Result<Remote, Fault> {
        let connection = tokio::select! {
            biased;
            connection = self.connection(pool) => connection,
            () = self.servers.failed() => Err(Error::PoolTimedOut),
        };
        match connection {
            Ok(connection) => Ok(Remote::new(connection, Arc::clone(&self.servers), row)),
            Err(Error::PoolTimedOut) if self.servers.is_down() => {
                Err(Fault::new(FaultKind::Unavailable, DOWN))
            }
            Err(error) => {
                self.servers.note(&error);
                Err(fault(error))
            }
        }
    }

    /// If there are several servers, and the wait is long, the one that takes writes is looked for.
    async fn connection(&self, pool: &Pool<Postgres>) -> Result<PoolConnection<Postgres>, Error> {
        if !self.servers.are_several() {
            return pool.acquire().await;
        }
        let mut changes = self.servers.changes();
        loop {
            changes.mark_unchanged();
            tokio::select! {
                biased;
                connection = pool.acquire() => return connection,
                _ = changes.changed() => {}
                () = self.look() => {}
            }
        }
    }

    /// Looks for another server until one is found.
    async fn look(&self) {
        let before = *self.servers.changes().borrow();
        loop {
            sleep(SLOW).await;
            self.servers.choose().await;
            if *self.servers.changes().borrow() != before {
                self.follow();
                return;
            }
        }
    }

    /// New connections go to the server in use now.
    fn follow(&self) {
        let Some(options) = self.servers.current() else { return };
        for pool in [&self.pools.writer, &self.pools.readers, &self.pools.listers] {
            pool.set_connect_options(options.clone());
        }
    }
}

/// The version of the server. It is an error if no server takes writes.
pub(super) async fn version(url: &str) -> Result<String, Fault> {
    let all = options(url, TIMEOUT).map_err(|why| Fault::new(FaultKind::Invalid, why))?;
    let mut faults = Vec::new();
    for options in all {
        match version_of(&options).await {
            Ok(version) => return Ok(version),
            Err(fault) => faults.push(fault),
        }
    }
    Err(match faults.len() {
        1 => faults.swap_remove(0),
        _ => nowhere(&faults),
    })
}

async fn version_of(options: &PgConnectOptions) -> Result<String, Fault> {
    let asking = async {
        let mut connection = options.connect().await?;
        let sql = "SELECT current_setting('server_version'), \
                   current_setting('transaction_read_only') = 'on'";
        sqlx::query_as::<_, (String, bool)>(sql).fetch_one(&mut connection).await
    };
    let Ok(answer) = timeout(TIMEOUT, asking).await else {
        return Err(Fault::new(FaultKind::Timeout, "the database server does not answer"));
    };
    match answer.map_err(fault)? {
        (_, true) => Err(Fault::new(FaultKind::Unavailable, STANDBY)),
        (version, false) => Ok(version),
    }
}

/// The fault if none of several servers can be used: what is wrong with each, in the URL's order.
fn nowhere(faults: &[Fault]) -> Fault {
    let each = faults.iter().enumerate().map(|(at, fault)| format!("{}: {fault}", at + 1));
    let each = each.collect::<Vec<_>>().join("; ");
    let detail = format!("no database server takes writes ({each})");
    Fault::new(FaultKind::Unavailable, detail)
}

/// The options of each server of a URL. The error says what is wrong, without the URL: it may have a
/// password.
pub(super) fn options(url: &str, patience: Duration) -> Result<Vec<PgConnectOptions>, String> {
    let lock = patience.as_millis().to_string();
    let settings = SESSION.into_iter().chain([("lock_timeout", lock.as_str())]);
    let settings: Vec<_> = settings.collect();
    let all = url::servers(url)?.into_iter();
    Ok(all.map(|one| one.application_name("isogloss").options(settings.clone())).collect())
}

fn pool(size: u32, patience: Duration, servers: &Arc<Servers>) -> PoolOptions<Postgres> {
    let (made, used) = (Arc::clone(servers), Arc::clone(servers));
    PoolOptions::new()
        .max_connections(size)
        .acquire_timeout(patience)
        .test_before_acquire(false)
        .after_connect(move |connection, _| {
            let servers = Arc::clone(&made);
            Box::pin(async move { servers.check(connection).await })
        })
        .before_acquire(move |connection, state| {
            let servers = Arc::clone(&used);
            Box::pin(async move {
                if servers.is_suspect(state.age) {
                    return Ok(false);
                }
                if state.idle_for > TRUSTED_FOR {
                    let Ok(tested) = timeout(TEST, servers.check(connection)).await else {
                        servers.suspect();
                        return Err(Error::Io(std::io::ErrorKind::TimedOut.into()));
                    };
                    tested?;
                }
                Ok(true)
            })
        })
}
