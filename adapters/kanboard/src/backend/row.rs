//! The rows of a Kanboard server, read as canonical users and groups.

use isogloss_canonical::fault::Fault;
use isogloss_canonical::group::Group;
use isogloss_canonical::membership::GroupId;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::permission::Grants;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, Evidence, RowKey, User};
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::backend::fault::unexpected;
use crate::roles::role_named;
use crate::wire::attributes::{EXTERNAL_ID, PREFIX, SECOND_FACTOR};
use crate::wire::user::{NO_HASH, NO_TOKEN};

/// The column of a listed group that says how many members it has.
const MEMBERS: &str = "nb_users";

/// Columns of texts that may be null.
const TEXTS: [&str; 8] = [
    "google_id",
    "github_id",
    "gitlab_id",
    "timezone",
    "language",
    "avatar_path",
    "filter",
    "theme",
];
/// Columns of flags.
const FLAGS: [&str; 2] = ["notifications_enabled", "disable_login_form"];
/// Columns of other numbers. Two are of the time before there were roles; the end of the lock is here
/// only to tell a lock that has ended from one that never was.
const NUMBERS: [&str; 4] =
    ["notifications_filter", "is_admin", "is_project_admin", "lock_expiration_date"];
/// Columns that have a canonical field. Only that they are null is an attribute.
const NULLABLE: [&str; 2] = ["name", "email"];

/// A row of the table of users, of any version of the server.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Kanboard's id.
    pub(super) id: i64,
    /// The user name.
    username: String,
    columns: Map<String, Value>,
}

impl Row {
    /// Reads a row; refuses what has no id or no user name.
    pub(super) fn of(row: Value) -> Result<Self, Fault> {
        let columns = columns(row, "neither a user nor null")?;
        let id = columns.get("id").and_then(integer);
        let id = id.ok_or_else(|| unexpected("a user without id"))?;
        let username = text(&columns, "username");
        let username = username.ok_or_else(|| unexpected("a user without username"))?;
        Ok(Self { id, username, columns })
    }

    /// The user. A role that Kanboard does not have is read as the one with the least rights.
    pub(super) fn user(&self, namespace: &IdNamespace) -> User {
        let is_ldap = self.columns.get("is_ldap_user").is_some_and(is_on);
        let hash = self.hash();
        User {
            ids: [(namespace.clone(), self.id.to_string())].into(),
            display_name: text(&self.columns, "name"),
            email: text(&self.columns, "email"),
            role: self.column("role").and_then(role_named).unwrap_or_default(),
            active: self.columns.get("is_active").is_none_or(is_on),
            has_password: self.columns.get("password") != Some(&Value::Null),
            failures: self.number("nb_failed_login").and_then(|n| n.try_into().ok()).unwrap_or(0),
            locked_until: self.locked_until(),
            source: is_ldap.then(|| "ldap".to_owned()),
            attributes: self.attributes(),
            evidence: Evidence {
                secret: hash.clone(),
                password: hash.filter(|_| !is_ldap),
                token: self.token(),
                keys: self.keys(namespace),
                ..Evidence::default()
            },
            ..User::seen(self.username.clone())
        }
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.columns.get(name).and_then(integer)
    }

    /// The end of the lock, which may be over. Zero and null are none.
    fn locked_until(&self) -> Option<Timestamp> {
        let until = self.number("lock_expiration_date").filter(|until| *until > 0)?;
        Timestamp::from_second(until).ok()
    }

    /// The columns that only Kanboard has. A second factor counts in every dialect.
    fn attributes(&self) -> Attributes {
        let mut attributes = Attributes::new();
        let mut store = |name: &str, value: Value| {
            attributes.insert(format!("{PREFIX}{name}"), value);
        };
        let columns = |names: &[&'static str]| -> Vec<(&'static str, &Value)> {
            names.iter().filter_map(|name| Some((*name, self.columns.get(*name)?))).collect()
        };
        for (name, value) in columns(&TEXTS) {
            store(name, value.clone());
        }
        for (name, value) in columns(&FLAGS) {
            store(name, u8::from(is_on(value)).into());
        }
        for (name, value) in columns(&NULLABLE).into_iter().filter(|(_, value)| value.is_null()) {
            store(name, value.clone());
        }
        for name in NUMBERS {
            if let Some(number) = self.number(name) {
                store(name, number.into());
            }
        }
        if let Some(factor) = self.columns.get("twofactor_activated") {
            attributes.insert(SECOND_FACTOR.to_owned(), is_on(factor).into());
        }
        attributes
    }

