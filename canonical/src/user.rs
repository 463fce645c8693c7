//! People: their records, references to them, and changes of them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::membership::{GroupRef, Membership};
use crate::namespace::{IdNamespace, NativeIds};
use crate::permission::Grants;
use crate::role::Role;
use crate::secret::Secret;

/// The canonical id of a person: a UUIDv7, the same in every namespace, never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub Uuid);

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Values that only one system has, each under that system's prefix: `octoprint.settings.theme`.
pub type Attributes = Map<String, Value>;

/// Changes of attributes. A value sets the attribute (`null` is a value), and `None` removes it.
pub type AttributeChanges = BTreeMap<String, Option<Value>>;

/// Which user names a system treats as equal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Matching {
    /// Byte by byte.
    #[default]
    Exact,
    /// Ignoring case and trailing blanks, as MariaDB's usual collations do.
    Folded,
}

/// The form of a name for comparison without case and trailing blanks. Example: `Ada ` becomes
/// `ada`.
#[must_use]
pub fn folded(name: &str) -> String {
    name.trim_end_matches(' ').to_lowercase()
}

/// A reference to a person in a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    /// By canonical id.
    Id(UserId),
    /// By the person's id in an id namespace, as that system writes it.
    Native(IdNamespace, String),
    /// By user name, exactly as written.
    Name(String),
    /// By user name, ignoring case and trailing blanks. If several people match, only the exact
    /// name finds one of them.
    FoldedName(String),
    /// By e-mail address, ignoring case.
    Email(String),
}

impl From<UserId> for UserRef {
    fn from(id: UserId) -> Self {
        Self::Id(id)
    }
}

impl From<&User> for UserRef {
    fn from(user: &User) -> Self {
        Self::Id(user.id)
    }
}

/// What a system's row proves about the identity of a person. An id or a name alone proves nothing,
/// because the system can give it to another person. The gateway compares the evidence to tell a
/// renamed person from a new one. It is never shown. If the system's rows prove nothing, it is
/// empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// A secret of this person only, which a renaming does not change: the password hash in Kanboard's
    /// row, the API key in OctoPrint's. `None` proves nothing: some answers hide the secret, and some
    /// people have none.
    pub secret: Option<Secret>,
    /// When the system says that the row was made, as it writes it. Dandelion writes only the day,
    /// which two rows of one day share: it proves nothing until the row was seen on a later day.
    pub created: Option<String>,
    /// The bcrypt hash of the password, if the row shows it. With it, the gateway can refuse a
    /// wrong password without a sign-in that the system would count.
    pub password: Option<Secret>,
    /// A key that the system accepts in place of the password, if the row shows it.
    pub token: Option<Secret>,
    /// The person's keys in the row. They prove nothing
    /// ([`crate::capability::Capability::shows_keys`]).
    pub keys: Vec<RowKey>,
}

/// A key in a system's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowKey {
    /// The id namespace of the system.
    pub namespace: IdNamespace,
    /// Its name, as the dialect of the system labels it.
    pub label: Option<String>,
    /// The value. `None`: the row only says that there is one.
    pub value: Option<Secret>,
}

/// A person.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    /// Canonical id.
    pub id: UserId,
    /// Ids in the namespaces that number their people.
    pub ids: NativeIds,
    /// The name they sign in with.
    pub username: String,
    /// The full name as one text. See [`User::full_name`].
    pub display_name: Option<String>,
    /// First name, where a system stores two names. See [`User::names`].
    pub given_name: Option<String>,
    /// Last name, where a system stores two names.
    pub family_name: Option<String>,
    /// E-mail address; `None` (never given) is not the same as empty.
    pub email: Option<String>,
    /// The role that every system understands.
    pub role: Role,
    /// Whether the person is active. An inactive person may do nothing.
    pub active: bool,
    /// Whether a password is set here; the hash itself never leaves the backend.
    pub has_password: bool,
    /// The source of an account that the gateway does not own (`ldap`).
    pub source: Option<String>,
    /// Failed sign-ins in a row.
    pub failures: u32,
    /// Sign-in is refused until this time.
    pub locked_until: Option<Timestamp>,
    /// Addresses (CIDR) this person may call from; empty means anywhere.
    pub addresses: Vec<String>,
    /// The groups this person is a member of, in the order of joining.
    pub groups: Vec<Membership>,
    /// What only one system has a place for.
    pub attributes: Attributes,
    /// When the account was created.
    pub created: Timestamp,
    /// When the password was last set. Sessions that began earlier have ended.
    pub password_changed: Timestamp,
    /// When the account was last deactivated. Sessions that began earlier have ended, also if the
    /// account is active again.
    pub sessions_since: Timestamp,
    /// When this person last signed in or called.
    pub last_login: Option<Timestamp>,
    /// What the system's row proves about the person's identity.
    pub evidence: Evidence,
}

