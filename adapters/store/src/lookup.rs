//! Finds the users that commands name.

use isogloss_canonical::fault::{Fault, Subject};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{User, UserRef, folded};
use uuid::Uuid;

use crate::identities::Kind;
use crate::inner::Inner;
use crate::sql::{self, Connection, Query};
use crate::user_rows::{add_user_row, select_users};

impl Inner {
    /// The user that a reference names.
    pub(crate) async fn find_user(
        &self,
        database: &mut Connection,
        user: &UserRef,
    ) -> Result<User, Fault> {
        let found = match user {
            UserRef::Id(id) => self.by_id(database, id.0).await?,
            UserRef::Name(name) => self.by_name(database, name).await?,
            UserRef::Native(namespace, name) if self.goes_by_name(namespace, Kind::User) => {
                self.by_name(database, name).await?
            }
            UserRef::Native(namespace, native) => {
                self.by_native(database, namespace, native).await?
            }
            UserRef::FoldedName(name) => {
                let alike = sql::query(select_users!(
                    "WHERE u.backend = $1 AND u.folded_name = $2 AND u.state = 'active' \
                     ORDER BY u.id, m.place"
                ));
                let alike = alike.bind(&self.backend).bind(folded(name));
                choose(people(database, alike).await?, |user| user.username == *name)
            }
            // Many users have no address. An empty one identifies nobody.
            UserRef::Email(email) if email.is_empty() => None,
            UserRef::Email(email) => {
                let alike = sql::query(select_users!(
                    "WHERE u.backend = $1 AND u.folded_email = $2 AND u.state = 'active' \
                     ORDER BY u.id, m.place"
                ));
                let alike = alike.bind(&self.backend).bind(email.to_lowercase());
                choose(people(database, alike).await?, |user| user.email.as_ref() == Some(email))
            }
        };
        found.ok_or_else(|| Fault::not_found(Subject::User))
    }

    /// The user with this canonical id.
    pub(crate) async fn by_id(
        &self,
        database: &mut Connection,
        id: Uuid,
    ) -> Result<Option<User>, Fault> {
        let query = sql::query(select_users!(
            "WHERE u.id = $1 AND u.backend = $2 AND u.state = 'active' ORDER BY u.id, m.place"
        ));
        let query = query.bind(id.to_string()).bind(&self.backend);
        Ok(people(database, query).await?.pop())
    }

    /// A user that must exist.
    pub(crate) async fn require(&self, database: &mut Connection, id: Uuid) -> Result<User, Fault> {
        self.by_id(database, id).await?.ok_or_else(|| Fault::not_found(Subject::User))
    }

    /// The owner of a key, also if suspended. The sidecar layer asks the system afterwards, and the
    /// owner may be back there.
    pub(crate) async fn key_owner(
        &self,
        database: &mut Connection,
        id: Uuid,
    ) -> Result<Option<User>, Fault> {
        let query = sql::query(select_users!(
            "WHERE u.id = $1 AND u.backend = $2 AND u.state <> 'tombstone' ORDER BY u.id, m.place"
        ));
        let query = query.bind(id.to_string()).bind(&self.backend);
        Ok(people(database, query).await?.pop())
    }

    async fn by_name(&self, database: &mut Connection, name: &str) -> Result<Option<User>, Fault> {
        let query = sql::query(select_users!(
            "WHERE u.backend = $1 AND u.username = $2 AND u.state = 'active' \
             ORDER BY u.id, m.place"
        ));
        Ok(people(database, query.bind(&self.backend).bind(name)).await?.pop())
    }

    async fn by_native(
        &self,
        database: &mut Connection,
        namespace: &IdNamespace,
        native: &str,
    ) -> Result<Option<User>, Fault> {
        let query = sql::query(select_users!(
            "WHERE u.id = (SELECT i.id FROM identities i WHERE i.backend = $1 \
             AND i.namespace = $2 AND i.kind = 'user' AND i.native = $3) \
             AND u.state = 'active' ORDER BY u.id, m.place"
        ));
        let query = query.bind(&self.backend).bind(namespace.as_str()).bind(native);
        Ok(people(database, query).await?.pop())
    }
}

/// The users that a query returns, in its order.
pub(crate) async fn people(database: &mut Connection, query: Query) -> Result<Vec<User>, Fault> {
    let mut people = Vec::new();
    query.each(database, |row| add_user_row(&mut people, row)).await?;
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
