//! The connections of a database.

use sqlx::Pool;

/// The connections: some read single rows, some read lists, and one writes. Lists have their own
/// connections, so that many lists never delay the lookup of an API key.
#[derive(Debug)]
pub(crate) struct Pools<D: sqlx::Database> {
    pub(super) readers: Pool<D>,
    pub(super) listers: Pool<D>,
    pub(super) writer: Pool<D>,
}

impl<D: sqlx::Database> Pools<D> {
    pub(super) async fn close(&self) {
        self.listers.close().await;
        self.readers.close().await;
        self.writer.close().await;
    }
}
