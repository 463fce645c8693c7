//! Sign-in: checks passwords, counts failures, locks accounts for a time.

use isogloss_canonical::credentials::Lockout;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::UserRef;

use crate::inner::Inner;
use crate::rows::{after, now};
use crate::sql;
use crate::users::set_password;

impl Inner {
    pub(crate) async fn change_password(
        &self,
        user: &UserRef,
        password: Option<&Secret>,
    ) -> Result<Outcome, Fault> {
        let hash = &self.passwords.hash_optional(password).await?;
        self.database
            .transact(|mut write| async move {
                let user = self.find_user(&mut write, user).await?;
                set_password(&mut write, user.id.0, hash.clone()).await?;
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }

    /// Checks a user's password. A missing user, or one without a password, takes the same time and
    /// is refused.
    pub(crate) async fn verify_password(
        &self,
        user: &UserRef,
        password: &Secret,
    ) -> Result<Outcome, Fault> {
        let (id, stored) = match self.stored_password(user).await {
            Ok(found) => found,
            Err(absence) if absence.is_absence_of(Subject::User) => (String::new(), None),
            Err(other) => return Err(other),
        };
        let check = self.passwords.check(stored.clone(), password).await?;
        if let Some(upgrade) = check.upgrade {
            self.upgrade(&id, stored.as_ref(), &upgrade).await;
        }
        Ok(Outcome::Verified(check.right))
    }

    async fn stored_password(&self, user: &UserRef) -> Result<(String, Option<String>), Fault> {
        let mut read = self.database.read().await?;
        let id = self.find_user(&mut read, user).await?.id.to_string();
        let query = sql::query("SELECT password FROM users WHERE id = $1").bind(&id);
        let stored = query.scalar::<Option<String>>(&mut read).await?;
        Ok((id, stored.flatten()))
    }

    /// Stores a better hash of the same password, unless the password has changed in the meantime.
    /// If this fails, the correct password is still accepted.
    async fn upgrade(&self, id: &str, outdated: Option<&String>, better: &str) {
        let kept = async {
            self.database
                .transact(|mut write| async move {
                    let sql = "UPDATE users SET password = $3 WHERE id = $1 AND password = $2";
                    let query = sql::query(sql).bind(id).bind(outdated).bind(better);
                    query.execute(&mut write).await?;
                    write.commit().await
                })
                .await
        };
        if let Err(fault) = kept.await {
            tracing::warn!(user = id, %fault, "a better hash of a password was not stored");
        }
    }

    /// Counts a failure and answers the user. A failure while the account is locked is not counted.
    pub(crate) async fn count_failure(
        &self,
        user: &UserRef,
        lockout: Lockout,
    ) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let user = self.find_user(&mut write, user).await?;
                let now = now();
                sql::query(
                    "UPDATE users SET failures = failures + 1, \
             locked_until = CASE WHEN failures + 1 >= $2 THEN $3 ELSE locked_until END \
             WHERE id = $1 AND (locked_until IS NULL OR locked_until <= $4)",
                )
                .bind(user.id.to_string())
                .bind(i64::from(lockout.after))
                .bind(after(now, lockout.lasting))
                .bind(now)
                .execute(&mut write)
                .await?;
                let counted = self.by_id(&mut write, user.id.0).await?.unwrap_or(user);
                write.commit().await?;
                Ok(Outcome::User(Box::new(counted)))
            })
            .await
    }

    /// Clears the failures. It writes only if there are some: most sign-ins follow no failure.
    pub(crate) async fn clear_failures(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let known = self.find_user(&mut self.database.read().await?, user).await?;
        if known.failures == 0 && known.locked_until.is_none() {
            return Ok(Outcome::Done);
        }
        self.database
            .transact(|mut write| async move {
                let query =
                    sql::query("UPDATE users SET failures = 0, locked_until = NULL WHERE id = $1");
                query.bind(known.id.to_string()).execute(&mut write).await?;
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }
}
