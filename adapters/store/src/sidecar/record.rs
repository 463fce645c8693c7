//! Reading records.

use futures_util::TryStreamExt;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::namespace::Numbering;
use isogloss_canonical::user::{User, UserId, UserRef, folded};
use jiff::Timestamp;

use crate::rows::{now, time};
use crate::sidecar::decision::{Absence, Known, Prints, State};
use crate::sidecar::reading::Reading;
use crate::sidecar::records::Records;
use crate::sql::{self, Connection, Query, column};
use crate::user_rows::{add_user_row, select_users};

/// If a reading has more people than this, all records are read at once.
const FEW: usize = 16;

/// A record of the sidecar.
#[derive(Clone, Debug)]
pub struct Record {
    /// The person, as stored in the sidecar.
    pub user: User,
    /// The state.
    pub state: State,
    /// The system's id. For a tombstone, its last one.
    pub native: Option<String>,
    /// The time of the last change of state, name or id.
    pub since: Timestamp,
}

/// A record with all fields for the decision.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) user: User,
    pub(crate) known: Known,
    was: Option<String>,
    since: Timestamp,
}

impl Row {
    pub(crate) fn record(&self) -> Record {
        Record {
            user: self.user.clone(),
            state: self.known.state,
            native: self.known.native.clone().or_else(|| self.was.clone()),
            since: self.since,
        }
    }
}

impl Records {
    /// All records, tombstones too, in the order of creation.
    pub async fn all(&self) -> Result<Vec<Record>, Fault> {
        let query = sql::query(select_users!("WHERE u.backend = $1 ORDER BY u.id, m.place"));
        let query = query.bind(&self.inner().backend);
        let mut read = self.inner().database.read().await?;
        Ok(self.rows(&mut read, query).await?.iter().map(Row::record).collect())
    }

    /// The record that a reference names, active or suspended.
    pub async fn find(&self, user: &UserRef) -> Result<Option<Record>, Fault> {
        let mut found = self.alike(user).await?;
        Ok(if found.len() > 1 { None } else { found.pop() })
    }

    /// The records that a reference can name, active or suspended. Several can have the same name
    /// in another case.
    pub async fn alike(&self, user: &UserRef) -> Result<Vec<Record>, Fault> {
        let mut read = self.inner().database.read().await?;
        let rows = self.living(&mut read, user).await?;
        Ok(rows.iter().map(Row::record).collect())
    }

    pub(crate) async fn living(
        &self,
        database: &mut Connection,
        user: &UserRef,
    ) -> Result<Vec<Row>, Fault> {
        let backend = &self.inner().backend;
        let query = match user {
            UserRef::Id(id) => sql::query(select_users!(
                "WHERE u.id = $1 AND u.backend = $2 AND u.state <> 'tombstone' \
                 ORDER BY u.id, m.place"
            ))
            .bind(id.to_string())
            .bind(backend),
            UserRef::Name(name) => named(backend, name),
            UserRef::Native(namespace, name)
                if *namespace == self.system.namespace
                    && self.system.numbering == Numbering::Names =>
            {
                named(backend, name)
            }
            UserRef::Native(namespace, native) => sql::query(select_users!(
                "WHERE u.id = (SELECT i.id FROM identities i WHERE i.backend = $1 \
                 AND i.namespace = $2 AND i.kind = 'user' AND i.native = $3) AND u.state <> 'tombstone' \
                 ORDER BY u.id, m.place"
            ))
            .bind(backend)
            .bind(namespace.as_str())
            .bind(native),
            UserRef::FoldedName(name) => sql::query(select_users!(
                "WHERE u.backend = $1 AND u.folded_name = $2 AND u.state <> 'tombstone' \
                 ORDER BY u.id, m.place"
            ))
            .bind(backend)
            .bind(folded(name)),
            UserRef::Email(email) => sql::query(select_users!(
                "WHERE u.backend = $1 AND u.folded_email = $2 AND u.state <> 'tombstone' \
                 ORDER BY u.id, m.place"
            ))
            .bind(backend)
            .bind(email.to_lowercase()),
        };
        self.rows(database, query).await
    }

