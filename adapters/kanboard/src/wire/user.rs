//! The rows of users. The order of the columns and their types are those of recorded rows.

use isogloss_canonical::role::Role;
use isogloss_canonical::user::{AttributeChanges, User};
use isogloss_interop::php::truth;
use isogloss_interop::php::value::{Key, Php};
use serde_json::Value;

use crate::database::Database;
use crate::options::Options;
use crate::roles::role_shown;
use crate::wire::attributes::{LOCK, PREFIX};
use crate::wire::columns::{exists, flag, found_id, number};

/// Shown in the place of a password hash: it has the shape of one, and no password matches it.
pub(crate) const NO_HASH: &str = "$2y$10$.....................................................";
/// What a Kanboard server knows of its users in every row that shows one: whether they have a token.
pub(crate) const TOKENS_IN_ROWS: &str = "api_access_token";
/// Shown in the place of a user's API token.
pub(crate) const NO_TOKEN: &str = "000000000000000000000000000000000000000000000000000000000000";
/// Shown in the place of the secret of a second factor.
const NO_SECRET: &str = "AAAAAAAAAAAAAAAA";
/// The id of the account that the installation creates.
const FIRST: i64 = 1;

/// One column of the table of users.
struct Column {
    name: &'static str,
    /// Whether the other databases have dropped it.
    only_sqlite: bool,
    value: fn(&UserRow<'_>) -> Php,
}

const fn column(name: &'static str, value: fn(&UserRow<'_>) -> Php) -> Column {
    Column { name, only_sqlite: false, value }
}

const fn sqlite_column(name: &'static str, value: fn(&UserRow<'_>) -> Php) -> Column {
    Column { name, only_sqlite: true, value }
}

const COLUMNS: [Column; 27] = [
    column("id", |row| row.id_shown.clone()),
    column("username", |row| Php::from(row.user.username.as_str())),
    column("password", |row| placeholder(row.user.has_password, NO_HASH)),
    sqlite_column("is_admin", |row| row.stored("is_admin", Php::Int(i64::from(row.is_admin())))),
    column("is_ldap_user", |row| row.flag(is_ldap(row.user))),
    column("name", |row| row.text("name", row.user.full_name())),
    column("email", |row| row.text("email", row.user.email.clone())),
    column("google_id", |row| row.stored("google_id", Php::Null)),
    column("github_id", |row| row.stored("github_id", Php::Null)),
    column("notifications_enabled", |row| row.stored_flag("notifications_enabled")),
    column("timezone", |row| row.stored("timezone", Php::Null)),
    column("language", |row| row.stored("language", Php::Null)),
    column("disable_login_form", |row| row.stored_flag("disable_login_form")),
    column("twofactor_activated", |row| row.flag(row.user.second_factor())),
    column("twofactor_secret", |row| placeholder(row.user.second_factor(), NO_SECRET)),
    column("token", |_| Php::from("")),
    column("notifications_filter", |row| row.stored("notifications_filter", Php::Int(4))),
    column("nb_failed_login", |row| row.number(i64::from(row.user.failures))),
    column("lock_expiration_date", lock),
    sqlite_column("is_project_admin", |row| row.stored("is_project_admin", Php::Int(0))),
    column("gitlab_id", |row| row.stored("gitlab_id", Php::Null)),
    column("role", |row| Php::from(role_shown(row.user))),
    column("is_active", |row| row.flag(row.user.active)),
    column("avatar_path", |row| row.stored("avatar_path", Php::Null)),
    column("api_access_token", |row| row.token.clone()),
    column("filter", |row| row.stored("filter", Php::Null)),
    column("theme", |row| row.stored("theme", Php::from("light"))),
];

/// The columns that `getMe` leaves out, unless they are null.
const PRIVATE: [&str; 4] = ["password", "is_admin", "is_project_admin", "twofactor_secret"];

/// What a user's row is made from.
#[derive(Clone, Debug)]
pub(crate) struct UserRow<'a> {
    options: &'a Options,
    user: &'a User,
    id: i64,
    /// How the row shows the id.
    id_shown: Php,
    token: Php,
}

impl<'a> UserRow<'a> {
    /// The row of a user; `token` is what it shows of the user's API token.
    pub(crate) fn new(options: &'a Options, user: &'a User, token: Php) -> Self {
        let id = options.user_id(user);
        Self { options, user, id, id_shown: number(options, id), token }
    }

    /// The same row, found by this id.
    pub(crate) fn found_by(self, asked: &Php) -> Self {
        Self { id_shown: found_id(self.options, asked, self.id), ..self }
    }

    /// The row that `getUser` answers.
    pub(crate) fn encode(&self) -> Php {
        Php::Array(self.columns())
    }

    /// The row that `getMe` answers: without the private columns; the id is an integer and two
    /// flags are booleans in every version; no failed sign-in is counted, since the caller has just
    /// signed in.
    pub(crate) fn encode_own(&self) -> Php {
        let mut row = self.columns();
        let is_private = |key: &Key| PRIVATE.iter().any(|own| is(key, own));
        row.retain(|(key, value)| *value == Php::Null || !is_private(key));
        for (key, value) in &mut row {
            let Key::Name(name) = key else { continue };
            match &**name {
                "id" => *value = Php::Int(self.id),
                "is_ldap_user" => *value = Php::Bool(is_ldap(self.user)),
                "twofactor_activated" => *value = Php::Bool(self.user.second_factor()),
                "nb_failed_login" | "lock_expiration_date" => *value = self.number(0),
                _ => {}
            }
        }
        Php::Array(row)
    }

