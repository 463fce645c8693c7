//! The first start on a database server, which several gateways may make at the same time.

use isogloss_canonical::fault::Fault;

use crate::sidecar::claims::Claim;
use crate::sql;
use crate::store::Store;
use crate::write::Write;

/// The claim of the gateway that initialises the database. No user can have this name: a claim on a
/// name begins with the name of a backend.
const START: &str = "start";

/// The most rows that one statement deletes.
const AT_ONCE: i64 = 5_000;

impl Store {
    /// Waits until no other gateway initialises the database, and keeps the others waiting.
    pub async fn claim_start(&self) -> Result<Claim, Fault> {
        Claim::take(self, vec![START.to_owned()], None).await
    }

    /// Deletes everything of a store that is not initialised: what a first start left behind that
    /// did not end. Nobody has used it. It is deleted piece by piece, because a server ends a
    /// statement that takes long, and only while the claim is valid.
    pub async fn clear(&self, claim: &Claim) -> Result<(), Fault> {
        for sql in [
            "DELETE FROM keys WHERE id IN (SELECT id FROM keys WHERE backend = $1 LIMIT $2)",
            "DELETE FROM groups WHERE id IN (SELECT id FROM groups WHERE backend = $1 LIMIT $2)",
            "DELETE FROM users WHERE id IN (SELECT id FROM users WHERE backend = $1 LIMIT $2)",
            "DELETE FROM identities WHERE backend = $1 AND (namespace, kind, native) IN \
             (SELECT namespace, kind, native FROM identities WHERE backend = $1 LIMIT $2)",
            "DELETE FROM counters WHERE backend = $1 AND 0 < $2",
        ] {
            while self.remove_some(sql, claim).await? > 0 {}
        }
        self.0.introduce_namespaces().await
    }

    async fn remove_some(&self, sql: &'static str, claim: &Claim) -> Result<u64, Fault> {
        let work = |mut write: Write| async move {
            claim.renew(&mut write).await?;
            let removed = sql::query(sql).bind(&self.0.backend).bind(AT_ONCE);
            let removed = removed.execute(&mut write).await?;
            write.commit().await?;
            Ok(removed)
        };
        self.0.database.transact(work).await
    }
}
