//! Suspends the records of absent people, and detects when too many vanish at once.

use isogloss_canonical::fault::Fault;

use crate::rows::now;
use crate::sidecar::decision::Absence;
use crate::sidecar::plan::Plan;
use crate::sidecar::records::Records;
use crate::sql::{self, Connection};

/// People who vanish within this time count together.
const TOGETHER_MICROS: i64 = 60_000_000;
/// If more people than this vanish together, an operator decides.
const MANY: i64 = 10;
/// The same for more than this share of all people. A few may always vanish: two people can leave a
/// small team together.
const SHARE_PERCENT: i64 = 5;
const SHARE_FROM: i64 = 3;

impl Records {
    pub(super) async fn suspend(&self, write: &mut Connection, plan: &Plan) -> Result<(), Fault> {
        let gone = &plan.decision.suspend;
        if gone.is_empty() {
            return Ok(());
        }
        let held = self.vanish_together(write, gone.len()).await?;
        for (at, absence) in gone {
            let Some(row) = plan.rows.get(*at) else { continue };
            let absence = if held { Absence::Held } else { *absence };
            let sql = "UPDATE users SET state = 'suspended', absence = $2, settled = $3 \
                       WHERE id = $1";
            let query = sql::query(sql).bind(row.known.id.to_string()).bind(word(absence));
            query.bind(now()).execute(&mut *write).await?;
            tracing::info!(
                record = %row.known.id, username = row.known.name, backend = self.system.backend,
                absence = word(absence),
                "the system does not show this user: the record is suspended"
            );
        }
        Ok(())
    }

    /// Whether too many people vanish, together with those of the last minute. Then all of them
    /// wait for an operator, and one alarm is logged.
    async fn vanish_together(
        &self,
        write: &mut Connection,
        now_gone: usize,
    ) -> Result<bool, Fault> {
        let backend = &self.inner().backend;
        let since = now() - TOGETHER_MICROS;
        let recent = "SELECT COUNT(*) FROM users WHERE backend = $2 AND state = 'suspended' AND settled > $1";
        let recent = sql::query(recent).bind(since).bind(backend).only::<i64>(write).await?;
        let there = "SELECT COUNT(*) FROM users WHERE backend = $1 AND state = 'active'";
        let there = sql::query(there).bind(backend).only::<i64>(write).await?;
        let gone = recent + i64::try_from(now_gone).unwrap_or(i64::MAX);
        let share = gone.saturating_mul(100) > SHARE_PERCENT * (there + recent);
        if gone <= MANY && !(gone >= SHARE_FROM && share) {
            return Ok(false);
        }
        let known = "SELECT COUNT(*) FROM users WHERE backend = $2 AND state = 'suspended' \
                     AND absence = 'held' AND settled > $1";
        let known = sql::query(known).bind(since).bind(backend).only::<i64>(write).await?;
        let sql = "UPDATE users SET absence = 'held' WHERE backend = $2 AND state = 'suspended' AND settled > $1";
        sql::query(sql).bind(since).bind(backend).execute(write).await?;
        if known == 0 {
            let (namespace, of) = (self.system.namespace.as_str(), there + recent);
            tracing::error!(
                system = namespace,
                gone,
                of,
                "many people vanished from the system at once: they are suspended until they are \
                 proved again or an operator decides (isogloss identity list --state suspended)"
            );
        }
        Ok(true)
    }
}

pub(super) const fn word(absence: Absence) -> &'static str {
    match absence {
        Absence::Once => "once",
        Absence::Confirmed => "confirmed",
        Absence::Held => "held",
    }
}