    /// The row that `getGroupMembers` answers: the two columns of the membership come first.
    pub(crate) fn encode_member(&self, group: i64) -> Php {
        let mut row = vec![
            (Key::Name("group_id".into()), self.number(group)),
            (Key::Name("user_id".into()), self.number(self.id)),
        ];
        row.extend(self.columns());
        Php::Array(row)
    }

    /// One column.
    pub(crate) fn column(&self, name: &str) -> Php {
        let found = self.columns().into_iter().find(|(key, _)| is(key, name));
        found.map_or(Php::Null, |(_, value)| value)
    }

    fn columns(&self) -> Vec<(Key, Php)> {
        let sqlite = self.options.database == Database::Sqlite;
        let shown =
            |column: &&Column| (sqlite || !column.only_sqlite) && exists(self.options, column.name);
        let entry = |column: &Column| (Key::Name(column.name.into()), (column.value)(self));
        COLUMNS.iter().filter(shown).map(entry).collect()
    }

    fn number(&self, value: i64) -> Php {
        number(self.options, value)
    }

    fn flag(&self, on: bool) -> Php {
        flag(self.options, on)
    }

    /// Since Kanboard has roles, servers have shown 1 for the first account alone:
    /// `fixtures/transcripts/kanboard/get-all-users.json`. With another system as the backend,
    /// anybody may have that id, so that the administrator's role is required too.
    fn is_admin(&self) -> bool {
        self.id == FIRST && self.user.role == Role::Administrator
    }

    /// A column that is stored as an attribute.
    fn stored(&self, name: &str, default: Php) -> Php {
        let value = stored(self.user, name).unwrap_or(default);
        if let Php::Int(number) = value { self.number(number) } else { value }
    }

    fn stored_flag(&self, name: &str) -> Php {
        self.flag(is_stored_on(self.user, name))
    }

    /// A text that was never given is empty, as `createUser` stores it. It is null if it was given
    /// as null, or if another way than `createUser` made the account.
    fn text(&self, name: &str, given: Option<String>) -> Php {
        let null = self.id == FIRST || is_ldap(self.user);
        let default = if null { Php::Null } else { Php::from("") };
        given.map_or_else(|| self.stored(name, default), Php::Text)
    }
}

/// MariaDB's column begins as null and is zero from the first sign-in on:
/// `fixtures/transcripts/kanboard/variants/mysql/create-user.json`.
fn lock(row: &UserRow<'_>) -> Php {
    if let Some(until) = row.user.locked_until {
        return row.number(until.as_second());
    }
    let never = first_sign_in(row.options, row.user).is_some();
    if never { Php::Null } else { row.number(0) }
}

/// Whether a user may not sign in with the password (`disable_login_form`), only with the token.
pub(crate) fn password_is_disabled(user: &User) -> bool {
    is_stored_on(user, "disable_login_form")
}

/// The attributes that the first sign-in of a user changes; `None` after that.
pub(crate) fn first_sign_in(options: &Options, user: &User) -> Option<AttributeChanges> {
    let first = user.attribute(LOCK).is_none() && options.user_id(user) != FIRST;
    let zero = || AttributeChanges::from([(LOCK.to_owned(), Some(Value::from(0)))]);
    (first && options.database == Database::Mysql).then(zero)
}

fn stored(user: &User, name: &str) -> Option<Php> {
    let mut own =
        user.attributes.iter().filter_map(|(own, value)| Some((own.strip_prefix(PREFIX)?, value)));
    let (_, value) = own.find(|(own, _)| *own == name)?;
    Some(Php::from_json(value.clone()))
}

fn is_stored_on(user: &User, name: &str) -> bool {
    stored(user, name).is_some_and(|value| truth::of_text(&value.to_text()))
}

fn placeholder(is_set: bool, instead: &str) -> Php {
    if is_set { Php::from(instead) } else { Php::Null }
}

fn is(key: &Key, name: &str) -> bool {
    matches!(key, Key::Name(own) if own == name)
}

fn is_ldap(user: &User) -> bool {
    user.source.as_deref() == Some("ldap")
}

#[cfg(test)]
mod tests {
    use isogloss_canonical::namespace::IdNamespace;

    use super::*;
    use crate::options::version::{Integers, Version};

    #[test]
    fn an_id_alone_makes_no_administrator() {
        let options = Options {
            namespace: IdNamespace::named("kanboard"),
            version: Version::V1_2,
            database: Database::Sqlite,
            integers: Integers::Numbers,
            authentication_header: None,
        };
        let shown = |id: &str, role| {
            let ids = [(options.namespace.clone(), id.to_owned())].into();
            let user = User { ids, role, ..User::seen("ada") };
            let row = UserRow::new(&options, &user, Php::Null).columns();
            row.into_iter().find(|(key, _)| is(key, "is_admin")).map(|(_, value)| value)
        };
        assert_eq!(shown("1", Role::Administrator), Some(Php::Int(1)));
        for role in [Role::User, Role::Manager] {
            assert_eq!(shown("1", role), Some(Php::Int(0)), "{role:?}");
        }
        assert_eq!(shown("2", Role::Administrator), Some(Php::Int(0)));
    }
}
