//! What each realm calls a person or a group: numbers that are counted up and never used twice.

use isogloss_canonical::fault::{Fault, FaultKind, Subject};
use isogloss_canonical::outcome::Outcome;
use isogloss_canonical::realm::{NativeIds, Numbering, Realm};
use isogloss_canonical::user::UserRef;
use sqlx::SqliteConnection;
use uuid::Uuid;

use crate::faults::fault;
use crate::rows::uuid;
use crate::{Inner, Numbered};

/// What an id is of.
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

    const fn numbering(self, realm: &Numbered) -> Numbering {
        match self {
            Self::User => realm.users,
            Self::Group => realm.groups,
        }
    }
}

impl Inner {
    /// Makes a counter for each realm that has none, and numbers whom it has not met.
    pub(crate) async fn introduce_realms(&self) -> Result<(), Fault> {
        let mut write = self.database.write().await?;
        for realm in &self.realms {
            for kind in [Kind::User, Kind::Group] {
                let Numbering::From(first) = kind.numbering(realm) else { continue };
                if make_counter(&mut write, &realm.realm, kind, first).await? {
                    number_all(&mut write, realm, kind).await?;
                }
            }
        }
        write.commit().await.map_err(fault)
    }

    /// Gives a new person an id in every realm that numbers people.
    pub(crate) async fn name_user(
        &self,
        write: &mut SqliteConnection,
        id: Uuid,
        given: &NativeIds,
    ) -> Result<(), Fault> {
        self.let_go(write, Kind::User, given).await?;
        let numbering = self.realms.iter().filter(|realm| realm.users != Numbering::Names);
        name(write, Kind::User, id, given, numbering).await
    }

    /// Gives a new group its ids: a team in the realms that name teams, a set of rights in its own.
    pub(crate) async fn name_group(
        &self,
        write: &mut SqliteConnection,
        id: Uuid,
        owner: Option<&Realm>,
        given: &NativeIds,
    ) -> Result<(), Fault> {
        self.let_go(write, Kind::Group, given).await?;
        let numbering = self.realms.iter().filter(|realm| {
            let concerned = owner.map_or(realm.teams, |owner| realm.realm == *owner);
            concerned && realm.groups != Numbering::Names
        });
        name(write, Kind::Group, id, given, numbering).await
    }

    /// Frees the ids that a system has given again, of holders who are gone.
    async fn let_go(
        &self,
        write: &mut SqliteConnection,
        kind: Kind,
        given: &NativeIds,
    ) -> Result<(), Fault> {
        let sql = match kind {
            Kind::User => {
                "DELETE FROM identities WHERE realm = $1 AND kind = 'user' AND native = $2 \
                 AND NOT EXISTS (SELECT 1 FROM users WHERE users.id = identities.id)"
            }
            Kind::Group => {
                "DELETE FROM identities WHERE realm = $1 AND kind = 'group' AND native = $2 \
                 AND NOT EXISTS (SELECT 1 FROM groups WHERE groups.id = identities.id)"
            }
        };
        for realm in self.realms.iter().filter(|realm| realm.gives_ids) {
            let Some(native) = given.get(&realm.realm) else { continue };
            let query = sqlx::query(sql).bind(realm.realm.as_str()).bind(native);
            query.execute(&mut *write).await.map_err(fault)?;
        }
        Ok(())
    }

    /// Gives people the ids that a realm's clients already hold, in place of those given so far.
    /// All rows first let go of what they have, so that two may change places.
    pub(crate) async fn assign_ids(
        &self,
        rows: &[(UserRef, Realm, String)],
    ) -> Result<Outcome, Fault> {
        let mut write = self.database.write().await?;
        let mut claims = Vec::with_capacity(rows.len());
        for (user, realm, native) in rows {
            let id = self.find_user(&mut write, user).await.map_err(|why| named(why, user))?.id.0;
            let sql = "DELETE FROM identities WHERE id = $1 AND kind = 'user' AND realm = $2";
            let query = sqlx::query(sql).bind(id.to_string()).bind(realm.as_str());
            query.execute(&mut *write).await.map_err(fault)?;
            claims.push((id, realm, native));
        }
        for (id, realm, native) in claims {
            claim(&mut write, realm, Kind::User, native, id).await?;
        }
        write.commit().await.map_err(fault)?;
        Ok(Outcome::Done)
    }

    /// Whether a realm calls its people (or groups) by their names.
    pub(crate) fn goes_by_name(&self, realm: &Realm, kind: Kind) -> bool {
        let known = self.realms.iter().find(|known| known.realm == *realm);
        known.is_some_and(|known| kind.numbering(known) == Numbering::Names)
    }
}

/// Whom a list of ids names and nobody is: the detail is for the operator, who brought it.
fn named(why: Fault, user: &UserRef) -> Fault {
    match user {
        UserRef::Name(name) if why.is_absence_of(Subject::User) => {
            Fault { detail: format!("nobody is called {name:?}").into(), ..why }
        }
        _ => why,
    }
}

