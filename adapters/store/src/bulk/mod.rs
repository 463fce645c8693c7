//! Many people, keys or ids at once, for imports: statements of many rows instead of one row.
//!
//! A batch is one transaction. The caller chooses its size and reads its file piece by piece, so the
//! memory does not grow with the file. What a single command checks is checked here too.

mod fault;
mod ids;
mod keys;
mod look;
mod people;

pub use self::fault::BatchFault;
pub use self::ids::{IdBatches, IdReader, IdRow};
pub use self::keys::KeyRow;
pub use self::people::Newcomer;
