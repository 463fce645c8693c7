//! One at a time: of several processes that open a store at once, the first makes its files and
//! brings them up to date, the others wait.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use isogloss_canonical::fault::{Fault, FaultKind};
use tokio::time::sleep;

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// The right to open a store; given back when it is dropped, or when the process ends.
#[derive(Debug)]
pub(crate) struct Turn {
    _directory: File,
}

impl Turn {
    /// Makes the directory where it is not there, and waits for the right to open it.
    pub(crate) async fn take(directory: &Path) -> Result<Self, Fault> {
        let failed = |error: io::Error| {
            let detail = format!("{}: cannot be opened", directory.display());
            Fault::new(FaultKind::Unavailable, detail).because(error)
        };
        fs::create_dir_all(directory).map_err(failed)?;
        let opened = File::open(directory).map_err(failed)?;
        let start = Instant::now();
        loop {
            match opened.try_lock() {
                Ok(()) => return Ok(Self { _directory: opened }),
                Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => sleep(PAUSE).await,
                Err(TryLockError::WouldBlock) => {
                    let detail = format!("{}: is being opened for long", directory.display());
                    return Err(Fault::new(FaultKind::Unavailable, detail));
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }
}