    /// The password hash. It proves who the user is: a renaming does not change it, and its salt is
    /// this user's alone. Users of a directory have none, and the gateway's own dialect shows
    /// everybody the same placeholder.
    fn hash(&self) -> Option<Secret> {
        let hash = self.column("password")?;
        (hash.starts_with('$') && hash != NO_HASH).then(|| Secret::new(hash))
    }

    /// The user's API token. The gateway's own dialect shows everybody the same placeholder.
    fn token(&self) -> Option<Secret> {
        self.column("api_access_token").filter(|token| *token != NO_TOKEN).map(Secret::new)
    }

    fn keys(&self, namespace: &IdNamespace) -> Vec<RowKey> {
        let token = self.column("api_access_token").filter(|token| !token.is_empty());
        let key = |_| RowKey { namespace: namespace.clone(), label: None, value: self.token() };
        token.map(key).into_iter().collect()
    }

    fn column(&self, name: &str) -> Option<&str> {
        self.columns.get(name).and_then(Value::as_str)
    }
}

/// A row of the table of groups.
#[derive(Clone, Debug)]
pub(super) struct GroupRow {
    /// Kanboard's id.
    pub(super) id: i64,
    /// The name.
    pub(super) name: String,
    columns: Map<String, Value>,
}

impl GroupRow {
    /// Reads a row; refuses what has no id or no name.
    pub(super) fn of(row: Value) -> Result<Self, Fault> {
        let columns = columns(row, "neither a group nor null")?;
        let id = columns.get("id").and_then(integer);
        let id = id.ok_or_else(|| unexpected("a group without id"))?;
        let name = text(&columns, "name").ok_or_else(|| unexpected("a group without name"))?;
        Ok(Self { id, name, columns })
    }

    /// Whether the row says how many members the group has.
    pub(super) fn counts_members(&self) -> bool {
        self.columns.contains_key(MEMBERS)
    }

    /// The same row with this number of members.
    pub(super) fn with_members(mut self, members: usize) -> Self {
        self.columns.insert(MEMBERS.to_owned(), members.into());
        self
    }

    /// The group.
    pub(super) fn group(&self, namespace: &IdNamespace) -> Group {
        let members = self.columns.get(MEMBERS).and_then(integer).unwrap_or(0);
        let external_id = self.columns.get("external_id").cloned().unwrap_or(Value::Null);
        Group {
            id: GroupId(Uuid::nil()),
            namespace: None,
            ids: [(namespace.clone(), self.id.to_string())].into(),
            name: self.name.clone(),
            description: None,
            owner: None,
            co_owners: Vec::new(),
            changers: Vec::new(),
            active: true,
            grants: Grants::none(),
            confers: None,
            members: members.unsigned_abs(),
            attributes: Attributes::from_iter([(EXTERNAL_ID.to_owned(), external_id)]),
            created: Timestamp::UNIX_EPOCH,
            // A row holds the id, the name and a text that anybody may set: it proves nothing.
            evidence: Evidence::default(),
        }
    }
}

fn columns(row: Value, otherwise: &'static str) -> Result<Map<String, Value>, Fault> {
    let Value::Object(columns) = row else { return Err(unexpected(otherwise)) };
    Ok(columns)
}

fn text(columns: &Map<String, Value>, name: &str) -> Option<String> {
    columns.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// An integer, or a text that is one, as servers on PHP before 8.1 answer.
pub(super) fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
}

/// A flag is on as 1, "1" or true.
pub(super) fn is_on(value: &Value) -> bool {
    value.as_bool().unwrap_or_else(|| integer(value) == Some(1))
}
