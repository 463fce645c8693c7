//! The native ids of users and groups in each id namespace. Numbers count up and are never used
//! twice.

use crate::inner::Inner;
use crate::numbered::Numbered;
use crate::rows::uuid;
use crate::sql::{self, Connection, column};
use crate::values;
use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::namespace::{IdNamespace, NativeIds, Numbering};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::user::UserRef;
use uuid::Uuid;

/// The kind of record that an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A person.
    User,
    /// A group.
    Group,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
        }
    }

    const fn subject(self) -> Subject {
        match self {
            Self::User => Subject::User,
            Self::Group => Subject::Group,
        }
    }

    const fn numbering(self, namespace: &Numbered) -> Numbering {
        match self {
            Self::User => namespace.users,
            Self::Group => namespace.groups,
        }
    }
}

impl Inner {
    /// Creates the missing counters. In an id namespace that is new, it gives an id to every user
    /// and group that exists.
    pub(crate) async fn introduce_namespaces(&self) -> Result<(), Fault> {
        self.database
            .transact(|mut write| async move {
                for namespace in &self.namespaces {
                    for kind in [Kind::User, Kind::Group] {
                        let Numbering::From(first) = kind.numbering(namespace) else { continue };
                        if self.make_counter(&mut write, &namespace.namespace, kind, first).await? {
                            self.number_all(&mut write, namespace, kind).await?;
                        }
                    }
                }
                write.commit().await
            })
            .await
    }

    /// Gives a new user an id in every id namespace that numbers users.
    pub(crate) async fn name_user(
        &self,
        write: &mut Connection,
        id: Uuid,
        given: &NativeIds,
    ) -> Result<(), Fault> {
        self.let_go(write, Kind::User, given).await?;
        let numbering =
            self.namespaces.iter().filter(|namespace| namespace.users != Numbering::Names);
        self.insert_ids(write, (Kind::User, id), given, numbering).await
    }

    /// Gives a new group its ids. A team gets one in each id namespace that numbers teams, a rights
    /// group one in its own.
    pub(crate) async fn name_group(
        &self,
        write: &mut Connection,
        id: Uuid,
        owner: Option<&IdNamespace>,
        given: &NativeIds,
    ) -> Result<(), Fault> {
        self.let_go(write, Kind::Group, given).await?;
        let numbering = self.namespaces.iter().filter(|namespace| {
            let concerned = owner.map_or(namespace.teams, |owner| namespace.namespace == *owner);
            concerned && namespace.groups != Numbering::Names
        });
        self.insert_ids(write, (Kind::Group, id), given, numbering).await
    }

    /// Frees the ids that a remote system has given to somebody new, if their old holder is
    /// deleted.
    async fn let_go(
        &self,
        write: &mut Connection,
        kind: Kind,
        given: &NativeIds,
    ) -> Result<(), Fault> {
        let sql = match kind {
            Kind::User => {
                "DELETE FROM identities WHERE backend = $3 AND namespace = $1 AND kind = 'user' AND native = $2 \
                 AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = identities.id)"
            }
            Kind::Group => {
                "DELETE FROM identities WHERE backend = $3 AND namespace = $1 AND kind = 'group' AND native = $2 \
                 AND NOT EXISTS (SELECT 1 FROM groups WHERE groups.id = identities.id)"
            }
        };
        for namespace in self.namespaces.iter().filter(|namespace| namespace.gives_ids) {
            let Some(native) = given.get(&namespace.namespace) else { continue };
            let query =
                sql::query(sql).bind(namespace.namespace.as_str()).bind(native).bind(&self.backend);
            query.execute(&mut *write).await?;
        }
        Ok(())
    }

    /// Replaces the users' ids by the ids that the clients of an id namespace already use. First
    /// every old id is removed, so that two users can swap ids.
    pub(crate) async fn assign_ids(
        &self,
        rows: &[(UserRef, IdNamespace, String)],
    ) -> Result<Outcome, Fault> {
        self.database
            .transact(|mut write| async move {
                let mut claims = Vec::with_capacity(rows.len());
                for (user, namespace, native) in rows {
                    values::check_id(native, Subject::User)?;
                    let id = self
                        .find_user(&mut write, user)
                        .await
                        .map_err(|why| named(why, user))?
                        .id
                        .0;
                    let sql =
                        "DELETE FROM identities WHERE id = $1 AND kind = 'user' AND namespace = $2";
                    let query = sql::query(sql).bind(id.to_string()).bind(namespace.as_str());
                    query.execute(&mut write).await?;
                    claims.push((id, namespace, native));
                }
                for (id, namespace, native) in claims {
                    self.claim(&mut write, (namespace, Kind::User), native, id).await?;
                }
                write.commit().await?;
                Ok(Outcome::Done)
            })
            .await
    }

    /// Whether the native id in this id namespace is the name.
    pub(crate) fn goes_by_name(&self, namespace: &IdNamespace, kind: Kind) -> bool {
        let known = self.namespaces.iter().find(|known| known.namespace == *namespace);
        known.is_some_and(|known| kind.numbering(known) == Numbering::Names)
    }

    /// Replaces a user's id in an id namespace by this one.
    pub(crate) async fn reassign(
        &self,
        write: &mut Connection,
        id: Uuid,
        namespace: &IdNamespace,
        native: &str,
    ) -> Result<(), Fault> {
        let sql = "DELETE FROM identities WHERE id = $1 AND kind = 'user' AND namespace = $2";
        let query = sql::query(sql).bind(id.to_string()).bind(namespace.as_str());
        query.execute(&mut *write).await?;
        self.claim(write, (namespace, Kind::User), native, id).await
    }

