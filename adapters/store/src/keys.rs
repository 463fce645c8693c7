//! API keys. They are found by a keyed hash of id namespace and value. The value itself is stored,
//! encrypted, only for systems that show a key again.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::{Key, KeyChoice, NewKey};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::people::KeysToo;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{User, UserId, UserRef};
use jiff::Timestamp;
use uuid::Uuid;

use crate::inner::Inner;
use crate::insert::{Target, insert};
use crate::page_parts::push_ids;
use crate::rows::{from_json, now, optional_time, time, to_json, uuid};
use crate::sealing::same;
use crate::sql::{self, Builder, Connection, Row, Value, View, column};

const COLUMNS: &str =
    "id, namespace, owner, label, scope, expires, addresses, digest, sealed, created";

/// The columns of a new row.
pub(crate) const KEY_COLUMNS: [&str; 11] = [
    "id",
    "namespace",
    "owner",
    "label",
    "scope",
    "expires",
    "addresses",
    "digest",
    "sealed",
    "created",
    "backend",
];

/// The most keys of one user in one id namespace. No real server has a limit. Without one, a single
/// account could fill the disk.
const MOST_KEYS: i64 = 1000;

/// Refuses a key beyond the limit. Application keys have no limit: only an administrator creates
/// them.
async fn has_room(
    write: &mut Connection,
    owner: Option<UserId>,
    namespace: &IdNamespace,
) -> Result<(), Fault> {
    let Some(owner) = owner else { return Ok(()) };
    let sql = "SELECT COUNT(*) FROM keys WHERE owner = $1 AND namespace = $2";
    let count = sql::query(sql).bind(owner.to_string()).bind(namespace.as_str());
    room(count.only::<i64>(write).await?)
}

/// Refuses a key of a user who has this many in the id namespace.
pub(crate) fn room(count: i64) -> Result<(), Fault> {
    if count < MOST_KEYS {
        return Ok(());
    }
    let detail = format!("a user has at most {MOST_KEYS} keys in an id namespace");
    Err(Fault::new(FaultKind::Invalid, detail).about(Subject::Key))
}

