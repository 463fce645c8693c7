//! The servers that a URL names, and which of them takes writes now.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use isogloss_canonical::fault::{Fault, FaultKind};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError};
use sqlx::{ConnectOptions, Connection as _, Error};
use tokio::sync::{Mutex as AsyncMutex, watch};
use tokio::time::{sleep, timeout};

use crate::faults::{STANDBY, fault};

/// How long one server has to answer when several are asked.
const ANSWER: Duration = Duration::from_secs(1);
/// How often a request that waits looks whether the server has failed.
const LOOK: Duration = Duration::from_millis(100);
/// The servers are asked at most once in this time.
const SELDOM: Duration = Duration::from_millis(300);
/// The codes of a server that stops, starts or does not write: its connections are of no use.
const LOST: [&str; 5] = ["08", "25006", "57P01", "57P02", "57P03"];

/// The servers of a URL. One of them is used: the first that takes writes.
#[derive(Debug)]
pub(crate) struct Servers {
    all: Vec<PgConnectOptions>,
    /// How long a request waits for a connection, and a statement for a lock.
    pub(crate) patience: Duration,
    current: watch::Sender<usize>,
    asked: AsyncMutex<Option<Instant>>,
    /// A connection that is older is not used again.
    suspected: Mutex<Option<Instant>>,
    /// Since when it has been down.
    down: Mutex<Option<Instant>>,
}

impl Servers {
    pub(crate) fn new(all: Vec<PgConnectOptions>, patience: Duration) -> Self {
        Self {
            all,
            patience,
            current: watch::Sender::new(0),
            asked: AsyncMutex::default(),
            suspected: Mutex::default(),
            down: Mutex::default(),
        }
    }

    /// Whether there is a choice.
    pub(crate) const fn are_several(&self) -> bool {
        self.all.len() > 1
    }

    /// The options of the server in use.
    pub(crate) fn current(&self) -> Option<PgConnectOptions> {
        self.all.get(*self.current.borrow()).cloned()
    }

    /// A receiver that hears when another server is used.
    pub(crate) fn changes(&self) -> watch::Receiver<usize> {
        self.current.subscribe()
    }

    /// Asks all servers, and uses the first that takes writes. Without one it stays with the server
    /// in use. The errors are those of the servers, in their order.
    pub(crate) async fn choose(&self) -> Vec<Fault> {
        let mut asked = self.asked.lock().await;
        if asked.is_some_and(|asked| asked.elapsed() < SELDOM) {
            return Vec::new();
        }
        let mut faults = Vec::new();
        for (at, answer) in join_all(self.all.iter().map(ask)).await.into_iter().enumerate() {
            match answer {
                Ok(()) => {
                    if *self.current.borrow() != at {
                        tracing::warn!(server = at + 1, "another database server is used now");
                        self.suspect();
                        self.current.send_replace(at);
                    }
                    faults.clear();
                    break;
                }
                Err(fault) => faults.push(fault),
            }
        }
        *asked = Some(Instant::now());
        faults
    }

    /// Notes an error. If it says that the server cannot be used, no connection that is open now is
    /// used again: after a restart of the server they are all broken.
    pub(crate) fn note(&self, error: &Error) -> bool {
        let broken = matches!(error, Error::Io(_) | Error::Protocol(_));
        let server = error.as_database_error();
        let server = server.and_then(|error| error.try_downcast_ref::<PgDatabaseError>());
        let is_lost = |code: &str| LOST.iter().any(|lost| code.starts_with(lost));
        let lost = broken || server.is_some_and(|error| is_lost(error.code()));
        if lost {
            self.suspect();
        }
        lost
    }

    /// The open connections are not used again.
    pub(crate) fn suspect(&self) {
        self.lock().get_or_insert_with(Instant::now);
        *self.suspected.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether the last thing that was heard of the server was an error.
    pub(crate) fn is_down(&self) -> bool {
        self.lock().is_some()
    }

    /// Waits until the server has been away for half the time that a request waits for it. So a
    /// request that comes during an outage waits less, and a list does not wait longer.
    pub(crate) async fn failed(&self) {
        let (start, limit) = (Instant::now(), (self.patience / 2).max(ANSWER));
        loop {
            sleep(LOOK).await;
            let since = *self.lock();
            if since.is_some_and(|since| since.elapsed().min(start.elapsed()) >= limit) {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Instant>> {
        self.down.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a connection of this age was opened before the server failed.
    pub(crate) fn is_suspect(&self, age: Duration) -> bool {
        let suspected = *self.suspected.lock().unwrap_or_else(PoisonError::into_inner);
        suspected.is_some_and(|since| since.elapsed() <= age)
    }

    /// Checks that a server takes writes, and notes that it is there.
    pub(crate) async fn check(&self, connection: &mut PgConnection) -> Result<(), Error> {
        writable(connection).await?;
        *self.lock() = None;
        Ok(())
    }
}

/// An error if the server is a standby, or does not write for another reason.
async fn writable(connection: &mut PgConnection) -> Result<(), Error> {
    let sql = "SELECT current_setting('transaction_read_only') = 'on'";
    let is_standby = sqlx::query_scalar::<_, bool>(sql).fetch_one(connection).await?;
    if is_standby { Err(Error::Configuration(STANDBY.into())) } else { Ok(()) }
}

async fn ask(options: &PgConnectOptions) -> Result<(), Fault> {
    let asking = async {
        let mut connection = options.connect().await?;
        writable(&mut connection).await?;
        connection.close().await
    };
    match timeout(ANSWER, asking).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Error::Configuration(why))) => {
            Err(Fault::new(FaultKind::Unavailable, why.to_string()))
        }
        Ok(Err(error)) => Err(fault(error)),
        Err(_) => Err(Fault::new(FaultKind::Timeout, "the database server does not answer")),
    }
}
