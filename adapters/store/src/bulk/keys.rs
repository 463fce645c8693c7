//! Keys that clients already use.

use std::collections::{BTreeMap, HashMap};

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::key::NewKey;
use isogloss_canonical::user::UserId;
use jiff::Timestamp;
use uuid::Uuid;

use crate::bulk::fault::{BatchFault, finish};
use crate::bulk::look::{Look, among};
use crate::inner::Inner;
use crate::insert::{Target, insert};
use crate::keys::{KEY_COLUMNS, room};
use crate::rows::{now, to_json, uuid};
use crate::sql::{Connection, Row, column};
use crate::store::Store;
use crate::write::Write;

const KEYS: Target<'static> = Target { table: "keys", columns: &KEY_COLUMNS, end: "" };

/// A key with its owner.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// The owner's user name. `None`: the application.
    pub owner: Option<String>,
    /// The key.
    pub key: NewKey,
}

/// A key of the table with the value of a row.
struct Stored {
    owner: Option<Uuid>,
    label: Option<String>,
    scope: Option<String>,
    expires: Option<i64>,
    addresses: String,
}

/// The keys of the table, by id namespace and digest, in the order of creation.
type Known = HashMap<(String, String), Vec<Stored>>;

impl Store {
    /// Checks that every owner exists, and that no value belongs to somebody else.
    pub async fn check_keys(&self, rows: &[KeyRow]) -> Result<(), BatchFault> {
        let mut read = self.0.database.read().await?;
        self.0.owners_and_known(&mut read, rows).await.map(drop)
    }

    /// Stores keys in one transaction, after the same checks. A key that its owner has already, with
    /// the same label, scope and limits, is not stored again. Answers how many were stored.
    pub async fn import_keys(&self, rows: &[KeyRow]) -> Result<usize, BatchFault> {
        let inner = &*self.0;
        let work = |mut write: Write| async move {
            let done = inner.write_keys(&mut write, rows).await;
            finish(write, done).await
        };
        inner.database.transact(work).await?
    }
}

impl Inner {
    async fn write_keys(&self, write: &mut Write, rows: &[KeyRow]) -> Result<usize, BatchFault> {
        write.expect_many().await?;
        let (owners, known) = self.owners_and_known(write, rows).await?;
        let mut counts = self.counts(write, &owners).await?;
        let (mut values, mut added) = (Vec::new(), 0);
        for (at, (row, owner)) in rows.iter().zip(owners).enumerate() {
            let addresses = to_json(&row.key.addresses)?;
            let there = known
                .get(&self.place(&row.key))
                .is_some_and(|stored| stored.iter().any(|one| one.is(owner, &row.key, &addresses)));
            if there {
                continue;
            }
            if let Some(owner) = owner {
                let count = counts.entry((owner, row.key.namespace.to_string())).or_insert(0);
                room(*count).map_err(|fault| BatchFault::of(at, fault))?;
                *count += 1;
            }
            let place = (write.fresh_id(), owner.map(UserId), now());
            values.extend(self.key_values(place, &row.key)?);
            added += 1;
        }
        insert(write, KEYS, values).await?;
        Ok(added)
    }

    /// The owners of the rows, and the keys with their values. Refuses the first row whose owner is
    /// unknown or whose value belongs to somebody else.
    async fn owners_and_known(
        &self,
        database: &mut Connection,
        rows: &[KeyRow],
    ) -> Result<(Vec<Option<Uuid>>, Known), BatchFault> {
        let names: Vec<_> = rows.iter().filter_map(|row| row.owner.as_deref()).collect();
        let people = self.ids_of_names(database, &names).await?;
        let known = self.known(database, rows).await?;
        let mut owners = Vec::with_capacity(rows.len());
        for (at, row) in rows.iter().enumerate() {
            let owner = match &row.owner {
                None => None,
                Some(name) => {
                    let missing = || BatchFault::of(at, Fault::not_found(Subject::User));
                    Some(people.get(name).copied().ok_or_else(missing)?)
                }
            };
            let stored = known.get(&self.place(&row.key));
            if stored.is_some_and(|stored| is_of_another(stored, owner)) {
                let detail = "this key belongs to another user";
                let fault = Fault::new(FaultKind::Conflict, detail).about(Subject::Key);
                return Err(BatchFault::of(at, fault));
            }
            owners.push(owner);
        }
        Ok((owners, known))
    }

    /// Where a key is in [`Known`].
    fn place(&self, key: &NewKey) -> (String, String) {
        let namespace = key.namespace.as_str();
        (namespace.to_owned(), self.seals.digest(namespace, key.value.expose()))
    }

    async fn known(&self, database: &mut Connection, rows: &[KeyRow]) -> Result<Known, Fault> {
        let mut digests: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows {
            let (namespace, digest) = self.place(&row.key);
            digests.entry(namespace).or_default().push(digest);
        }
        let mut known = Known::new();
        for (namespace, digests) in digests {
            // The key of a tombstone is never valid, and it is not counted as a second owner.
            let look = Look {
                sql: "SELECT digest, owner, label, scope, expires, addresses FROM keys \
                      WHERE (owner IS NULL OR EXISTS (SELECT 1 FROM users o WHERE o.id = keys.owner \
                      AND o.state <> 'tombstone')) AND backend = ",
                fixed: &[(&self.backend, " AND namespace = "), (&namespace, " AND digest IN ")],
                end: " ORDER BY id",
            };
            for row in among(database, look, &digests).await? {
                let place = (namespace.clone(), column(&row, 0)?);
                known.entry(place).or_default().push(Stored::read(&row)?);
            }
        }
        Ok(known)
    }

    /// How many keys these people have, by id namespace.
    async fn counts(
        &self,
        database: &mut Connection,
        owners: &[Option<Uuid>],
    ) -> Result<HashMap<(Uuid, String), i64>, Fault> {
        let owners: Vec<_> = owners.iter().flatten().map(Uuid::to_string).collect();
        let look = Look {
            sql: "SELECT owner, namespace, COUNT(*) FROM keys WHERE owner IN ",
            fixed: &[],
            end: " GROUP BY owner, namespace",
        };
        let rows = among(database, look, &owners).await?;
        let one = |row: &Row| Ok(((uuid(column(row, 0)?)?, column(row, 1)?), column(row, 2)?));
        rows.iter().map(one).collect()
    }
}

impl Stored {
    fn read(row: &Row) -> Result<Self, Fault> {
        Ok(Self {
            owner: column::<Option<&str>>(row, 1)?.map(uuid).transpose()?,
            label: column(row, 2)?,
            scope: column(row, 3)?,
            expires: column(row, 4)?,
            addresses: column(row, 5)?,
        })
    }

    /// Whether it is this key of this owner.
    fn is(&self, owner: Option<Uuid>, key: &NewKey, addresses: &str) -> bool {
        self.owner == owner
            && (&self.label, &self.scope) == (&key.label, &key.scope)
            && self.expires == key.expires.map(Timestamp::as_microsecond)
            && self.addresses == addresses
    }
}

/// Whether a value belongs to another than this person, or the application (`None`). Expired keys count
/// only if no other has the value. If several have it, it belongs to nobody.
fn is_of_another(stored: &[Stored], owner: Option<Uuid>) -> bool {
    let now = now();
    let valid = |one: &&Stored| one.expires.is_none_or(|expires| now < expires);
    let some = stored.iter().any(|one| valid(&one));
    let mut owners = stored.iter().filter(|one| !some || valid(one)).map(|one| one.owner);
    let Some(first) = owners.next() else { return false };
    first != owner && owners.all(|other| other == first)
}
