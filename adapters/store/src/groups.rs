//! Groups: teams, and the rights groups of single systems.

use crate::held::{self, no_group_holds};
use crate::identities::Kind;
use crate::inner::Inner;
use crate::rows::{grant_words, group, namespace_word, now, select_groups, to_json};
use crate::settings::apply;
use crate::sql::{self, Connection};
use crate::values;
use crate::write::Write;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{UserId, UserRef};
use uuid::Uuid;

impl Inner {
    /// The group that a reference names.
    pub(crate) async fn find_group(
        &self,
        database: &mut Connection,
        wanted: &GroupRef,
    ) -> Result<Group, Fault> {
        let by_name = select_groups!(
            "WHERE g.backend = $1 AND g.namespace = $2 AND g.name = $3 AND g.state = 'active' \
             ORDER BY g.id LIMIT 1"
        );
        let query = match wanted {
            GroupRef::Id(id) => {
                sql::query(select_groups!(
                    "WHERE g.id = $1 AND g.backend = $2 AND g.state = 'active'"
                ))
                .bind(id.to_string())
                .bind(&self.backend)
            }
            GroupRef::Name(namespace, name) => sql::query(by_name)
                .bind(&self.backend)
                .bind(namespace_word(namespace.as_ref()))
                .bind(name),
            GroupRef::Native(namespace, name) if self.goes_by_name(namespace, Kind::Group) => {
                sql::query(by_name).bind(&self.backend).bind(namespace.as_str()).bind(name)
            }
            GroupRef::Native(namespace, native) => sql::query(select_groups!(
                "WHERE g.id = (SELECT i.id FROM identities i WHERE i.backend = $1 \
                 AND i.namespace = $2 AND i.kind = 'group' AND i.native = $3) AND g.state = 'active'"
            ))
            .bind(&self.backend)
            .bind(namespace.as_str())
            .bind(native),
        };
        let row = query.fetch_optional(database).await?;
        row.as_ref().map(group).transpose()?.ok_or_else(|| Fault::not_found(Subject::Group))
    }

    pub(crate) async fn get_group(&self, wanted: &GroupRef) -> Result<Outcome, Fault> {
        let found = self.find_group(&mut self.database.read().await?, wanted).await?;
        Ok(Outcome::Group(Box::new(found)))
    }

    pub(crate) async fn list_groups(
        &self,
        namespace: Option<&IdNamespace>,
    ) -> Result<Outcome, Fault> {
        let query = sql::query(select_groups!(
            "WHERE g.backend = $1 AND g.namespace = $2 AND g.state = 'active' ORDER BY g.id"
        ));
        let query = query.bind(&self.backend).bind(namespace_word(namespace));
        let rows = query.fetch_all(&mut self.database.list().await?).await?;
        Ok(Outcome::Groups(rows.iter().map(group).collect::<Result<_, _>>()?))
    }

    pub(crate) async fn groups_of(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let mut read = self.database.read().await?;
        let user = self.find_user(&mut read, user).await?;
        let query = sql::query(select_groups!(
            "JOIN memberships m ON m.group_id = g.id WHERE m.user_id = $1 \
             AND g.state = 'active' ORDER BY m.place"
        ));
        let rows = query.bind(user.id.to_string()).fetch_all(&mut read).await?;
        Ok(Outcome::Groups(rows.iter().map(group).collect::<Result<_, _>>()?))
    }

    pub(crate) async fn create_group(&self, new: &NewGroup) -> Result<Outcome, Fault> {
        values::check_group(new)?;
        values::check_ids(&new.ids, Subject::Group)?;
        self.database
            .transact(|mut write| async move {
                let id = write.fresh_id();
                if new.unique_name {
                    self.refuse_namesake(
                        &mut write,
                        namespace_word(new.namespace.as_ref()),
                        &new.name,
                        id,
                    )
                    .await?;
                }
                self.insert_group(&mut write, id, new).await?;
                self.name_group(&mut write, id, new.namespace.as_ref(), &new.ids).await?;
                self.finish_group(write, id).await
            })
            .await
    }

    pub(crate) async fn update_group(
        &self,
        wanted: &GroupRef,
        patch: &GroupPatch,
    ) -> Result<Outcome, Fault> {
        values::check_group_patch(patch)?;
        self.database
            .transact(|mut write| async move {
                let (mut changed, mut patch) =
                    (self.find_group(&mut write, wanted).await?, patch.clone());
                let id = changed.id.0;
                if let Some(name) = &patch.name {
                    self.rename(&mut write, &changed, name).await?;
                }
                if let Some(co_owners) = patch.co_owners.take() {
                    replace_co_owners(&mut write, id, &co_owners).await?;
                }
                let new_owner = patch.owner.is_some();
                patch_group(&mut changed, patch);
                update(&mut write, &changed, new_owner).await?;
                self.finish_group(write, id).await
            })
            .await
    }

