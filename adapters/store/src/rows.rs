//! Converts rows of the database to canonical types.

use crate::sql::{Row, column};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::{GroupId, Membership};
use isogloss_canonical::namespace::{IdNamespace, NativeIds};
use isogloss_canonical::permission::{Grant, Grants};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, Evidence, User, UserId};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Selects users with their ids and groups, one row for each membership. The caller adds a `WHERE`.
/// Control characters separate aggregated values: no id namespace, name or id has them.
macro_rules! select_users {
    ($tail:literal) => {
        concat!(
            "SELECT u.id, u.username, u.display_name, u.given_name, u.family_name, u.email, ",
            "u.role, u.active, u.password IS NOT NULL AS has_password, u.source, u.failures, ",
            "u.locked_until, u.addresses, u.attributes, u.created, u.password_changed, ",
            "u.sessions_since, u.last_login, u.state, u.absence, u.settled, u.secret_print, u.created_print, ",
            "u.expected, u.expected_until, u.was, (SELECT string_agg(i.namespace || '\u{1f}' || i.native, '\u{1e}') ",
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

/// Selects groups with their ids, co-owners and number of members. The caller adds a `WHERE`.
macro_rules! select_groups {
    ($tail:literal) => {
        concat!(
            "SELECT g.id, g.namespace, g.name, g.description, ",
            "(SELECT o.id FROM users o WHERE o.id = g.owner AND o.state = 'active') AS owner, ",
            "g.active, g.grants, g.confers, g.attributes, g.created, ",
            "g.state, g.absence, g.settled, g.expected, g.expected_until, ",
            "(SELECT string_agg(i.namespace || '\u{1f}' || i.native, '\u{1e}') ",
            "FROM identities i WHERE i.id = g.id AND i.kind = 'group') AS ids, ",
            "(SELECT string_agg(s.user_id, ' ' ORDER BY s.place) ",
            "FROM co_owners s JOIN users o ON o.id = s.user_id AND o.state = 'active' ",
            "WHERE s.group_id = g.id) AS co_owners, ",
            "(SELECT COUNT(*) FROM memberships c JOIN users o ON o.id = c.user_id ",
            "AND o.state = 'active' WHERE c.group_id = g.id) AS members ",
            "FROM groups g ",
            $tail
        )
    };
}

pub(crate) use {select_groups, select_users};

/// Adds a row of [`select_users`]: a new user, or one more membership of the last user.
pub(crate) fn add_user_row(people: &mut Vec<User>, row: &Row) -> Result<(), Fault> {
    let id = UserId(uuid(column(row, "id")?)?);
    if people.last().is_none_or(|last| last.id != id) {
        people.push(user(id, row)?);
    }
    if let (Some(last), Some(membership)) = (people.last_mut(), membership(row)?) {
        last.groups.push(membership);
    }
    Ok(())
}

fn user(id: UserId, row: &Row) -> Result<User, Fault> {
    Ok(User {
        id,
        ids: native_ids(column(row, "ids")?),
        username: column(row, "username")?,
        display_name: column(row, "display_name")?,
        given_name: column(row, "given_name")?,
        family_name: column(row, "family_name")?,
        email: column(row, "email")?,
        role: Role::from_word(column(row, "role")?),
        active: column(row, "active")?,
        has_password: column(row, "has_password")?,
        source: column(row, "source")?,
        failures: u32::try_from(column::<i64>(row, "failures")?).unwrap_or(u32::MAX),
        locked_until: optional_time(column(row, "locked_until")?)?,
        addresses: from_json(column(row, "addresses")?)?,
        groups: Vec::new(),
        attributes: from_json(column(row, "attributes")?)?,
        created: time(column(row, "created")?)?,
        password_changed: time(column(row, "password_changed")?)?,
        sessions_since: time(column(row, "sessions_since")?)?,
        last_login: optional_time(column(row, "last_login")?)?,
        evidence: Evidence::default(),
    })
}

fn membership(row: &Row) -> Result<Option<Membership>, Fault> {
    let Some(id) = column::<Option<&str>>(row, "group_id")? else { return Ok(None) };
    Ok(Some(Membership {
        group: GroupId(uuid(id)?),
        namespace: own_namespace(column(row, "group_namespace")?),
        ids: native_ids(column(row, "group_ids")?),
        name: column(row, "group_name")?,
        grants: grants(column(row, "group_grants")?),
        confers: column::<Option<&str>>(row, "group_confers")?.map(Role::from_word),
    }))
}

/// A row of [`select_groups`].
pub(crate) fn group(row: &Row) -> Result<Group, Fault> {
    let owner = column::<Option<&str>>(row, "owner")?;
    let co_owners = column::<Option<&str>>(row, "co_owners")?.unwrap_or_default();
    let person = |id: &str| uuid(id).map(UserId);
    Ok(Group {
        id: GroupId(uuid(column(row, "id")?)?),
        namespace: own_namespace(column(row, "namespace")?),
        ids: native_ids(column(row, "ids")?),
        name: column(row, "name")?,
        description: column(row, "description")?,
        owner: owner.map(person).transpose()?,
        co_owners: co_owners.split_whitespace().map(person).collect::<Result<_, _>>()?,
        changers: Vec::new(),
        active: column(row, "active")?,
        grants: grants(column(row, "grants")?),
        confers: column::<Option<&str>>(row, "confers")?.map(Role::from_word),
        members: u64::try_from(column::<i64>(row, "members")?).unwrap_or_default(),
        attributes: attributes(column(row, "attributes")?)?,
        created: time(column(row, "created")?)?,
        evidence: Evidence::default(),
    })
}

/// The column `namespace` of a group. It is empty for a team.
pub(crate) fn namespace_word(namespace: Option<&IdNamespace>) -> &str {
    namespace.map_or("", IdNamespace::as_str)
}

fn own_namespace(word: &str) -> Option<IdNamespace> {
    (!word.is_empty()).then(|| IdNamespace::new(word))
}

fn native_ids(pairs: Option<&str>) -> NativeIds {
    let pairs = pairs.unwrap_or_default().split('\u{1e}');
    let pairs = pairs.filter_map(|pair| pair.split_once('\u{1f}'));
    pairs.map(|(namespace, native)| (IdNamespace::new(namespace), native.to_owned())).collect()
}

fn grants(words: &str) -> Grants {
    let grant = |word: &str| Grant::ALL.into_iter().find(|grant| grant.as_str() == word);
    words.split(' ').filter_map(grant).collect()
}

/// The column `grants`.
pub(crate) fn grant_words(grants: &Grants) -> String {
    let words: Vec<_> = grants.iter().map(Grant::as_str).collect();
    words.join(" ")
}

/// Reads the column `attributes`.
pub(crate) fn attributes(text: &str) -> Result<Attributes, Fault> {
    from_json(text)
}

/// Reads a column with JSON.
pub(crate) fn from_json<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    serde_json::from_str(text)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "JSON in the store").because(error))
}

