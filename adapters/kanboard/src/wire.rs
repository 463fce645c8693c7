//! Kanboard's own shapes: the rows of users and groups, its words for roles, and where its values
//! are kept that the model has no place for. Key order and types are those of the recorded rows.

use isogloss_canonical::group::Group;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::{AttributeChanges, Role, User};
use serde_json::Value;

use crate::database::Database;
use crate::php::{Key, Php};

/// The prefix of the attributes that are Kanboard's own.
pub(crate) const PREFIX: &str = "kanboard.";
/// A group's id in another system, which may be null.
pub(crate) const EXTERNAL_ID: &str = "kanboard.external_id";
/// The exception's message where no directory is configured.
pub(crate) const NO_DIRECTORY: &str = "LDAP server not configured, check the parameter LDAP_SERVER";
/// How the message begins where there is one that does not answer.
pub(crate) const UNREACHED_DIRECTORY: &str = "Unable to connect to LDAP server";
/// A role that is none of the three, as given: `""` or `"1"`.
const ODD_ROLE: &str = "kanboard.role";

/// In the place of a password hash: of the shape of one, and verifies nothing.
pub(crate) const NO_HASH: &str = "$2y$10$.....................................................";
/// In the place of the secret of a second factor.
const NO_SECRET: &str = "AAAAAAAAAAAAAAAA";
/// In the place of somebody's personal token.
pub(crate) const NO_TOKEN: &str = "000000000000000000000000000000000000000000000000000000000000";

/// The id of the account that comes with the tables.
const FIRST: i64 = 1;
/// When the account's lock ends: kept only where the column begins with null.
const LOCK: &str = "kanboard.lock_expiration_date";

/// How rows look on the server that clients expect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// The namespace whose ids are shown.
    pub(crate) namespace: IdNamespace,
    /// Whose columns.
    pub(crate) database: Database,
    /// Whether integers of a row are strings, as PHP before 8.1 fetched them.
    pub(crate) strings: bool,
}

/// The word for a role.
pub(crate) const fn role_word(role: Role) -> &'static str {
    match role {
        Role::Administrator => "app-admin",
        Role::Manager => "app-manager",
        Role::User => "app-user",
    }
}

/// The role that a word means, and what has to be kept of the word; a word that is no role conveys
/// nothing.
pub(crate) fn role_of(word: &str) -> (Role, AttributeChanges) {
    let roles = [Role::Administrator, Role::Manager, Role::User];
    let known = roles.into_iter().find(|role| role_word(*role) == word);
    let odd = if known.is_none() { Some(Value::from(word)) } else { None };
    (known.unwrap_or_default(), AttributeChanges::from([(ODD_ROLE.to_owned(), odd)]))
}

/// What has to be kept of texts that were given as null.
pub(crate) fn nulls<'a>(
    texts: impl IntoIterator<Item = (&'a str, &'a Option<String>)>,
) -> impl Iterator<Item = (String, Option<Value>)> {
    let given = texts.into_iter().filter(|(_, text)| text.is_none());
    given.map(|(name, _)| (format!("{PREFIX}{name}"), Some(Value::Null)))
}

/// A person's own time zone, if there is one.
pub(crate) fn time_zone(user: &User) -> Option<&str> {
    user.attribute("kanboard.timezone").and_then(Value::as_str).filter(|zone| !zone.is_empty())
}

/// The word for a person's role. What was kept counts only while the role is the least one.
pub(crate) fn role_shown(user: &User) -> &str {
    match user.attribute(ODD_ROLE) {
        Some(Value::String(odd)) if user.role == Role::User => odd,
        _ => role_word(user.role),
    }
}

/// One column of the table of users.
struct Column {
    name: &'static str,
    only_sqlite: bool,
    value: fn(&Row<'_>) -> Php,
}

const fn column(name: &'static str, value: fn(&Row<'_>) -> Php) -> Column {
    Column { name, only_sqlite: false, value }
}

/// A column that the other databases have dropped.
const fn legacy(name: &'static str, value: fn(&Row<'_>) -> Php) -> Column {
    Column { name, only_sqlite: true, value }
}