    /// The records that a reading can affect.
    pub(crate) async fn load(
        &self,
        database: &mut Connection,
        reading: &Reading,
    ) -> Result<Vec<Row>, Fault> {
        if reading.complete || reading.seen.len() + reading.absent.len() > FEW {
            let all = sql::query(select_users!(
                "WHERE u.backend = $1 AND u.state <> 'tombstone' ORDER BY u.id, m.place"
            ));
            return self.rows(database, all.bind(&self.inner().backend)).await;
        }
        let mut rows: Vec<Row> = Vec::new();
        for seen in &reading.seen {
            let own =
                UserRef::Native(self.system.namespace.clone(), self.native(&seen.user)?.to_owned());
            rows.extend(self.living(database, &own).await?);
            rows.extend(self.living(database, &UserRef::Name(seen.user.username.clone())).await?);
        }
        for id in reading.absent.keys() {
            rows.extend(self.living(database, &UserRef::Id(*id)).await?);
        }
        rows.sort_by_key(|row| row.known.id);
        rows.dedup_by_key(|row| row.known.id);
        Ok(rows)
    }

    pub(crate) async fn rows(
        &self,
        database: &mut Connection,
        query: Query,
    ) -> Result<Vec<Row>, Fault> {
        let (mut people, mut known): (Vec<User>, Vec<Known>) = (Vec::new(), Vec::new());
        let (mut more, now) = (Vec::new(), now());
        let mut rows = query.fetch(database);
        while let Some(row) = rows.try_next().await? {
            add_user_row(&mut people, (&row).into())?;
            let Some(last) = people.last().filter(|_| known.len() < people.len()) else { continue };
            known.push(self.known(&row, last, now)?);
            more.push((column(&row, "was")?, time(column(&row, "settled")?)?));
        }
        let all = people.into_iter().zip(known).zip(more);
        Ok(all.map(|((user, known), (was, since))| Row { user, known, was, since }).collect())
    }

    fn known(&self, row: &sql::Row, user: &User, now: i64) -> Result<Known, Fault> {
        let state = state(column(row, "state")?, column(row, "absence")?);
        let until = column::<Option<i64>>(row, "expected_until")?;
        let expected = until.filter(|until| *until > now);
        let native = match (self.system.numbering, state) {
            (_, State::Tombstone) => None,
            (Numbering::Names, _) => Some(user.username.clone()),
            (Numbering::From(_), _) => user.native(&self.system.namespace).map(str::to_owned),
        };
        Ok(Known {
            id: user.id.0,
            native,
            name: user.username.clone(),
            state,
            changed: column(row, "settled")?,
            expected: expected.and(column(row, "expected")?),
            prints: Prints {
                secret: column(row, "secret_print")?,
                created: column(row, "created_print")?,
            },
        })
    }

    /// A record by its id, in any state.
    pub(crate) async fn any(
        &self,
        database: &mut Connection,
        id: UserId,
    ) -> Result<Option<Row>, Fault> {
        let query =
            sql::query(select_users!("WHERE u.id = $1 AND u.backend = $2 ORDER BY u.id, m.place"));
        let query = query.bind(id.to_string()).bind(&self.inner().backend);
        Ok(self.rows(database, query).await?.pop())
    }
}

/// The records that have this name, or had it when the system last showed them.
fn named(backend: &str, name: &str) -> Query {
    let sql = select_users!(
        "WHERE u.backend = $1 AND u.username = $2 AND u.state <> 'tombstone' \
         ORDER BY u.id, m.place"
    );
    sql::query(sql).bind(backend).bind(name)
}

pub(super) fn state(word: &str, absence: Option<&str>) -> State {
    match (word, absence) {
        ("active", _) => State::Active,
        ("suspended", Some("once")) => State::Suspended(Absence::Once),
        ("suspended", Some("held")) => State::Suspended(Absence::Held),
        ("suspended", _) => State::Suspended(Absence::Confirmed),
        // An unknown state gives no access.
        _ => State::Tombstone,
    }
}