/// The text of a column with JSON.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, Fault> {
    serde_json::to_string(value)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "JSON for the store").because(error))
}

/// Reads a column with a UUID.
pub(crate) fn uuid(text: &str) -> Result<Uuid, Fault> {
    Uuid::try_parse(text)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "an id in the store").because(error))
}

/// Reads a column with a time, in microseconds since 1970.
pub(crate) fn time(micros: i64) -> Result<Timestamp, Fault> {
    Timestamp::from_microsecond(micros)
        .map_err(|error| Fault::new(FaultKind::Unexpected, "a time in the store").because(error))
}

/// Reads a column with an optional time.
pub(crate) fn optional_time(micros: Option<i64>) -> Result<Option<Timestamp>, Fault> {
    micros.map(time).transpose()
}

/// The current time, in microseconds since 1970.
pub(crate) fn now() -> i64 {
    Timestamp::now().as_microsecond()
}

/// The time `lasting` after `micros`, in microseconds since 1970.
pub(crate) fn after(micros: i64, lasting: std::time::Duration) -> i64 {
    let latest = Timestamp::MAX.as_microsecond();
    let lasting = i64::try_from(lasting.as_micros()).unwrap_or(latest);
    micros.saturating_add(lasting).min(latest)
}

/// A new id, which sorts after every earlier one (UUIDv7).
pub(crate) fn fresh_id() -> Uuid {
    Uuid::now_v7()
}
