//! People and user groups as either version's answers show them.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::{Group, GroupId};
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, Evidence, Role, User};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::backend::api::unexpected;
use crate::wire::{OWN_PLUGIN, kept};

/// The number of `default`.
pub(super) const NOBODY: i64 = 1;

/// What stands for no first name where the server would keep the old one.
pub(super) const NO_NAME: &str = " ";

type Row = Map<String, Value>;

/// The eyes that rows are read with.
#[derive(Clone, Copy)]
pub(super) struct Eyes<'a> {
    /// The namespace of the server's ids.
    pub(super) namespace: &'a IdNamespace,
    /// Where addresses are that the gateway made up: `@users.invalid`.
    pub(super) nowhere: Option<&'a str>,
}

/// A person; `None` for `default`, who is nobody.
pub(super) fn person(eyes: Eyes<'_>, row: &Value) -> Result<Option<User>, Fault> {
    let Value::Object(row) = row else { return Err(unexpected("a person who is no object")) };
    let id = number(row, "user_id")?;
    if id == NOBODY {
        return Ok(None);
    }
    let mut attributes = Attributes::new();
    let (active, admin) = (flag(row, "active")?, flag(row, "admin")?);
    for (name, unset) in [(kept::ACTIVE, active.is_none()), (kept::ADMIN, admin.is_none())] {
        if unset {
            attributes.insert(name.to_owned(), Value::Null);
        }
    }
    let username = text(row, "username")?.unwrap_or_else(|| {
        let placeholder = placeholder(id);
        attributes.insert(kept::NAMELESS.to_owned(), Value::from(placeholder.as_str()));
        placeholder
    });
    let plugin = text(row, "extern_type")?.unwrap_or_else(|| OWN_PLUGIN.to_owned());
    let shown = [
        ("extern_name", kept::EXTERN_NAME),
        ("extern_type", kept::EXTERN_TYPE),
        ("description", kept::DESCRIPTION),
    ];
    // Version 4.3 has no description.
    for (name, own) in shown.into_iter().filter(|(name, _)| row.contains_key(*name)) {
        attributes.insert(own.to_owned(), text(row, name)?.map_or(Value::Null, Value::from));
    }
    Ok(Some(User {
        ids: [(eyes.namespace.clone(), id.to_string())].into(),
        given_name: text(row, "firstname")?
            .map(|name| if name == NO_NAME { String::new() } else { name }),
        family_name: text(row, "lastname")?,
        email: text(row, "email")?.filter(|address| !eyes.made_up(address)),
        role: if admin == Some(true) { Role::Administrator } else { Role::User },
        active: active == Some(true),
        has_password: plugin == OWN_PLUGIN,
        source: (plugin == "ldap").then_some(plugin),
        addresses: addresses(row)?,
        attributes,
        last_login: text(row, "last_login")?.as_deref().map(moment).transpose()?,
        evidence: Evidence { secret: first_token(row), ..Evidence::default() },
        ..User::seen(username)
    }))
}

impl Eyes<'_> {
    fn made_up(&self, address: &str) -> bool {
        self.nowhere.is_some_and(|nowhere| address.ends_with(&nowhere.to_lowercase()))
    }
}

/// What a person whose name was set to null is called: as the dialect calls them.
pub(super) fn placeholder(id: i64) -> String {
    format!("\u{2205}{id}")
}

/// A user group with its members.
pub(super) fn group(eyes: Eyes<'_>, row: &Value) -> Result<(Group, Listed), Fault> {
    let Value::Object(row) = row else { return Err(unexpected("a group that is no object")) };
    let id = number(row, "users_group_id")?;
    let members = people(eyes, row.get("users").unwrap_or(&Value::Null))?;
    let mut attributes = Attributes::new();
    // Version 4.3 has none.
    if row.contains_key("sync") {
        let sync = text(row, "sync")?.map_or(Value::Null, Value::from);
        attributes.insert(kept::SYNC.to_owned(), sync);
    }
    let group = Group {
        id: GroupId(Uuid::nil()),
        namespace: None,
        ids: [(eyes.namespace.clone(), id.to_string())].into(),
        name: text(row, "group_name")?.ok_or_else(|| unexpected("a group without name"))?,
        description: text(row, "group_description")?,
        owner: None,
        stewards: Vec::new(),
        active: flag(row, "active")? == Some(true),
        grants: Grants::none(),
        confers: None,
        members: (members.users.len() + members.unread.len()) as u64,
        attributes,
        created: Timestamp::UNIX_EPOCH,
        // A group's row has nothing that its owner cannot change.
        evidence: Evidence::default(),
    };
    Ok((group, members))
}

/// The people of a list, and why each row that cannot be read cannot.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    pub(super) users: Vec<User>,
    pub(super) unread: Vec<String>,
}

/// A list of people, without `default`. A row that cannot be read is only its own person's.
pub(super) fn people(eyes: Eyes<'_>, rows: &Value) -> Result<Listed, Fault> {
    let Value::Array(rows) = rows else { return Err(unexpected("no list of people")) };
    let mut listed = Listed::default();
    for row in rows {
        match person(eyes, row) {
            Ok(user) => listed.users.extend(user),
            Err(fault) => {
                let id = row.get("user_id").and_then(Value::as_i64);
                listed.unread.push(format!("user {id:?}: {}", fault.detail));
            }
        }
    }
    if listed.users.is_empty() && !listed.unread.is_empty() {
        return Err(unexpected("no person of a list can be read"));
    }
    Ok(listed)
}

/// The token that the server gave this person when it made them: the built-in key in 4.3, later the
/// first of the list. Nobody chooses it, and it goes with the person. Some answers mask it.
fn first_token(row: &Row) -> Option<Secret> {
    let listed = || row.get("auth_tokens").and_then(|all| all.get(0));
    let token = row.get("api_key").or_else(listed).and_then(Value::as_str)?;
    let hidden = token.chars().all(|letter| letter == '*');
    (!hidden).then(|| Secret::new(token))
}

fn number(row: &Row, name: &str) -> Result<i64, Fault> {
    row.get(name).and_then(Value::as_i64).ok_or_else(|| unexpected("no number"))
}

/// A text or null; a column that is not shown at all is a fault.
fn text(row: &Row, name: &str) -> Result<Option<String>, Fault> {
    match row.get(name) {
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Null) => Ok(None),
        _ => Err(unexpected("no text")),
    }
}

/// A flag; null means no.
fn flag(row: &Row, name: &str) -> Result<Option<bool>, Fault> {
    match row.get(name) {
        Some(Value::Bool(on)) => Ok(Some(*on)),
        Some(Value::Null) => Ok(None),
        _ => Err(unexpected("no flag")),
    }
}

fn addresses(row: &Row) -> Result<Vec<String>, Fault> {
    let Some(Value::Array(list)) = row.get("ip_addresses") else {
        return Err(unexpected("no list of addresses"));
    };
    let address = |one: &Value| one.as_str().map(str::to_owned);
    let all: Option<Vec<_>> = list.iter().map(address).collect();
    all.ok_or_else(|| unexpected("an address that is no text"))
}

/// A moment, which the server writes in a time zone of its own that it does not name.
fn moment(text: &str) -> Result<Timestamp, Fault> {
    let at = text.parse::<DateTime>().and_then(|at| at.to_zoned(TimeZone::UTC));
    at.map(|at| at.timestamp()).map_err(|error| unexpected("no date").because(error))
}