    /// Deletes a group. Its memberships and co-ownerships are deleted with the row. Its ids are
    /// never used again.
    pub(crate) async fn delete_group(&self, wanted: &GroupRef) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let known = self.find_group(&mut write, wanted).await?;
                let query = sql::query("DELETE FROM groups WHERE id = $1");
                query.bind(known.id.to_string()).execute(&mut write).await?;
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }

    async fn finish_group(&self, mut write: Write, id: Uuid) -> Result<Outcome, Fault> {
        let wanted = GroupRef::Id(isogloss_canonical::membership::GroupId(id));
        let finished = self.find_group(&mut write, &wanted).await?;
        write.commit().await?;
        Ok(Outcome::Group(Box::new(finished)))
    }

    /// Refuses a name that another group has, whether that one's name was asked to be unique or not.
    async fn refuse_namesake(
        &self,
        write: &mut Connection,
        namespace: &str,
        name: &str,
        id: Uuid,
    ) -> Result<(), Fault> {
        let group = (sql::query(held::GROUP), Subject::Group);
        held::refuse_other(write, group, (&self.backend, name, id), Some(namespace)).await
    }

    /// Inserts the row of a new group.
    pub(crate) async fn insert_group(
        &self,
        write: &mut Connection,
        id: Uuid,
        new: &NewGroup,
    ) -> Result<(), Fault> {
        sql::query(concat!(
            "INSERT INTO groups (id, namespace, name, unique_name, description, owner, active, grants, \
             confers, attributes, created, backend, holds_name) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, \
             $9, $10, $11, $12, $13 OR ",
            no_group_holds!("$3", "$2", "$12", "$1"),
            ")"
        ))
        .bind(id.to_string())
        .bind(namespace_word(new.namespace.as_ref()))
        .bind(&new.name)
        .bind(new.unique_name.then_some(&new.name))
        .bind(&new.description)
        .bind(new.owner.map(|owner| owner.to_string()))
        .bind(!new.inactive)
        .bind(grant_words(&new.grants))
        .bind(new.confers.map(Role::as_str))
        .bind(to_json(&new.attributes)?)
        .bind(now())
        .bind(&self.backend)
        .bind(new.unique_name)
        .execute(write)
        .await
            .map(drop)
    }

    /// Renames a group. If its name was unique, the new name must be unique too.
    async fn rename(&self, write: &mut Connection, group: &Group, name: &str) -> Result<(), Fault> {
        let id = group.id.to_string();
        let sql = "SELECT unique_name IS NOT NULL FROM groups WHERE id = $1";
        let unique = sql::query(sql).bind(&id).only::<bool>(write).await?;
        if unique {
            self.refuse_namesake(write, namespace_word(group.namespace.as_ref()), name, group.id.0)
                .await?;
        }
        let query = sql::query(concat!(
            "UPDATE groups SET name = $2, unique_name = $3, holds_name = $4 OR ",
            no_group_holds!("$2", "groups.namespace", "groups.backend", "groups.id"),
            " WHERE id = $1"
        ));
        let query = query.bind(id).bind(name).bind(unique.then_some(name)).bind(unique);
        query.execute(write).await.map(drop)
    }
}

/// Changes a group. A suspended owner is hidden in answers but stays the owner in the row.
pub(crate) async fn update(
    write: &mut Connection,
    group: &Group,
    new_owner: bool,
) -> Result<(), Fault> {
    sql::query(
        "UPDATE groups SET description = $2, owner = CASE WHEN $7 THEN $3 ELSE owner END, active = $4, grants = $5, \
         attributes = $6 WHERE id = $1",
    )
    .bind(group.id.to_string())
    .bind(&group.description)
    .bind(group.owner.map(|owner| owner.to_string()))
    .bind(group.active)
    .bind(grant_words(&group.grants))
    .bind(to_json(&group.attributes)?)
    .bind(new_owner)
    .execute(write)
    .await
        .map(drop)
}

pub(crate) async fn replace_co_owners(
    write: &mut Connection,
    group: Uuid,
    co_owners: &[UserId],
) -> Result<(), Fault> {
    let query = sql::query("DELETE FROM co_owners WHERE group_id = $1");
    query.bind(group.to_string()).execute(&mut *write).await?;
    let sql = "INSERT INTO co_owners (group_id, user_id, place) VALUES ($1, $2, $3) \
               ON CONFLICT (group_id, user_id) DO NOTHING";
    for co_owner in co_owners {
        let query = sql::query(sql).bind(group.to_string()).bind(co_owner.to_string());
        query.bind(write.fresh_id().to_string()).execute(&mut *write).await?;
    }
    Ok(())
}

/// Applies a patch to the group's own row, except for the name.
pub(crate) fn patch_group(group: &mut Group, patch: GroupPatch) {
    if let Some(description) = patch.description {
        group.description = description;
    }
    if let Some(owner) = patch.owner {
        group.owner = owner;
    }
    if let Some(active) = patch.active {
        group.active = active;
    }
    if let Some(grants) = patch.grants {
        group.grants = grants;
    }
    apply(&mut group.attributes, patch.attributes);
}
