//! Rows of users, with their ids and groups.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::membership::{GroupId, Membership};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Evidence, User, UserId};

use crate::rows::{from_json, grants, native_ids, optional_time, own_namespace, time, uuid};
use crate::sql::{Column, View, column};

/// The columns of a user's own row, at the places of [`At`].
macro_rules! user_columns {
    () => {
        "u.id, u.username, u.display_name, u.given_name, u.family_name, u.email, \
         u.role, u.active, u.password IS NOT NULL AS has_password, u.source, u.failures, \
         u.locked_until, u.addresses, u.attributes, u.created, u.password_changed, \
         u.sessions_since, u.last_login, u.state, u.absence, u.settled, u.secret_print, \
         u.created_print, u.expected, u.expected_until, u.was"
    };
}

/// Selects users with their ids and groups, one row for each membership. The caller adds a `WHERE`.
/// Control characters separate aggregated values: no id namespace, name or id has them.
macro_rules! select_users {
    ($tail:literal) => {
        concat!(
            "SELECT ",
            $crate::user_rows::user_columns!(),
            ", (SELECT string_agg(i.namespace || '\u{1f}' || i.native, '\u{1e}') ",
            "FROM identities i WHERE i.id = u.id AND i.kind = 'user') AS ids, ",
            "g.id AS group_id, g.namespace AS group_namespace, g.name AS group_name, ",
            "g.grants AS group_grants, g.confers AS group_confers, ",
            "(SELECT string_agg(i.namespace || '\u{1f}' || i.native, '\u{1e}') ",
            "FROM identities i WHERE i.id = g.id AND i.kind = 'group') AS group_ids ",
            "FROM users u LEFT JOIN memberships m ON m.user_id = u.id ",
            "LEFT JOIN groups g ON g.id = m.group_id AND g.state = 'active' ",
            $tail
        )
    };
}

/// Selects users without their ids and groups, in the form of [`select_users`]. The caller adds a `WHERE`.
macro_rules! select_bare_users {
    () => {
        concat!(
            "SELECT ",
            $crate::user_rows::user_columns!(),
            ", NULL AS ids, NULL AS group_id FROM users u "
        )
    };
}

pub(crate) use {select_bare_users, select_users, user_columns};

/// The places of the columns of [`select_users`]. A place is found faster than a name.
#[derive(Clone, Copy, Debug)]
enum At {
    Id,
    Username,
    DisplayName,
    GivenName,
    FamilyName,
    Email,
    Role,
    Active,
    HasPassword,
    Source,
    Failures,
    LockedUntil,
    Addresses,
    Attributes,
    Created,
    PasswordChanged,
    SessionsSince,
    LastLogin,
    /// Eight columns of the sidecar's record stand before it.
    Ids = 26,
    /// It and those that follow are the columns of a membership.
    GroupId,
}

fn at<'r, T: Column<'r>>(row: View<'r>, place: At) -> Result<T, Fault> {
    column(row, place as usize)
}

/// Adds a row of [`select_users`]: a new user, or one more membership of the last user.
pub(crate) fn add_user_row(people: &mut Vec<User>, row: View<'_>) -> Result<(), Fault> {
    let id = UserId(uuid(at(row, At::Id)?)?);
    if people.last().is_none_or(|last| last.id != id) {
        people.push(user(id, row)?);
    }
    if let (Some(last), Some(membership)) =
        (people.last_mut(), membership(row, At::GroupId as usize)?)
    {
        last.groups.push(membership);
    }
    Ok(())
}

fn user(id: UserId, row: View<'_>) -> Result<User, Fault> {
    Ok(User {
        id,
        ids: native_ids(at(row, At::Ids)?),
        username: at(row, At::Username)?,
        display_name: at(row, At::DisplayName)?,
        given_name: at(row, At::GivenName)?,
        family_name: at(row, At::FamilyName)?,
        email: at(row, At::Email)?,
        role: Role::from_word(at(row, At::Role)?),
        active: at(row, At::Active)?,
        has_password: at(row, At::HasPassword)?,
        source: at(row, At::Source)?,
        failures: u32::try_from(at::<i64>(row, At::Failures)?).unwrap_or(u32::MAX),
        locked_until: optional_time(at(row, At::LockedUntil)?)?,
        addresses: from_json(at(row, At::Addresses)?)?,
        groups: Vec::new(),
        attributes: from_json(at(row, At::Attributes)?)?,
        created: time(at(row, At::Created)?)?,
        password_changed: time(at(row, At::PasswordChanged)?)?,
        sessions_since: time(at(row, At::SessionsSince)?)?,
        last_login: optional_time(at(row, At::LastLogin)?)?,
        evidence: Evidence::default(),
    })
}

/// The membership of a row, whose columns begin at a place. `None`: it has none.
pub(crate) fn membership(row: View<'_>, at: usize) -> Result<Option<Membership>, Fault> {
    let Some(id) = column::<Option<&str>>(row, at)? else { return Ok(None) };
    Ok(Some(Membership {
        group: GroupId(uuid(id)?),
        namespace: own_namespace(column(row, at + 1)?),
        name: column(row, at + 2)?,
        grants: grants(column(row, at + 3)?),
        confers: column::<Option<&str>>(row, at + 4)?.map(Role::from_word),
        ids: native_ids(column(row, at + 5)?),
    }))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;
    use tempfile::TempDir;

    use super::*;
    use crate::database::Database;
    use crate::files::DATABASE;

    #[tokio::test]
    async fn every_column_of_a_user_is_at_its_place() {
        let folder = TempDir::new().unwrap();
        Database::open(folder.path()).await.unwrap().close().await;
        let file = Connection::open(folder.path().join(DATABASE)).unwrap();
        let statement = file.prepare(select_users!("WHERE u.id = ''")).unwrap();
        let names = statement.column_names();
        let words = |place: At| {
            let word = |letter: char| {
                let mark = if letter.is_uppercase() { "_" } else { "" };
                format!("{mark}{}", letter.to_lowercase())
            };
            format!("{place:?}").chars().map(word).collect::<String>()
        };
        let places = [
            At::Id,
            At::Username,
            At::DisplayName,
            At::GivenName,
            At::FamilyName,
            At::Email,
            At::Role,
            At::Active,
            At::HasPassword,
            At::Source,
            At::Failures,
            At::LockedUntil,
            At::Addresses,
            At::Attributes,
            At::Created,
            At::PasswordChanged,
            At::SessionsSince,
            At::LastLogin,
            At::Ids,
            At::GroupId,
        ];
        for place in places {
            assert_eq!(format!("_{}", names[place as usize]), words(place));
        }
    }
}
