//! Groups: teams, and the rights groups of single systems.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::group::{Group, GroupPatch, NewGroup};
use isogloss_canonical::membership::GroupRef;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{UserId, UserRef};
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::faults::fault;
use crate::identities::Kind;
use crate::inner::Inner;
use crate::rows::{fresh_id, grant_words, group, namespace_word, now, select_groups, to_json};
use crate::settings::apply;
use crate::write::Write;

impl Inner {
    /// The group that a reference names.
    pub(crate) async fn find_group(
        &self,
        database: &mut SqliteConnection,
        wanted: &GroupRef,
    ) -> Result<Group, Fault> {
        let by_name = select_groups!(
            "WHERE g.namespace = $1 AND g.name = $2 AND g.state = 'active' ORDER BY g.id LIMIT 1"
        );
        let query = match wanted {
            GroupRef::Id(id) => {
                sqlx::query(select_groups!("WHERE g.id = $1 AND g.state = 'active'"))
                    .bind(id.to_string())
            }
            GroupRef::Name(namespace, name) => sqlx::query(by_name)
                .bind(namespace_word(namespace.as_ref()).to_owned())
                .bind(name.clone()),
            GroupRef::Native(namespace, name) if self.goes_by_name(namespace, Kind::Group) => {
                sqlx::query(by_name).bind(namespace.as_str().to_owned()).bind(name.clone())
            }
            GroupRef::Native(namespace, native) => sqlx::query(select_groups!(
                "WHERE g.id = (SELECT i.id FROM identities i WHERE i.namespace = $1 \
                 AND i.kind = 'group' AND i.native = $2) AND g.state = 'active'"
            ))
            .bind(namespace.as_str().to_owned())
            .bind(native.clone()),
        };
        let row = query.fetch_optional(database).await.map_err(fault)?;
        row.as_ref().map(group).transpose()?.ok_or_else(|| Fault::not_found(Subject::Group))
    }

    pub(crate) async fn get_group(&self, wanted: &GroupRef) -> Result<Outcome, Fault> {
        let found = self.find_group(&mut *self.database.read().await?, wanted).await?;
        Ok(Outcome::Group(Box::new(found)))
    }

    pub(crate) async fn list_groups(
        &self,
        namespace: Option<&IdNamespace>,
    ) -> Result<Outcome, Fault> {
        let query = sqlx::query(select_groups!(
            "WHERE g.namespace = $1 AND g.state = 'active' ORDER BY g.id"
        ));
        let query = query.bind(namespace_word(namespace));
        let rows = query.fetch_all(&mut *self.database.list().await?).await.map_err(fault)?;
        Ok(Outcome::Groups(rows.iter().map(group).collect::<Result<_, _>>()?))
    }

    pub(crate) async fn groups_of(&self, user: &UserRef) -> Result<Outcome, Fault> {
        let mut read = self.database.read().await?;
        let user = self.find_user(&mut read, user).await?;
        let query = sqlx::query(select_groups!(
            "JOIN memberships m ON m.group_id = g.id WHERE m.user_id = $1 \
             AND g.state = 'active' ORDER BY m.place"
        ));
        let rows = query.bind(user.id.to_string()).fetch_all(&mut *read).await.map_err(fault)?;
        Ok(Outcome::Groups(rows.iter().map(group).collect::<Result<_, _>>()?))
    }

    pub(crate) async fn create_group(&self, new: NewGroup) -> Result<Outcome, Fault> {
        let mut write = self.database.write().await?;
        let id = fresh_id();
        if new.unique_name {
            refuse_namesake(&mut write, namespace_word(new.namespace.as_ref()), &new.name, id)
                .await?;
        }
        insert(&mut write, id, &new).await?;
        self.name_group(&mut write, id, new.namespace.as_ref(), &new.ids).await?;
        self.finish_group(write, id).await
    }

