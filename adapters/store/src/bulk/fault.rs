//! Why a batch is refused.

use std::error::Error;
use std::fmt;

use isogloss_canonical::fault::Fault;

use crate::write::Write;

/// Why a batch is refused. Nothing of it is stored.
#[derive(Debug)]
pub struct BatchFault {
    /// The row at fault, counted from 0. `None`: no row is.
    pub row: Option<usize>,
    /// Whether it is a key of the row.
    pub key: bool,
    /// What is wrong.
    pub fault: Fault,
}

impl BatchFault {
    /// The fault of a row.
    pub(crate) fn of(row: usize, fault: Fault) -> Self {
        Self { row: Some(row), key: false, fault }
    }

    /// The fault of a key of a row.
    pub(crate) fn of_key(row: usize, fault: Fault) -> Self {
        Self { key: true, ..Self::of(row, fault) }
    }
}

impl From<Fault> for BatchFault {
    fn from(fault: Fault) -> Self {
        Self { row: None, key: false, fault }
    }
}

impl fmt::Display for BatchFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(row) = self.row {
            write!(f, "row {row}: ")?;
        }
        self.fault.fmt(f)
    }
}

impl Error for BatchFault {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.fault.source()
    }
}

/// Ends the transaction of a batch. It is not committed if the batch is refused. A fault of no row is
/// one of the database: the transaction can be done again.
pub(super) async fn finish<T>(
    write: Write,
    done: Result<T, BatchFault>,
) -> Result<Result<T, BatchFault>, Fault> {
    match done {
        Ok(done) => write.commit().await.map(|()| Ok(done)),
        Err(refused) if refused.row.is_none() => Err(refused.fault),
        Err(refused) => Ok(Err(refused)),
    }
}
