//! The first start on a database server, which several gateways may make at the same time.

use isogloss_canonical::fault::Fault;

use crate::sidecar::claims::Claim;
use crate::sql;
use crate::store::Store;

/// The claim of the gateway that initialises the database. No user can have this name: a claim on a
/// name begins with the name of a backend.
const START: &str = "start";

impl Store {
    /// Waits until no other gateway initialises the database, and keeps the others waiting.
    pub async fn claim_start(&self) -> Result<Claim, Fault> {
        Claim::take(self, vec![START.to_owned()]).await
    }

    /// Deletes everything of a store that is not initialised: what a first start left behind that
    /// did not end. Nobody has used it.
    pub async fn clear(&self) -> Result<(), Fault> {
        self.0
            .database
            .transact(|mut write| async move {
                for sql in [
                    "DELETE FROM keys WHERE backend = $1",
                    "DELETE FROM groups WHERE backend = $1",
                    "DELETE FROM users WHERE backend = $1",
                    "DELETE FROM identities WHERE backend = $1",
                    "DELETE FROM counters WHERE backend = $1",
                ] {
                    sql::query(sql).bind(&self.0.backend).execute(&mut write).await?;
                }
                write.commit().await?;
                self.0.introduce_namespaces().await
            })
            .await
    }
}
