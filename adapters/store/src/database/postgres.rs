//! The pools of a PostgreSQL server.

use std::str::FromStr;
use std::time::Duration;

use isogloss_canonical::fault::{Fault, FaultKind};
use sqlx::pool::PoolOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Postgres};

use crate::database::migrations;
use crate::database::pools::Pools;
use crate::faults::fault;

const READERS: u32 = 8;
const LISTERS: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(5);

/// How long a list waits for a connection.
const LIST_PATIENCE: Duration = Duration::from_secs(30);

/// A connection that was idle for longer is tested before it is used.
const TRUSTED_FOR: Duration = Duration::from_secs(1);

/// The settings of each connection. A gateway that stops in the middle of a transaction must not
/// hold the writers' row for long.
const SESSION: [(&str, &str); 4] = [
    ("lock_timeout", "5000"),
    ("idle_in_transaction_session_timeout", "10000"),
    ("tcp_user_timeout", "10000"),
    ("client_connection_check_interval", "2000"),
];

/// Connects to the server and runs the missing migrations.
pub(super) async fn connect(url: &str) -> Result<Pools<Postgres>, Fault> {
    let options = options(url).map_err(|why| Fault::new(FaultKind::Invalid, why))?;
    // One writer: writers of several gateways wait for each other at a row of the database.
    let writer = pool(1).connect_with(options.clone()).await.map_err(fault)?;
    migrations::for_postgres().run(&writer).await.map_err(migrations::failed)?;
    let listers = pool(LISTERS).acquire_timeout(LIST_PATIENCE);
    let listers = listers.connect_lazy_with(options.clone());
    let readers = pool(READERS).connect_with(options).await.map_err(fault)?;
    Ok(Pools { readers, listers, writer })
}

/// The version of the server. It is an error if the server is a standby.
pub(super) async fn version(url: &str) -> Result<String, Fault> {
    let options = options(url).map_err(|why| Fault::new(FaultKind::Invalid, why))?;
    let asking = async {
        let mut connection = options.connect().await?;
        let sql = "SELECT current_setting('server_version'), pg_is_in_recovery()";
        sqlx::query_as::<_, (String, bool)>(sql).fetch_one(&mut connection).await
    };
    let Ok(answer) = tokio::time::timeout(TIMEOUT, asking).await else {
        return Err(Fault::new(FaultKind::Timeout, "the database server does not answer"));
    };
    match answer.map_err(fault)? {
        (_, true) => Err(Fault::new(FaultKind::Unavailable, "the database server is a standby")),
        (version, false) => Ok(version),
    }
}

/// The options of a URL. The error says what is wrong, without the URL: it may have a password.
pub(super) fn options(url: &str) -> Result<PgConnectOptions, String> {
    let known = ["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme));
    if !known {
        return Err("the URL does not begin with postgres://".to_owned());
    }
    let options = PgConnectOptions::from_str(url)
        .map_err(|_| "the URL of the database server cannot be read".to_owned())?;
    Ok(options.application_name("isogloss").options(SESSION).disable_statement_logging())
}

fn pool(size: u32) -> PoolOptions<Postgres> {
    PoolOptions::new()
        .max_connections(size)
        .acquire_timeout(TIMEOUT)
        .test_before_acquire(false)
        .before_acquire(|connection: &mut PgConnection, state| {
            Box::pin(async move {
                if state.idle_for > TRUSTED_FOR {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
