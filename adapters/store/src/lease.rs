//! Background work that one gateway of several does.

use std::time::Duration;

use isogloss_canonical::fault::Fault;
use uuid::Uuid;

use crate::database::Database;
use crate::rows::after;
use crate::sql::query;

impl Database {
    /// Takes a piece of work for a time, unless another gateway has it or has just done it. A refusal
    /// costs no write.
    pub(crate) async fn take_work(
        &self,
        work: &'static str,
        holder: Uuid,
        lasting: Duration,
    ) -> Result<bool, Fault> {
        let mut read = self.read().await?;
        let now = self.clock(&mut read).await?;
        let sql = "SELECT until FROM leases WHERE work = $1";
        let taken = query(sql).bind(work).scalar::<i64>(&mut read).await?;
        drop(read);
        if taken.is_some_and(|until| until > now) {
            return Ok(false);
        }
        self.transact(|mut write| async move {
            let now = self.clock(&mut write).await?;
            let sql = "INSERT INTO leases (work, holder, until) VALUES ($1, $2, $3) \
                       ON CONFLICT (work) DO UPDATE SET holder = excluded.holder, \
                       until = excluded.until WHERE leases.until <= $4";
            let query = query(sql).bind(work).bind(holder.to_string());
            let taken = query.bind(after(now, lasting)).bind(now).execute(&mut write).await?;
            write.commit().await?;
            Ok(taken == 1)
        })
        .await
    }

    /// The work is done, and not needed again for a time.
    pub(crate) async fn finish_work(
        &self,
        work: &'static str,
        holder: Uuid,
        pause: Duration,
    ) -> Result<(), Fault> {
        self.transact(|mut write| async move {
            let until = after(self.clock(&mut write).await?, pause);
            let sql = "UPDATE leases SET until = $3 WHERE work = $1 AND holder = $2";
            let query = query(sql).bind(work).bind(holder.to_string()).bind(until);
            query.execute(&mut write).await?;
            write.commit().await
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::rows::fresh_id;

    #[tokio::test]
    async fn one_of_two_has_the_work_until_its_time_is_over() {
        let folder = TempDir::new().unwrap();
        let database = Database::open(folder.path()).await.unwrap();
        let (one, two) = (fresh_id(), fresh_id());
        let (long, none) = (Duration::from_hours(1), Duration::ZERO);
        assert!(database.take_work("test", one, long).await.unwrap());
        assert!(!database.take_work("test", two, long).await.unwrap());
        assert!(database.take_work("other", two, long).await.unwrap());
        // Who does not have it cannot give it back.
        database.finish_work("test", two, none).await.unwrap();
        assert!(!database.take_work("test", two, long).await.unwrap());
        database.finish_work("test", one, none).await.unwrap();
        assert!(database.take_work("test", two, long).await.unwrap());
        // One that died: its time is over.
        database.finish_work("other", two, none).await.unwrap();
        assert!(database.take_work("other", one, none).await.unwrap());
        assert!(database.take_work("other", two, long).await.unwrap());
    }
}
