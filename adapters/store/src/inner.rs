//! The state that all parts of the store share.

use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::namespace::IdNamespace;

use crate::database::Database;
use crate::health::Health;
use crate::numbered::Numbered;
use crate::passwords::Passwords;
use crate::sealing::Seals;
use crate::write_counts::WriteCounts;

pub(crate) struct Inner {
    pub(crate) database: Database,
    pub(crate) namespaces: Vec<Numbered>,
    pub(crate) seals: Seals,
    pub(crate) passwords: Passwords,
    pub(crate) pruning: WriteCounts,
    pub(crate) health: Health,
}

impl Inner {
    /// Refuses a `secret.key` that does not belong to this database. With a wrong one, no API key
    /// would be found.
    pub(crate) async fn check_secret(&self) -> Result<(), Fault> {
        let proof = self.seals.proof();
        if self.database.claim_meta("secret", &proof).await?
            || self.database.meta("secret").await? == Some(proof)
        {
            return Ok(());
        }
        let detail = "secret.key is not the one that isogloss.sqlite was written with; \
                      restore both from the same backup";
        Err(Fault::new(FaultKind::Unexpected, detail))
    }

    pub(crate) fn shows_keys(&self, namespace: &IdNamespace) -> bool {
        self.namespaces.iter().any(|known| known.namespace == *namespace && known.shows_keys)
    }
}
