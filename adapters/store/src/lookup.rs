//! Finds the users that commands name.

use futures_util::TryStreamExt;
use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::user::{User, UserRef, folded};
use sqlx::SqliteConnection;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use tokio::task::yield_now;
use uuid::Uuid;

use crate::faults::fault;
use crate::identities::Kind;
use crate::inner::Inner;
use crate::rows::{add_user_row, select_users};

/// After this many rows of a list, the task yields to the other tasks of its thread.
const AT_A_STRETCH: usize = 64;

impl Inner {
    /// The user that a reference names.
    pub(crate) async fn find_user(
        &self,
        database: &mut SqliteConnection,
        user: &UserRef,
    ) -> Result<User, Fault> {
        let found = match user {
            UserRef::Id(id) => by_id(database, id.0).await?,
            UserRef::Name(name) => by_name(database, name).await?,
            UserRef::Native(namespace, name) if self.goes_by_name(namespace, Kind::User) => {
                by_name(database, name).await?
            }
            UserRef::Native(namespace, native) => {
                by_native(database, namespace.as_str(), native).await?
            }
            UserRef::FoldedName(name) => {
                let alike = sqlx::query(select_users!(
                    "WHERE u.folded_name = $1 AND u.state = 'active' ORDER BY u.id, m.place"
                ));
                let alike = people(database, alike.bind(folded(name))).await?;
                choose(alike, |user| user.username == *name)
            }
            // Many users have no address. An empty one identifies nobody.
            UserRef::Email(email) if email.is_empty() => None,
            UserRef::Email(email) => {
                let alike = sqlx::query(select_users!(
                    "WHERE u.folded_email = $1 AND u.state = 'active' ORDER BY u.id, m.place"
                ));
                let alike = people(database, alike.bind(email.to_lowercase())).await?;
                choose(alike, |user| user.email.as_ref() == Some(email))
            }
        };
        found.ok_or_else(|| Fault::not_found(Subject::User))
    }
}

/// The user with this canonical id.
pub(crate) async fn by_id(
    database: &mut SqliteConnection,
    id: Uuid,
) -> Result<Option<User>, Fault> {
    let query =
        sqlx::query(select_users!("WHERE u.id = $1 AND u.state = 'active' ORDER BY u.id, m.place"));
    Ok(people(database, query.bind(id.to_string())).await?.pop())
}

/// The owner of a key, also if suspended. The sidecar layer asks the system afterwards, and the
/// owner may be back there.
pub(crate) async fn key_owner(
    database: &mut SqliteConnection,
    id: Uuid,
) -> Result<Option<User>, Fault> {
    let query = sqlx::query(select_users!(
        "WHERE u.id = $1 AND u.state <> 'tombstone' ORDER BY u.id, m.place"
    ));
    Ok(people(database, query.bind(id.to_string())).await?.pop())
}

async fn by_name(database: &mut SqliteConnection, name: &str) -> Result<Option<User>, Fault> {
    let query = sqlx::query(select_users!(
        "WHERE u.username = $1 AND u.state = 'active' ORDER BY u.id, m.place"
    ));
    Ok(people(database, query.bind(name.to_owned())).await?.pop())
}

async fn by_native(
    database: &mut SqliteConnection,
    namespace: &str,
    native: &str,
) -> Result<Option<User>, Fault> {
    let query = sqlx::query(select_users!(
        "WHERE u.id = (SELECT i.id FROM identities i WHERE i.namespace = $1 AND i.kind = 'user' \
         AND i.native = $2) AND u.state = 'active' ORDER BY u.id, m.place"
    ));
    Ok(people(database, query.bind(namespace.to_owned()).bind(native.to_owned())).await?.pop())
}

/// A user that must exist.
pub(crate) async fn require(database: &mut SqliteConnection, id: Uuid) -> Result<User, Fault> {
    by_id(database, id).await?.ok_or_else(|| Fault::not_found(Subject::User))
}

/// The users that a query returns, in its order.
pub(crate) async fn people(
    database: &mut SqliteConnection,
    query: Query<'_, Sqlite, SqliteArguments>,
) -> Result<Vec<User>, Fault> {
    let mut people = Vec::new();
    let mut rows = query.fetch(database);
    let mut count: usize = 0;
    while let Some(row) = rows.try_next().await.map_err(fault)? {
        add_user_row(&mut people, &row)?;
        count += 1;
        if count.is_multiple_of(AT_A_STRETCH) {
            yield_now().await;
        }
    }
    Ok(people)
}

/// Chooses among users whose names differ in case only: the exact name, else the only match. `None`
/// if several match and none is exact.
fn choose(mut alike: Vec<User>, exactly: impl Fn(&User) -> bool) -> Option<User> {
    if alike.len() > 1 {
        alike.retain(exactly);
    }
    if alike.len() > 1 { None } else { alike.pop() }
}