impl User {
    /// A person as read from a remote system, with only the name set: role `user`, no canonical id,
    /// and all other fields empty.
    #[must_use]
    pub fn seen(username: impl Into<String>) -> Self {
        Self {
            id: UserId(Uuid::nil()),
            ids: NativeIds::new(),
            username: username.into(),
            display_name: None,
            given_name: None,
            family_name: None,
            email: None,
            role: Role::User,
            active: true,
            has_password: true,
            source: None,
            failures: 0,
            locked_until: None,
            addresses: Vec::new(),
            groups: Vec::new(),
            attributes: Attributes::new(),
            created: Timestamp::UNIX_EPOCH,
            password_changed: Timestamp::UNIX_EPOCH,
            sessions_since: Timestamp::UNIX_EPOCH,
            last_login: None,
            evidence: Evidence::default(),
        }
    }

    /// The person's grants: all for an administrator, else those of the groups. A group that stands
    /// for a role gives none by itself: the role does.
    #[must_use]
    pub fn grants(&self) -> Grants {
        if self.role == Role::Administrator {
            return Grants::all();
        }
        let own = self.groups.iter().filter(|group| group.confers.is_none());
        own.fold(Grants::none(), |all, group| all.union(&group.grants))
    }

    /// The id this person has in a namespace.
    #[must_use]
    pub fn native(&self, namespace: &IdNamespace) -> Option<&str> {
        self.ids.get(namespace).map(String::as_str)
    }

    /// The full name as one text. If it is stored as two names, they are joined.
    #[must_use]
    pub fn full_name(&self) -> Option<String> {
        if self.display_name.is_some() {
            return self.display_name.clone();
        }
        if self.given_name.is_none() && self.family_name.is_none() {
            return None;
        }
        let (given, family) = self.names();
        Some(format!("{given} {family}").trim().to_owned())
    }

    /// First and last name. If the full name is stored as one text, it is split at the first blank.
    #[must_use]
    pub fn names(&self) -> (String, String) {
        if self.given_name.is_some() || self.family_name.is_some() {
            let text = |name: &Option<String>| name.clone().unwrap_or_default();
            return (text(&self.given_name), text(&self.family_name));
        }
        let full = self.display_name.as_deref().unwrap_or_default();
        let (given, family) = full.split_once(' ').unwrap_or((full, ""));
        (given.to_owned(), family.trim_start().to_owned())
    }

    /// An attribute's value.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.get(name)
    }

    /// Whether sign-in needs a second factor besides the password.
    #[must_use]
    pub fn second_factor(&self) -> bool {
        match self.attributes.get("second_factor") {
            Some(Value::Bool(on)) => *on,
            Some(Value::Number(on)) => on.as_i64() != Some(0),
            Some(Value::String(_) | Value::Array(_) | Value::Object(_)) => true,
            Some(Value::Null) | None => false,
        }
    }
}

/// What must be unique. The exact user name always must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uniqueness {
    /// Which names count as the same.
    pub name: Matching,
    /// Whether two people must not have the same e-mail address, ignoring case.
    pub email: bool,
}

/// The memberships of a person in the groups of one id namespace. They replace the present ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupChange {
    /// The namespace whose memberships are replaced. Memberships in other namespaces stay.
    pub namespace: IdNamespace,
    /// The new ones, in order.
    pub groups: Vec<GroupRef>,
}

/// A person to be created.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewUser {
    /// The user name, for signing in.
    pub username: String,
    /// The password. `None`: no password signs in.
    pub password: Option<Secret>,
    /// The full name as one text.
    pub display_name: Option<String>,
    /// First name.
    pub given_name: Option<String>,
    /// Last name.
    pub family_name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// The role.
    pub role: Role,
    /// Whether the person starts inactive.
    pub inactive: bool,
    /// Where the account comes from (`ldap`).
    pub source: Option<String>,
    /// Addresses (CIDR) to call from.
    pub addresses: Vec<String>,
    /// Memberships from the start.
    pub groups: Option<GroupChange>,
    /// What only one system has a place for.
    pub attributes: Attributes,
    /// Ids to use instead of the next free ones.
    pub ids: NativeIds,
    /// What must be unique.
    pub unique: Uniqueness,
    /// Whether this must be the first person that the backend has ever had: for the setup wizard. The
    /// embedded store refuses another one with `Forbidden`, in the transaction that would create it. A
    /// remote system has a person from the start, the owner of the gateway's credential.
    pub first: bool,
}

/// Changes to a person. A field that is `None` does not change. Either all changes happen or none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UserPatch {
    /// A new user name. No id changes.
    pub username: Option<String>,
    /// Full name. `Some(None)` removes it. It clears the two separate names.
    pub display_name: Option<Option<String>>,
    /// First name. If the first or last name is set, the full name is split into the two and then
    /// cleared.
    pub given_name: Option<Option<String>>,
    /// Last name.
    pub family_name: Option<Option<String>>,
    /// E-mail address.
    pub email: Option<Option<String>>,
    /// The role.
    pub role: Option<Role>,
    /// Whether the person is active.
    pub active: Option<bool>,
    /// Password. `Some(None)` removes it.
    pub password: Option<Option<Secret>>,
    /// Where the account comes from.
    pub source: Option<Option<String>>,
    /// Memberships in one namespace's groups.
    pub groups: Option<GroupChange>,
    /// What only one system has a place for.
    pub attributes: AttributeChanges,
    /// What must be unique.
    pub unique: Uniqueness,
}