/// Gives somebody this id of a realm in place of the one they have.
pub(crate) async fn reassign(
    write: &mut SqliteConnection,
    id: Uuid,
    realm: &Realm,
    native: &str,
) -> Result<(), Fault> {
    let sql = "DELETE FROM identities WHERE id = $1 AND kind = 'user' AND realm = $2";
    let query = sqlx::query(sql).bind(id.to_string()).bind(realm.as_str());
    query.execute(&mut *write).await.map_err(fault)?;
    claim(write, realm, Kind::User, native, id).await
}

/// The ids given come first: they may move a counter that the next free one is drawn from.
async fn name<'n>(
    write: &mut SqliteConnection,
    kind: Kind,
    id: Uuid,
    given: &NativeIds,
    numbering: impl Iterator<Item = &'n Numbered>,
) -> Result<(), Fault> {
    for (realm, native) in given {
        claim(write, realm, kind, native, id).await?;
    }
    for realm in numbering.filter(|realm| !given.contains_key(&realm.realm)) {
        let native = draw(write, &realm.realm, kind).await?;
        insert(write, &realm.realm, kind, &native.to_string(), id).await?;
    }
    Ok(())
}

/// Above this an id that was given does not move the counter: it would leave no room to count.
const COUNTED: i64 = 1 << 62;

/// Takes an id that was given, and moves the realm's counter past it.
async fn claim(
    write: &mut SqliteConnection,
    realm: &Realm,
    kind: Kind,
    native: &str,
    id: Uuid,
) -> Result<(), Fault> {
    let counted = native.parse::<i64>().ok().filter(|number| *number < COUNTED);
    if let Some(next) = counted.map(|number| number + 1) {
        let sql = "UPDATE counters SET next = $3 WHERE realm = $1 AND kind = $2 AND next < $3";
        let query = sqlx::query(sql).bind(realm.as_str()).bind(kind.as_str()).bind(next);
        query.execute(&mut *write).await.map_err(fault)?;
    }
    insert(write, realm, kind, native, id).await
}

async fn draw(write: &mut SqliteConnection, realm: &Realm, kind: Kind) -> Result<i64, Fault> {
    let sql =
        "UPDATE counters SET next = next + 1 WHERE realm = $1 AND kind = $2 RETURNING next - 1";
    let query = sqlx::query_scalar(sql).bind(realm.as_str()).bind(kind.as_str());
    query.fetch_one(write).await.map_err(fault)
}

async fn insert(
    write: &mut SqliteConnection,
    realm: &Realm,
    kind: Kind,
    native: &str,
    id: Uuid,
) -> Result<(), Fault> {
    let sql = "INSERT INTO identities (realm, kind, native, id) VALUES ($1, $2, $3, $4)";
    let query = sqlx::query(sql).bind(realm.as_str()).bind(kind.as_str());
    let done = query.bind(native).bind(id.to_string()).execute(write).await;
    done.map(drop).map_err(|error| match fault(error) {
        taken if taken.kind == FaultKind::Conflict => {
            let detail = format!("{realm} id {native} is somebody else's");
            Fault { detail: detail.into(), ..taken }.about(kind.subject())
        }
        other => other,
    })
}

async fn make_counter(
    write: &mut SqliteConnection,
    realm: &Realm,
    kind: Kind,
    first: i64,
) -> Result<bool, Fault> {
    let sql = "INSERT INTO counters (realm, kind, next) VALUES ($1, $2, $3) \
               ON CONFLICT (realm, kind) DO NOTHING";
    let query = sqlx::query(sql).bind(realm.as_str()).bind(kind.as_str()).bind(first);
    Ok(query.execute(write).await.map_err(fault)?.rows_affected() == 1)
}

/// Numbers those who were there before the realm was, in the order of creation.
async fn number_all(
    write: &mut SqliteConnection,
    realm: &Numbered,
    kind: Kind,
) -> Result<(), Fault> {
    let nameless = match kind {
        Kind::User => {
            "SELECT u.id FROM users u WHERE $2 AND u.state <> 'tombstone' AND NOT EXISTS (SELECT 1 FROM identities i \
             WHERE i.id = u.id AND i.kind = 'user' AND i.realm = $1) ORDER BY u.id"
        }
        Kind::Group => {
            "SELECT g.id FROM groups g WHERE $2 AND g.realm = '' AND NOT EXISTS \
             (SELECT 1 FROM identities i WHERE i.id = g.id AND i.kind = 'group' \
             AND i.realm = $1) ORDER BY g.id"
        }
    };
    let concerned = kind == Kind::User || realm.teams;
    let query =
        sqlx::query_scalar::<_, String>(nameless).bind(realm.realm.as_str()).bind(concerned);
    let nameless = query.fetch_all(&mut *write).await.map_err(fault)?;
    for id in nameless {
        let native = draw(write, &realm.realm, kind).await?;
        insert(write, &realm.realm, kind, &native.to_string(), uuid(&id)?).await?;
    }
    Ok(())
}
