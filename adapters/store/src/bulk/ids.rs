//! The native ids of many people.

use std::collections::{BTreeMap, HashMap, HashSet};

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::{IdNamespace, NativeIds, Numbering};
use uuid::Uuid;

use crate::bulk::fault::{BatchFault, finish};
use crate::bulk::look::{Look, among};
use crate::identities::{COUNTED, Kind, nobody_called, taken};
use crate::inner::Inner;
use crate::insert::{Target, insert};
use crate::rows::uuid;
use crate::sql::{Connection, Value, column, query};
use crate::store::Store;
use crate::values;
use crate::write::Write;

const IDENTITIES: Target<'static> = Target {
    table: "identities",
    columns: &["backend", "namespace", "kind", "native", "id"],
    end: "",
};

/// An id that a person gets in place of the present one.
#[derive(Clone, Debug)]
pub struct IdRow {
    /// The person's user name.
    pub username: String,
    /// The id namespace.
    pub namespace: IdNamespace,
    /// The id.
    pub native: String,
}

/// The ids of a transaction.
pub(super) struct NewIds<'s> {
    store: &'s Inner,
    /// Of each id namespace the next id now and in the table.
    counters: BTreeMap<String, (i64, i64)>,
    rows: Vec<Value>,
    /// The ids that were given, not drawn, each with its row of the batch.
    given: BTreeMap<String, HashMap<String, usize>>,
    /// The drawn ids.
    drawn: HashSet<(String, i64)>,
    /// The first conflict within the batch.
    conflict: Option<(usize, Fault)>,
}

impl<'s> NewIds<'s> {
    /// Reads the counters.
    pub(super) async fn begin(store: &'s Inner, write: &mut Connection) -> Result<Self, Fault> {
        let sql = "SELECT namespace, next FROM counters WHERE backend = $1 AND kind = 'user'";
        let mut counters = BTreeMap::new();
        for row in query(sql).bind(&store.backend).fetch_all(write).await? {
            let next: i64 = column(&row, 1)?;
            counters.insert(column(&row, 0)?, (next, next));
        }
        let (rows, given, drawn) = (Vec::new(), BTreeMap::new(), HashSet::new());
        Ok(Self { store, counters, rows, given, drawn, conflict: None })
    }

    /// Gives a new person these ids, and the next free ones in the other id namespaces.
    pub(super) fn name(&mut self, row: usize, id: Uuid, given: &NativeIds) -> Result<(), Fault> {
        for (namespace, native) in given {
            self.give(row, id, namespace, native);
        }
        let store = self.store;
        let others = store.namespaces.iter().filter(|one| one.users != Numbering::Names);
        for other in others.filter(|one| !given.contains_key(&one.namespace)) {
            let native = self.draw(&other.namespace)?;
            self.push(id, &other.namespace, &native.to_string());
        }
        Ok(())
    }

    /// Gives a person this id, and moves the counter of the id namespace past it.
    pub(super) fn give(&mut self, row: usize, id: Uuid, namespace: &IdNamespace, native: &str) {
        let number = native.parse::<i64>().ok();
        let of_batch = self.given.entry(namespace.to_string()).or_default();
        let twice = of_batch.insert(native.to_owned(), row).is_some();
        let drawn = number.is_some_and(|one| self.drawn.contains(&(namespace.to_string(), one)));
        if (twice || drawn) && self.conflict.is_none() {
            self.conflict = Some((row, taken(namespace, native, Kind::User)));
        }
        let counter = self.counters.get_mut(namespace.as_str());
        if let (Some((next, _)), Some(number)) = (counter, number.filter(|one| *one < COUNTED)) {
            *next = number.saturating_add(1).max(*next);
        }
        self.push(id, namespace, native);
    }

    fn draw(&mut self, namespace: &IdNamespace) -> Result<i64, Fault> {
        let Some((next, _)) = self.counters.get_mut(namespace.as_str()) else {
            return Err(Fault::new(FaultKind::Unexpected, "an id namespace has no counter"));
        };
        let native = *next;
        *next = native.saturating_add(1);
        self.drawn.insert((namespace.to_string(), native));
        Ok(native)
    }

    fn push(&mut self, id: Uuid, namespace: &IdNamespace, native: &str) {
        let backend = Value::from(&self.store.backend);
        let (namespace, native) = (namespace.as_str().into(), native.into());
        self.rows.extend([backend, namespace, "user".into(), native, id.to_string().into()]);
    }

