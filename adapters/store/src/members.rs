//! The members of groups.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::{GroupChange, UserRef};
use uuid::Uuid;

use crate::inner::Inner;
use crate::lookup::people;
use crate::sql::{self, Connection};
use crate::user_rows::select_users;

impl Inner {
    pub(crate) async fn add_member(
        &self,
        group: &GroupRef,
        user: &UserRef,
    ) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let group = self.find_group(&mut write, group).await?.id.0;
                let user = self.find_user(&mut write, user).await?.id.0;
                if !join(&mut write, group, user).await? {
                    return Err(Fault::conflict(Subject::Membership));
                }
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }

    pub(crate) async fn remove_member(
        &self,
        group: &GroupRef,
        user: &UserRef,
    ) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let group = self.find_group(&mut write, group).await?.id;
                let user = self.find_user(&mut write, user).await?.id;
                let query =
                    sql::query("DELETE FROM memberships WHERE group_id = $1 AND user_id = $2");
                let query = query.bind(group.to_string()).bind(user.to_string());
                if query.execute(&mut write).await? == 0 {
                    return Err(Fault::not_found(Subject::Membership));
                }
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }

    pub(crate) async fn list_members(&self, group: &GroupRef) -> Result<Outcome, Fault> {
        let mut read = self.database.list().await?;
        let group = self.find_group(&mut read, group).await?;
        let query = sql::query(select_users!(
            "JOIN memberships joined ON joined.user_id = u.id WHERE joined.group_id = $1 \
             AND u.state = 'active' ORDER BY joined.place, u.id, m.place"
        ));
        Ok(Outcome::Users(people(&mut read, query.bind(group.id.to_string())).await?))
    }

    /// Makes a user a member of exactly these groups of an id namespace. Memberships in other id
    /// namespaces stay.
    pub(crate) async fn replace_groups(
        &self,
        write: &mut Connection,
        user: Uuid,
        change: &GroupChange,
    ) -> Result<(), Fault> {
        let sql = "DELETE FROM memberships WHERE user_id = $1 \
                   AND group_id IN (SELECT id FROM groups WHERE namespace = $2)";
        let query = sql::query(sql).bind(user.to_string()).bind(change.namespace.as_str());
        query.execute(&mut *write).await?;
        for wanted in &change.groups {
            let group = self.find_group(write, wanted).await?;
            if group.namespace.as_ref() != Some(&change.namespace) {
                let detail = format!("{} is no group of {}", group.id, change.namespace);
                return Err(Fault::new(FaultKind::NotFound, detail).about(Subject::Group));
            }
            join(write, group.id.0, user).await?;
        }
        Ok(())
    }
}

/// Adds a user to a group. Answers whether the user was not a member before.
async fn join(write: &mut Connection, group: Uuid, user: Uuid) -> Result<bool, Fault> {
    let sql = "INSERT INTO memberships (group_id, user_id, place) VALUES ($1, $2, $3) \
               ON CONFLICT (group_id, user_id) DO NOTHING";
    let query = sql::query(sql).bind(group.to_string()).bind(user.to_string());
    let done = query.bind(write.fresh_id().to_string()).execute(write).await?;
    Ok(done == 1)
}