const COLUMNS: [Column; 27] = [
    column("id", |row| row.shape.number(row.id)),
    column("username", |row| Php::from(row.user.username.as_str())),
    column("password", |row| void(row.user.has_password, NO_HASH)),
    legacy("is_admin", |row| row.shape.number(i64::from(row.is_admin()))),
    column("is_ldap_user", |row| row.shape.flag(is_ldap(row.user))),
    column("name", |row| row.text("name", row.user.full_name())),
    column("email", |row| row.text("email", row.user.email.clone())),
    column("google_id", |row| row.kept("google_id", Php::Null)),
    column("github_id", |row| row.kept("github_id", Php::Null)),
    column("notifications_enabled", |row| row.shape.flag(row.kept_flag("notifications_enabled"))),
    column("timezone", |row| row.kept("timezone", Php::Null)),
    column("language", |row| row.kept("language", Php::Null)),
    column("disable_login_form", |row| row.shape.flag(row.kept_flag("disable_login_form"))),
    column("twofactor_activated", |row| row.shape.flag(row.user.second_factor())),
    column("twofactor_secret", |row| void(row.user.second_factor(), NO_SECRET)),
    column("token", |_| Php::from("")),
    column("notifications_filter", |row| row.kept("notifications_filter", Php::Int(4))),
    column("nb_failed_login", |row| row.shape.number(i64::from(row.user.failures))),
    column("lock_expiration_date", lock),
    legacy("is_project_admin", |row| row.shape.number(0)),
    column("gitlab_id", |row| row.kept("gitlab_id", Php::Null)),
    column("role", |row| Php::from(role_shown(row.user))),
    column("is_active", |row| row.shape.flag(row.user.active)),
    column("avatar_path", |row| row.kept("avatar_path", Php::Null)),
    column("api_access_token", |row| row.token.clone()),
    column("filter", |row| row.kept("filter", Php::Null)),
    column("theme", |row| row.kept("theme", Php::from("light"))),
];

/// What `getMe` leaves out, unless it is null.
const PRIVATE: [&str; 4] = ["password", "is_admin", "is_project_admin", "twofactor_secret"];

/// What a row is made from.
struct Row<'a> {
    shape: &'a Shape,
    user: &'a User,
    id: i64,
    token: Php,
}

impl Shape {
    /// The id that a person has here; every person has one.
    pub(crate) fn user_id(&self, user: &User) -> i64 {
        user.native(&self.namespace).and_then(|id| id.parse().ok()).unwrap_or_default()
    }

    /// The id that a group has here.
    pub(crate) fn group_id(&self, group: &Group) -> i64 {
        group.native(&self.namespace).and_then(|id| id.parse().ok()).unwrap_or_default()
    }

    /// A number of a row.
    pub(crate) fn number(&self, number: i64) -> Php {
        if self.strings { Php::Text(number.to_string()) } else { Php::Int(number) }
    }

    pub(crate) fn flag(&self, on: bool) -> Php {
        if self.database == Database::Postgres {
            return Php::Bool(on);
        }
        self.number(i64::from(on))
    }

    /// A person's row; `token` is what is shown of their personal token.
    pub(crate) fn user(&self, user: &User, token: Php) -> Vec<(Key, Php)> {
        let row = Row { shape: self, user, id: self.user_id(user), token };
        let shown = |column: &&Column| !column.only_sqlite || self.database == Database::Sqlite;
        let entry = |column: &Column| (Key::Name(column.name.to_owned()), (column.value)(&row));
        COLUMNS.iter().filter(shown).map(entry).collect()
    }

    /// Whether a person's password is of no use (`disable_login_form`), though their token is.
    pub(crate) fn is_barred(&self, user: &User) -> bool {
        let row = Row { shape: self, user, id: 0, token: Php::Null };
        row.kept_flag("disable_login_form")
    }

    /// What the first sign-in of this person leaves in the row, if anything.
    pub(crate) fn after_sign_in(&self, user: &User) -> Option<AttributeChanges> {
        let first = user.attribute(LOCK).is_none() && self.user_id(user) != FIRST;
        let kept = || AttributeChanges::from([(LOCK.to_owned(), Some(Value::from(0)))]);
        (first && self.database == Database::Mysql).then(kept)
    }

    /// The caller's own row: without the private columns, the id an integer and two flags booleans
    /// whatever the rest is, and no failure counted, for it was proved just now.
    pub(crate) fn me(&self, user: &User, token: Php) -> Php {
        let mut row = self.user(user, token);
        row.retain(|(key, value)| *value == Php::Null || !PRIVATE.iter().any(|own| is(key, own)));
        for (key, value) in &mut row {
            let Key::Name(name) = key else { continue };
            match name.as_str() {
                "id" => *value = Php::Int(self.user_id(user)),
                "is_ldap_user" => *value = Php::Bool(is_ldap(user)),
                "twofactor_activated" => *value = Php::Bool(user.second_factor()),
                "nb_failed_login" | "lock_expiration_date" => *value = self.number(0),
                _ => {}
            }
        }
        Php::Array(row)
    }