    /// Stores the given ids first, because they can move the counter. Then it draws the missing ids
    /// from the counters.
    async fn insert_ids<'n>(
        &self,
        write: &mut Connection,
        (kind, id): (Kind, Uuid),
        given: &NativeIds,
        numbering: impl Iterator<Item = &'n Numbered>,
    ) -> Result<(), Fault> {
        for (namespace, native) in given {
            self.claim(write, (namespace, kind), native, id).await?;
        }
        for namespace in numbering.filter(|namespace| !given.contains_key(&namespace.namespace)) {
            let native = self.draw(write, &namespace.namespace, kind).await?;
            self.insert_id(write, (&namespace.namespace, kind), &native.to_string(), id).await?;
        }
        Ok(())
    }

    /// Stores a given id, and moves the counter of the id namespace past it.
    async fn claim(
        &self,
        write: &mut Connection,
        (namespace, kind): (&IdNamespace, Kind),
        native: &str,
        id: Uuid,
    ) -> Result<(), Fault> {
        let counted = native.parse::<i64>().ok().filter(|number| *number < COUNTED);
        if let Some(next) = counted.map(|number| number + 1) {
            let sql = "UPDATE counters SET next = $3 WHERE backend = $4 AND namespace = $1 AND kind = $2 AND next < $3";
            let query = sql::query(sql)
                .bind(namespace.as_str())
                .bind(kind.as_str())
                .bind(next)
                .bind(&self.backend);
            query.execute(&mut *write).await?;
        }
        self.insert_id(write, (namespace, kind), native, id).await
    }

    async fn draw(
        &self,
        write: &mut Connection,
        namespace: &IdNamespace,
        kind: Kind,
    ) -> Result<i64, Fault> {
        let sql = "UPDATE counters SET next = next + 1 WHERE backend = $3 AND namespace = $1 AND kind = $2 RETURNING next - 1";
        let query = sql::query(sql).bind(namespace.as_str()).bind(kind.as_str());
        query.bind(&self.backend).only(write).await
    }

    async fn insert_id(
        &self,
        write: &mut Connection,
        (namespace, kind): (&IdNamespace, Kind),
        native: &str,
        id: Uuid,
    ) -> Result<(), Fault> {
        let sql = "INSERT INTO identities (namespace, kind, native, id, backend) VALUES ($1, $2, $3, $4, $5)";
        let query = sql::query(sql).bind(namespace.as_str()).bind(kind.as_str());
        let done = query.bind(native).bind(id.to_string()).bind(&self.backend).execute(write).await;
        done.map(drop).map_err(|fault| match fault {
            refused if refused.kind == FaultKind::Conflict => {
                Fault { source: refused.source.clone(), ..taken(namespace, native, kind) }
            }
            other => other,
        })
    }

    async fn make_counter(
        &self,
        write: &mut Connection,
        namespace: &IdNamespace,
        kind: Kind,
        first: i64,
    ) -> Result<bool, Fault> {
        let sql = "INSERT INTO counters (namespace, kind, next, backend) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (backend, namespace, kind) DO NOTHING";
        let query = sql::query(sql)
            .bind(namespace.as_str())
            .bind(kind.as_str())
            .bind(first)
            .bind(&self.backend);
        Ok(query.execute(write).await? == 1)
    }

    /// Numbers the users or groups that are older than the id namespace, in the order of creation.
    async fn number_all(
        &self,
        write: &mut Connection,
        namespace: &Numbered,
        kind: Kind,
    ) -> Result<(), Fault> {
        let nameless = match kind {
            Kind::User => {
                "SELECT u.id FROM users u WHERE u.backend = $3 AND $2 AND u.state <> 'tombstone' AND NOT EXISTS (SELECT 1 FROM identities i \
                 WHERE i.id = u.id AND i.kind = 'user' AND i.namespace = $1) ORDER BY u.id"
            }
            Kind::Group => {
                "SELECT g.id FROM groups g WHERE g.backend = $3 AND $2 AND g.namespace = '' AND NOT EXISTS \
                 (SELECT 1 FROM identities i WHERE i.id = g.id AND i.kind = 'group' \
                 AND i.namespace = $1) ORDER BY g.id"
            }
        };
        let concerned = kind == Kind::User || namespace.teams;
        let query = sql::query(nameless)
            .bind(namespace.namespace.as_str())
            .bind(concerned)
            .bind(&self.backend);
        let nameless = query.fetch_all(&mut *write).await?;
        for row in nameless {
            let id = uuid(column(&row, 0)?)?;
            let native = self.draw(write, &namespace.namespace, kind).await?;
            self.insert_id(write, (&namespace.namespace, kind), &native.to_string(), id).await?;
        }
        Ok(())
    }
}

/// A given id above this value does not move the counter: too few numbers would be left.
pub(crate) const COUNTED: i64 = 1 << 62;

/// The fault for an id that somebody has.
pub(crate) fn taken(namespace: &IdNamespace, native: &str, kind: Kind) -> Fault {
    let detail = format!("{namespace} id {native} belongs to another user");
    Fault::new(FaultKind::Conflict, detail).about(kind.subject())
}

/// The fault for a name that nobody has. The detail is for the operator who supplied the list.
pub(crate) fn nobody_called(name: &str) -> Fault {
    Fault::new(FaultKind::NotFound, format!("no user is called {name:?}")).about(Subject::User)
}

/// Adds the unknown name to the detail.
fn named(why: Fault, user: &UserRef) -> Fault {
    if let UserRef::Name(name) = user
        && why.is_absence_of(Subject::User)
    {
        return nobody_called(name);
    }
    why
}