impl Inner {
    pub(crate) async fn issue_key(
        &self,
        owner: Option<&UserRef>,
        new: &NewKey,
    ) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let owner = self.owner(&mut write, owner).await?;
                if new.replaces {
                    let choice = new.label.clone().map_or(KeyChoice::Plain, KeyChoice::Labelled);
                    let mut earlier = Builder::new("DELETE FROM keys WHERE ");
                    belonging(&mut earlier, (&self.backend, owner), &new.namespace, &choice);
                    earlier.build().execute(&mut write).await?;
                }
                has_room(&mut write, owner, &new.namespace).await?;
                let key = self.insert(&mut write, owner, new.clone()).await?;
                write.commit().await?;
                Ok(Outcome::Keys(vec![key]))
            })
            .await
    }

    /// Revokes keys and answers them. An empty list is no fault.
    pub(crate) async fn revoke_keys(
        &self,
        owner: Option<&UserRef>,
        namespace: &IdNamespace,
        choice: &KeyChoice,
    ) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let owner = self.owner(&mut write, owner).await?;
                let mut query = Builder::new("DELETE FROM keys WHERE ");
                belonging(&mut query, (&self.backend, owner), namespace, choice);
                query.push(" RETURNING ").push(COLUMNS);
                let rows = query.build().fetch_all(&mut write).await?;
                let mut revoked = self.keys(&rows)?;
                revoked.sort_by_key(|key| key.id);
                write.commit().await?;
                Ok(Outcome::Keys(revoked))
            })
            .await
    }

    pub(crate) async fn list_keys(
        &self,
        owner: Option<&UserRef>,
        namespace: &IdNamespace,
        choice: &KeyChoice,
    ) -> Result<Outcome, Fault> {
        let mut read = match owner {
            Some(_) => self.database.read().await?,
            None => self.database.list().await?,
        };
        let mut query = Builder::new("SELECT ");
        query.push(COLUMNS).push(" FROM keys WHERE ");
        if let Some(owner) = self.owner(&mut read, owner).await? {
            belonging(&mut query, (&self.backend, Some(owner)), namespace, choice);
        } else {
            query.push("backend = ").push_bind(&self.backend);
            query.push(" AND namespace = ").push_bind(namespace.as_str());
            chosen(&mut query, choice);
        }
        query.push(" ORDER BY id");
        let rows = query.build().fetch_all(&mut read).await?;
        Ok(Outcome::Keys(self.keys(&rows)?))
    }

    /// The keys of the people of a page, in the order of their creation.
    pub(crate) async fn keys_of_page(
        &self,
        database: &mut Connection,
        users: &[User],
        wanted: &KeysToo,
    ) -> Result<Vec<Key>, Fault> {
        let mut query = Builder::new("SELECT ");
        query.push(COLUMNS).push(" FROM keys WHERE backend = ").push_bind(&self.backend);
        query.push(" AND namespace = ").push_bind(wanted.namespace.as_str());
        query.push(" AND owner IN (");
        push_ids(&mut query, users);
        query.push(")");
        chosen(&mut query, &wanted.choice);
        query.push(" ORDER BY id");
        let mut keys = Vec::new();
        let add = |row: View<'_>| self.key(row).map(|key| keys.push(key));
        query.build().each(database, add).await?;
        Ok(keys)
    }

    /// Finds the key with a value. If several owners have the same value in the id namespace, it
    /// answers not found: the value alone does not identify its owner.
    pub(crate) async fn find_key(
        &self,
        namespace: &IdNamespace,
        value: &Secret,
    ) -> Result<Outcome, Fault> {
        let mut read = self.database.read().await?;
        let now = Timestamp::now();
        let mut found = self.with_value(&mut read, namespace, value).await?;
        if found.iter().any(|key| is_valid(key, now)) {
            found.retain(|key| is_valid(key, now));
        }
        let missing = || Fault::not_found(Subject::Key);
        let owner = found.first().map(|key| key.owner).ok_or_else(missing)?;
        if found.iter().any(|key| key.owner != owner) {
            return Err(missing());
        }
        let person = match owner {
            Some(owner) => Some(self.key_owner(&mut read, owner.0).await?.ok_or_else(missing)?),
            None => None,
        };
        Ok(Outcome::KeyFound(Box::new(found.swap_remove(0)), person.map(Box::new)))
    }

    pub(crate) async fn verify_key(
        &self,
        user: &UserRef,
        namespace: &IdNamespace,
        value: &Secret,
    ) -> Result<Outcome, Fault> {
        let mut read = self.database.read().await?;
        let owner = match self.find_user(&mut read, user).await {
            Ok(user) => user.id,
            Err(absence) if absence.is_absence_of(Subject::User) => {
                return Ok(Outcome::Keys(Vec::new()));
            }
            Err(other) => return Err(other),
        };
        let mut keys = self.with_value(&mut read, namespace, value).await?;
        keys.retain(|key| key.owner == Some(owner));
        Ok(Outcome::Keys(keys))
    }

    async fn owner(
        &self,
        database: &mut Connection,
        owner: Option<&UserRef>,
    ) -> Result<Option<UserId>, Fault> {
        match owner {
            Some(owner) => Ok(Some(self.find_user(database, owner).await?.id)),
            None => Ok(None),
        }
    }

    async fn with_value(
        &self,
        read: &mut Connection,
        namespace: &IdNamespace,
        value: &Secret,
    ) -> Result<Vec<Key>, Fault> {
        let digest = self.seals.digest(namespace.as_str(), value.expose());
        let mut query = Builder::new("SELECT ");
        query.push(COLUMNS).push(" FROM keys WHERE backend = ").push_bind(&self.backend);
        query.push(" AND namespace = ").push_bind(namespace.as_str());
        query.push(" AND digest = ").push_bind(&digest);
        // The key of a tombstone is never valid, and it is not counted as a second owner.
        query.push(
            " AND (owner IS NULL OR EXISTS (SELECT 1 FROM users o WHERE o.id = keys.owner \
             AND o.state <> 'tombstone'))",
        );
        query.push(" ORDER BY id");
        let rows = query.build().fetch_all(read).await?;
        let kept = rows
            .into_iter()
            .filter(|row| column::<&str>(row, "digest").is_ok_and(|kept| same(kept, &digest)));
        self.keys(&kept.collect::<Vec<_>>())
    }

    async fn insert(
        &self,
        write: &mut Connection,
        owner: Option<UserId>,
        new: NewKey,
    ) -> Result<Key, Fault> {
        let id = write.fresh_id();
        let shown = self.shows_keys(&new.namespace).then(|| new.value.clone());
        let (created, expires) = (now(), new.expires.map(Timestamp::as_microsecond));
        let values = self.key_values((id, owner, created), &new)?;
        let target = Target { table: "keys", columns: &KEY_COLUMNS, end: "" };
        insert(write, target, values.into()).await?;
        let NewKey { namespace, label, scope, addresses, .. } = new;
        let (created, expires) = (time(created)?, optional_time(expires)?);
        Ok(Key {
            system_owner: None,
            id,
            namespace,
            owner,
            label,
            scope,
            expires,
            addresses,
            created,
            shown,
        })
    }

    /// The values of the row of a new key.
    pub(crate) fn key_values(
        &self,
        (id, owner, created): (Uuid, Option<UserId>, i64),
        new: &NewKey,
    ) -> Result<[Value; KEY_COLUMNS.len()], Fault> {
        let (id, value) = (id.to_string(), new.value.expose());
        let sealed = self.shows_keys(&new.namespace).then(|| self.seals.seal(value, &id));
        Ok([
            id.into(),
            new.namespace.as_str().into(),
            owner.map(|owner| owner.to_string()).into(),
            (&new.label).into(),
            (&new.scope).into(),
            new.expires.map(Timestamp::as_microsecond).into(),
            to_json(&new.addresses)?.into(),
            self.seals.digest(new.namespace.as_str(), value).into(),
            sealed.transpose()?.into(),
            created.into(),
            (&self.backend).into(),
        ])
    }

    fn keys(&self, rows: &[Row]) -> Result<Vec<Key>, Fault> {
        rows.iter().map(|row| self.key(row.into())).collect()
    }

    fn key(&self, row: View<'_>) -> Result<Key, Fault> {
        let id = column::<&str>(row, "id")?;
        let sealed = column::<Option<&str>>(row, "sealed")?;
        let shown = sealed.map(|sealed| self.seals.open(sealed, id)).transpose()?;
        let owner = column::<Option<&str>>(row, "owner")?;
        Ok(Key {
            id: uuid(id)?,
            namespace: IdNamespace::new(column::<&str>(row, "namespace")?),
            owner: owner.map(|owner| uuid(owner).map(UserId)).transpose()?,
            system_owner: None,
            label: column(row, "label")?,
            scope: column(row, "scope")?,
            expires: optional_time(column(row, "expires")?)?,
            addresses: from_json(column(row, "addresses")?)?,
            created: time(column(row, "created")?)?,
            shown: shown.map(Secret::from),
        })
    }
}

fn is_valid(key: &Key, now: Timestamp) -> bool {
    key.expires.is_none_or(|expires| now < expires)
}

/// The SQL condition for the keys of one user, or of the application, in an id namespace.
fn belonging(
    query: &mut Builder,
    (backend, owner): (&str, Option<UserId>),
    namespace: &IdNamespace,
    choice: &KeyChoice,
) {
    query.push("backend = ").push_bind(backend);
    query.push(" AND namespace = ").push_bind(namespace.as_str());
    match owner {
        Some(owner) => query.push(" AND owner = ").push_bind(owner.to_string()),
        None => query.push(" AND owner IS NULL"),
    };
    chosen(query, choice);
}

/// The SQL condition for some of the keys of an owner.
fn chosen(query: &mut Builder, choice: &KeyChoice) {
    match choice {
        KeyChoice::All => query,
        KeyChoice::Plain => query.push(" AND label IS NULL"),
        KeyChoice::Labelled(label) => query.push(" AND label = ").push_bind(label.clone()),
        KeyChoice::Id(id) => query.push(" AND id = ").push_bind(id.to_string()),
    };
}