    /// Refuses the batch if a given id belongs to somebody.
    pub(super) async fn check(&self, write: &mut Connection) -> Result<(), BatchFault> {
        let mut first = self.conflict.clone();
        let sql = "SELECT native FROM identities WHERE kind = 'user' AND backend = ";
        for (namespace, natives) in &self.given {
            let words: Vec<_> = natives.keys().map(String::as_str).collect();
            let fixed =
                [(&*self.store.backend, " AND namespace = "), (namespace, " AND native IN ")];
            for found in among(write, Look { sql, fixed: &fixed, end: "" }, &words).await? {
                let native: String = column(&found, 0)?;
                let row = natives.get(&native).copied().unwrap_or_default();
                if first.as_ref().is_none_or(|(other, _)| row < *other) {
                    let fault = taken(&IdNamespace::new(namespace), &native, Kind::User);
                    first = Some((row, fault));
                }
            }
        }
        first.map_or(Ok(()), |(row, fault)| Err(BatchFault::of(row, fault)))
    }

    /// Writes the ids and the counters.
    pub(super) async fn write(self, write: &mut Connection) -> Result<(), Fault> {
        insert(write, IDENTITIES, self.rows).await?;
        let sql = "UPDATE counters SET next = $3 WHERE backend = $1 AND namespace = $2 \
                   AND kind = 'user' AND next < $3";
        for (namespace, (next, stored)) in self.counters {
            if next > stored {
                let query = query(sql).bind(&self.store.backend).bind(namespace).bind(next);
                query.execute(write).await?;
            }
        }
        Ok(())
    }
}

/// The batches of an import, from the first row.
pub type IdReader<'b> = Box<dyn Iterator<Item = Result<Vec<IdRow>, Fault>> + Send + 'b>;

/// The rows of an import, in batches. The import reads them twice.
pub trait IdBatches: Send + Sync {
    /// An iterator over all rows from the first one.
    fn open(&self) -> Result<IdReader<'_>, Fault>;
}

impl Store {
    /// Replaces the ids of people by those that clients already use, in one transaction: all rows or
    /// none. First every old id is removed, so that two people can swap ids. No id and no person may
    /// be in two rows of one id namespace. The row at fault is counted over all batches.
    pub async fn import_ids(&self, rows: &dyn IdBatches) -> Result<(), BatchFault> {
        let inner = &*self.0;
        let work = |mut write: Write| async move {
            let done = inner.replace_ids(&mut write, rows).await;
            finish(write, done).await
        };
        inner.database.transact(work).await?
    }
}

impl Inner {
    async fn replace_ids(&self, write: &mut Write, rows: &dyn IdBatches) -> Result<(), BatchFault> {
        write.expect_many().await?;
        let mut before = 0;
        for batch in rows.open()? {
            let batch = batch?;
            for (row, one) in batch.iter().enumerate() {
                let checked = values::check_id(&one.native, Subject::User);
                checked.map_err(|fault| BatchFault::of(before + row, fault))?;
            }
            let people = self.called(write, &batch, before).await?;
            self.remove_ids(write, &batch, &people).await?;
            before += batch.len();
        }
        before = 0;
        for batch in rows.open()? {
            let batch = batch?;
            let people = self.called(write, &batch, before).await?;
            let mut new_ids = NewIds::begin(self, write).await?;
            for (row, (one, id)) in batch.iter().zip(&people).enumerate() {
                new_ids.give(before + row, *id, &one.namespace, &one.native);
            }
            new_ids.check(write).await?;
            new_ids.write(write).await?;
            before += batch.len();
        }
        Ok(())
    }

    /// The people of a batch, by their names.
    async fn called(
        &self,
        write: &mut Connection,
        batch: &[IdRow],
        before: usize,
    ) -> Result<Vec<Uuid>, BatchFault> {
        let names: Vec<_> = batch.iter().map(|row| row.username.as_str()).collect();
        let found = self.ids_of_names(write, &names).await?;
        let one = |(at, name): (usize, &&str)| {
            let known = found.get(*name).copied();
            known.ok_or_else(|| BatchFault::of(before + at, nobody_called(name)))
        };
        names.iter().enumerate().map(one).collect()
    }

    /// The active people with these names.
    pub(super) async fn ids_of_names(
        &self,
        database: &mut Connection,
        names: &[&str],
    ) -> Result<HashMap<String, Uuid>, Fault> {
        let sql = "SELECT username, id FROM users WHERE state = 'active' AND backend = ";
        let fixed = &[(&*self.backend, " AND username IN ")];
        let rows = among(database, Look { sql, fixed, end: "" }, names).await?;
        rows.iter().map(|row| Ok((column(row, 0)?, uuid(column(row, 1)?)?))).collect()
    }

    async fn remove_ids(
        &self,
        write: &mut Connection,
        batch: &[IdRow],
        people: &[Uuid],
    ) -> Result<(), Fault> {
        let mut of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (row, id) in batch.iter().zip(people) {
            of.entry(row.namespace.as_str()).or_default().push(id.to_string());
        }
        for (namespace, ids) in of {
            let sql = "DELETE FROM identities WHERE kind = 'user' AND namespace = ";
            let fixed = &[(namespace, " AND id IN ")];
            // The statement has no rows. It is read to its end, so all of it is done.
            among(write, Look { sql, fixed, end: "" }, &ids).await?;
        }
        Ok(())
    }
}