    pub(crate) async fn update_group(
        &self,
        wanted: &GroupRef,
        mut patch: GroupPatch,
    ) -> Result<Outcome, Fault> {
        let mut write = self.database.write().await?;
        let mut changed = self.find_group(&mut write, wanted).await?;
        let id = changed.id.0;
        if let Some(name) = &patch.name {
            rename(&mut write, &changed, name).await?;
        }
        if let Some(co_owners) = patch.co_owners.take() {
            replace_co_owners(&mut write, id, &co_owners).await?;
        }
        let new_owner = patch.owner.is_some();
        patch_group(&mut changed, patch);
        update(&mut write, &changed, new_owner).await?;
        self.finish_group(write, id).await
    }

    /// Deletes a group. Its memberships and co-ownerships are deleted with the row. Its ids are
    /// never used again.
    pub(crate) async fn delete_group(&self, wanted: &GroupRef) -> Result<Outcome, Fault> {
        let mut write = self.database.write().await?;
        let known = self.find_group(&mut write, wanted).await?;
        let query = sqlx::query("DELETE FROM groups WHERE id = $1");
        query.bind(known.id.to_string()).execute(&mut *write).await.map_err(fault)?;
        write.commit().await.map_err(fault)?;
        Ok(Outcome::Done)
    }

    async fn finish_group(&self, mut write: Write, id: Uuid) -> Result<Outcome, Fault> {
        let wanted = GroupRef::Id(isogloss_canonical::membership::GroupId(id));
        let finished = self.find_group(&mut write, &wanted).await?;
        write.commit().await.map_err(fault)?;
        Ok(Outcome::Group(Box::new(finished)))
    }
}

/// Refuses a name that another group has. The index compares only groups whose name was asked to be
/// unique; this compares with all groups.
async fn refuse_namesake(
    write: &mut SqliteConnection,
    namespace: &str,
    name: &str,
    id: Uuid,
) -> Result<(), Fault> {
    let sql = "SELECT 1 FROM groups WHERE namespace = $1 AND name = $2 AND id <> $3";
    let query = sqlx::query(sql).bind(namespace).bind(name).bind(id.to_string());
    match query.fetch_optional(write).await.map_err(fault)? {
        Some(_) => Err(Fault::conflict(Subject::Group)),
        None => Ok(()),
    }
}

pub(crate) async fn insert(
    write: &mut SqliteConnection,
    id: Uuid,
    new: &NewGroup,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO groups (id, namespace, name, unique_name, description, owner, active, grants, \
         confers, attributes, created) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
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
    .execute(write)
    .await
    .map(drop)
    .map_err(fault)
}

/// Renames a group. If its name was unique, the new name must be unique too.
async fn rename(write: &mut SqliteConnection, group: &Group, name: &str) -> Result<(), Fault> {
    let id = group.id.to_string();
    let sql = "SELECT unique_name IS NOT NULL FROM groups WHERE id = $1";
    let unique = sqlx::query_scalar::<_, bool>(sql).bind(&id).fetch_one(&mut *write).await;
    let unique = unique.map_err(fault)?;
    if unique {
        refuse_namesake(write, namespace_word(group.namespace.as_ref()), name, group.id.0).await?;
    }
    let query = sqlx::query("UPDATE groups SET name = $2, unique_name = $3 WHERE id = $1");
    let query = query.bind(id).bind(name).bind(unique.then_some(name));
    query.execute(write).await.map(drop).map_err(fault)
}

/// Changes a group. A suspended owner is hidden in answers but stays the owner in the row.
pub(crate) async fn update(
    write: &mut SqliteConnection,
    group: &Group,
    new_owner: bool,
) -> Result<(), Fault> {
    sqlx::query(
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
    .map_err(fault)
}

pub(crate) async fn replace_co_owners(
    write: &mut SqliteConnection,
    group: Uuid,
    co_owners: &[UserId],
) -> Result<(), Fault> {
    let query = sqlx::query("DELETE FROM co_owners WHERE group_id = $1");
    query.bind(group.to_string()).execute(&mut *write).await.map_err(fault)?;
    let sql = "INSERT INTO co_owners (group_id, user_id, place) VALUES ($1, $2, $3) \
               ON CONFLICT (group_id, user_id) DO NOTHING";
    for co_owner in co_owners {
        let query = sqlx::query(sql).bind(group.to_string()).bind(co_owner.to_string());
        query.bind(fresh_id().to_string()).execute(&mut *write).await.map_err(fault)?;
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
