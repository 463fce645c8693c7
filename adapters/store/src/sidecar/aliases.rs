//! Aliases: the names by which clients know people whose name in the system is another.

use std::collections::HashMap;

use isogloss_canonical::fault::Fault;
use isogloss_canonical::user::{Matching, UserId, folded};

use crate::rows::{now, uuid};
use crate::sidecar::records::Records;
use crate::sql::{self, Connection, Row, column};

/// The alias of a tombstone gives way to another person's.
const GIVE_WAY: &str = "DELETE FROM aliases WHERE backend = $2 AND folded = $1 AND id IN \
                        (SELECT u.id FROM users u WHERE u.state = 'tombstone')";

/// How long the person of a creation is waited for, in microseconds: a day.
const INTENDED_FOR: i64 = 24 * 60 * 60 * 1_000_000;

/// Whom a name names, as far as aliases are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// It is the alias of this person.
    Alias(UserId),
    /// It is the name in the system of a person who has an alias: no client knows it.
    Hidden(UserId),
    /// No alias is concerned.
    Plain,
}

/// The person of an alias who is no tombstone and fulfils the condition.
macro_rules! aliased {
    ($condition:literal) => {
        concat!(
            "SELECT u.id FROM aliases a JOIN users u ON u.id = a.id \
             WHERE a.backend = $2 AND u.state <> 'tombstone' AND ",
            $condition
        )
    };
}

impl Records {
    /// Whom a name names. Aliases of tombstones do not count.
    pub async fn named(&self, name: &str, matching: Matching) -> Result<Named, Fault> {
        let (name, alias, hidden) = match matching {
            Matching::Exact => {
                (name.to_owned(), aliased!("a.alias = $1"), aliased!("u.username = $1"))
            }
            Matching::Folded => {
                (folded(name), aliased!("a.folded = $1"), aliased!("u.folded_name = $1"))
            }
        };
        if let Some(id) = self.one_aliased(alias, &name).await? {
            return Ok(Named::Alias(id));
        }
        Ok(self.one_aliased(hidden, &name).await?.map_or(Named::Plain, Named::Hidden))
    }

    async fn one_aliased(&self, sql: &'static str, name: &str) -> Result<Option<UserId>, Fault> {
        let mut read = self.inner().database.read().await?;
        let found = sql::query(sql).bind(name).bind(&self.inner().backend);
        found.fetch_optional(&mut read).await?.as_ref().map(id_of).transpose()
    }

    /// The alias of a person.
    pub async fn alias(&self, id: UserId) -> Result<Option<String>, Fault> {
        let mut read = self.inner().database.read().await?;
        let query = sql::query("SELECT alias FROM aliases WHERE id = $1").bind(id.to_string());
        let found = query.fetch_optional(&mut read).await?;
        found.map(|row| column(&row, "alias")).transpose()
    }

    /// All aliases.
    pub async fn aliases(&self) -> Result<HashMap<UserId, String>, Fault> {
        let mut read = self.inner().database.read().await?;
        let query = sql::query("SELECT id, alias FROM aliases WHERE backend = $1");
        let rows = query.bind(&self.inner().backend).fetch_all(&mut read).await?;
        let pair = |row: &Row| Ok((id_of(row)?, column(row, "alias")?));
        rows.iter().map(pair).collect()
    }

    /// Gives a person an alias, in place of an earlier one. It is a conflict if another person has it.
    /// An alias of a tombstone gives way.
    pub async fn set_alias(&self, id: UserId, alias: &str) -> Result<(), Fault> {
        self.inner().database.transact(|mut write| async move {
        let query = sql::query(GIVE_WAY).bind(folded(alias)).bind(&self.inner().backend);
        query.execute(&mut write).await?;
        let sql = "INSERT INTO aliases (id, alias, folded, backend) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (id) DO UPDATE SET alias = excluded.alias, \
                   folded = excluded.folded";
        let query = sql::query(sql).bind(id.to_string()).bind(alias).bind(folded(alias));
        let query = query.bind(&self.inner().backend);
        query.execute(&mut write).await?;
        write.commit().await
}).await
    }

    /// Records that a person is about to be created in the system with this name, for clients who know
    /// them by this alias. The record of that person gets the alias when it is created, also if this
    /// gateway ends before that. What was recorded long ago is removed.
    pub async fn intend_alias(&self, username: &str, alias: &str) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let backend = &self.inner().backend;
                let sql = "DELETE FROM alias_intents WHERE backend = $1 AND made < $2";
                let long_ago = now() - INTENDED_FOR;
                let query = sql::query(sql).bind(backend).bind(long_ago);
                query.execute(&mut write).await?;
                let sql = "INSERT INTO alias_intents (backend, username, alias, folded, made) \
                           VALUES ($1, $2, $3, $4, $5)";
                let query = sql::query(sql).bind(backend).bind(username).bind(alias);
                query.bind(folded(alias)).bind(now()).execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Removes what [`Records::intend_alias`] recorded: the person was not created.
    pub async fn forget_intended_alias(&self, username: &str) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let sql = "DELETE FROM alias_intents WHERE backend = $1 AND username = $2";
                let query = sql::query(sql).bind(&self.inner().backend).bind(username);
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }

    /// Gives a new record the alias that its person was created for. If somebody else has it by now, the
    /// person keeps the name in the system.
    pub(super) async fn settle_alias(
        &self,
        write: &mut Connection,
        id: UserId,
        username: &str,
    ) -> Result<(), Fault> {
        let backend = &self.inner().backend;
        let sql = "DELETE FROM alias_intents WHERE backend = $1 AND username = $2 RETURNING alias";
        let query = sql::query(sql).bind(backend).bind(username);
        let Some(row) = query.fetch_optional(write).await? else { return Ok(()) };
        let alias: String = column(&row, "alias")?;
        let query = sql::query(GIVE_WAY).bind(folded(&alias)).bind(backend);
        query.execute(&mut *write).await?;
        let sql = "INSERT INTO aliases (id, alias, folded, backend) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT DO NOTHING";
        let query = sql::query(sql).bind(id.to_string()).bind(&alias).bind(folded(&alias));
        query.bind(backend).execute(write).await.map(drop)
    }

    /// Takes a person's alias away. It is no fault if there is none.
    pub async fn remove_alias(&self, id: UserId) -> Result<(), Fault> {
        self.inner()
            .database
            .transact(|mut write| async move {
                let query = sql::query("DELETE FROM aliases WHERE id = $1").bind(id.to_string());
                query.execute(&mut write).await?;
                write.commit().await
            })
            .await
    }
}

fn id_of(row: &Row) -> Result<UserId, Fault> {
    uuid(column(row, "id")?).map(UserId)
}