    /// A member's row: the membership's two columns first.
    pub(crate) fn member(&self, group: i64, user: &User, token: Php) -> Php {
        let name = |name: &str| Key::Name(name.to_owned());
        let mut row = vec![
            (name("group_id"), self.number(group)),
            (name("user_id"), self.number(self.user_id(user))),
        ];
        row.extend(self.user(user, token));
        Php::Array(row)
    }

    /// A group as it is read by its id.
    pub(crate) fn group(&self, group: &Group) -> Php {
        Php::map([
            ("id", self.number(self.group_id(group))),
            ("external_id", external_id(group)),
            ("name", Php::from(group.name.as_str())),
        ])
    }

    /// A group in the list of all, in another order.
    pub(crate) fn listed_group(&self, group: &Group) -> Php {
        Php::map([
            ("id", self.number(self.group_id(group))),
            ("name", Php::from(group.name.as_str())),
            ("external_id", external_id(group)),
            ("nb_users", self.number(i64::try_from(group.members).unwrap_or(i64::MAX))),
        ])
    }
}

impl Row<'_> {
    /// The account that was made with the tables, before some of their columns changed.
    fn is_first(&self) -> bool {
        self.id == FIRST
    }

    /// Servers have shown 1 for the first account alone since roles came
    /// (`fixtures/transcripts/kanboard/get-all-users.json`). On a bridge anybody may have that id,
    /// so that it takes the role as well.
    fn is_admin(&self) -> bool {
        self.is_first() && self.user.role == Role::Administrator
    }

    fn kept(&self, name: &str, otherwise: Php) -> Php {
        match self.user.attribute(&format!("{PREFIX}{name}")).cloned().map(Php::from_json) {
            None => self.stringified(otherwise),
            Some(kept) => self.stringified(kept),
        }
    }

    /// What was never given is empty, as `createUser` has it; null only if it was given as null,
    /// or if the account was not made by that procedure.
    fn text(&self, name: &str, given: Option<String>) -> Php {
        let otherwise = if self.is_first() || is_ldap(self.user) { Php::Null } else { "".into() };
        given.map_or_else(|| self.kept(name, otherwise), Php::Text)
    }

    fn stringified(&self, value: Php) -> Php {
        if let Php::Int(number) = value { self.shape.number(number) } else { value }
    }

    fn kept_flag(&self, name: &str) -> bool {
        !matches!(
            self.kept(name, Php::Null).to_text().as_str(),
            "" | "0" // PHP's two false texts
        )
    }
}

/// MariaDB's column begins with null and is zero from the first sign-in on:
/// variants/mysql/create-user.json.
fn lock(row: &Row<'_>) -> Php {
    let (user, shape) = (row.user, row.shape);
    if let Some(until) = user.locked_until {
        return shape.number(until.as_second());
    }
    if shape.after_sign_in(user).is_some() { Php::Null } else { shape.number(0) }
}

/// A value of the right shape in a secret's place.
fn void(there: bool, instead: &str) -> Php {
    if there { Php::from(instead) } else { Php::Null }
}

fn is(key: &Key, name: &str) -> bool {
    matches!(key, Key::Name(own) if own == name)
}

fn is_ldap(user: &User) -> bool {
    user.source.as_deref() == Some("ldap")
}

fn external_id(group: &Group) -> Php {
    match group.attributes.get(EXTERNAL_ID) {
        None => Php::from(""),
        Some(Value::String(text)) => Php::from(text.as_str()),
        Some(_) => Php::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_shown_as_administrator_for_an_id() {
        let namespace = IdNamespace::named("kanboard");
        let shape = Shape { namespace, database: Database::Sqlite, strings: false };
        let shown = |id: &str, role| {
            let ids = [(shape.namespace.clone(), id.to_owned())].into();
            let row = shape.user(&User { ids, role, ..User::seen("ada") }, Php::Null);
            row.into_iter().find(|(key, _)| is(key, "is_admin")).map(|(_, value)| value)
        };
        assert_eq!(shown("1", Role::Administrator), Some(Php::Int(1)));
        for role in [Role::User, Role::Manager] {
            assert_eq!(shown("1", role), Some(Php::Int(0)), "{role:?}");
        }
        assert_eq!(shown("2", Role::Administrator), Some(Php::Int(0)));
    }
}
