//! Converts rows of the database to canonical types. Rows of users are in `user_rows`.

use crate::sql::{Row, column};
use isogloss_canonical::fault::{Fault, FaultKind};
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::namespace::{IdNamespace, NativeIds};
use isogloss_canonical::permission::{Grant, Grants};
use isogloss_canonical::role::Role;
use isogloss_canonical::user::{Attributes, Evidence, UserId};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

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

pub(crate) use select_groups;

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

/// The id namespace of a group. The empty word is that of a team.
pub(crate) fn own_namespace(word: &str) -> Option<IdNamespace> {
    (!word.is_empty()).then(|| IdNamespace::new(word))
}

/// Reads ids in several namespaces.
pub(crate) fn native_ids(pairs: Option<&str>) -> NativeIds {
    let pairs = pairs.unwrap_or_default().split('\u{1e}');
    let pairs = pairs.filter_map(|pair| pair.split_once('\u{1f}'));
    pairs.map(|(namespace, native)| (IdNamespace::new(namespace), native.to_owned())).collect()
}

/// Reads the column `grants`.
pub(crate) fn grants(words: &str) -> Grants {
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
