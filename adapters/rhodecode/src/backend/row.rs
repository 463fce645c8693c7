//! Users as the answers of either version show them. A row of any other shape is refused.

mod columns;
pub(super) mod group;

use isogloss_canonical::adapter::Service;
use isogloss_canonical::fault::Fault;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::outcome::Listed;
use isogloss_canonical::secret::Secret;
use isogloss_canonical::user::{Attributes, Evidence, RowKey, User};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::backend::fault::unexpected;
use crate::backend::row::columns::Columns;
use crate::roles::role_of;
use crate::wire::{BUILT_IN_KEY, DEFAULT_USER_ID, OWN_PLUGIN, attribute, placeholder, source_of};

/// What stands for no first name where the server would not store an empty one.
pub(super) const NO_NAME: &str = " ";

/// The columns of a user that a dialect shows as they are.
const USER_COLUMNS: [&str; 5] =
    ["emails", "language", "last_activity", "permissions", "permissions_summary"];

/// The row of a user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a>(Columns<'a>);

impl<'a> Row<'a> {
    /// Takes a value for the row of a user.
    pub(super) fn of(value: &'a Value) -> Result<Self, Fault> {
        Columns::of(value, "a user that is no object").map(Self)
    }

    /// The person; `None` for `default`.
    pub(super) fn user(self, service: &Service) -> Result<Option<User>, Fault> {
        let row = self.0;
        let id = row.number("user_id")?;
        if id == DEFAULT_USER_ID {
            return Ok(None);
        }
        let id = id.to_string();
        let (active, admin) = (row.flag("active")?, row.flag("admin")?);
        let username = row.text("username")?;
        let plugin = row.text("extern_type")?.unwrap_or_else(|| OWN_PLUGIN.to_owned());
        let first = row.text("firstname")?;
        Ok(Some(User {
            ids: [(service.namespace.clone(), id.clone())].into(),
            given_name: first.map(|name| if name == NO_NAME { String::new() } else { name }),
            family_name: row.text("lastname")?,
            email: row.text("email")?.filter(|address| !is_made_up(address, service)),
            role: role_of(admin),
            active: active == Some(true),
            has_password: plugin == OWN_PLUGIN,
            source: source_of(&plugin),
            addresses: row.texts("ip_addresses")?,
            attributes: self.attributes((&id, username.is_none()), service)?,
            last_login: row.text("last_login")?.as_deref().map(moment).transpose()?,
            evidence: Evidence {
                secret: self.first_token(),
                keys: self.keys(&service.namespace),
                ..Evidence::default()
            },
            ..User::seen(username.unwrap_or_else(|| placeholder(&id)))
        }))
    }

    /// The columns that only RhodeCode has, and the nulls of others.
    fn attributes(
        self,
        (id, nameless): (&str, bool),
        service: &Service,
    ) -> Result<Attributes, Fault> {
        let mut attributes = Attributes::new();
        let made_up = self.0.text("email")?.is_some_and(|address| is_made_up(&address, service));
        let shown = USER_COLUMNS.iter().filter(|name| !(made_up && **name == "emails"));
        attributes.insert(attribute::SYSTEM.to_owned(), self.0.picked(shown));
        // The server itself knows who owns which repository group.
        attributes.insert(attribute::REPO_GROUP.to_owned(), Value::Null);
        for (name, own) in [("active", attribute::ACTIVE), ("admin", attribute::ADMIN)] {
            if self.0.flag(name)?.is_none() {
                attributes.insert(own.to_owned(), Value::Null);
            }
        }
        if nameless {
            attributes.insert(attribute::NAMELESS.to_owned(), Value::from(placeholder(id)));
        }
        let texts = [
            ("extern_name", attribute::EXTERN_NAME),
            ("extern_type", attribute::EXTERN_TYPE),
            ("description", attribute::DESCRIPTION),
        ];
        // Version 4.3 has no description.
        for (name, own) in texts.into_iter().filter(|(name, _)| self.0.has(name)) {
            attributes.insert(own.to_owned(), self.0.text_or_null(name)?);
        }
        Ok(attributes)
    }

    /// The tokens. Some answers mask them.
    fn keys(self, namespace: &IdNamespace) -> Vec<RowKey> {
        let listed = self.0.get("auth_tokens").or_else(|| self.0.get("api_keys"));
        let listed = listed.and_then(Value::as_array).into_iter().flatten();
        let built_in = self.0.get("api_key").and_then(Value::as_str);
        let tokens = listed.filter_map(Value::as_str).filter(|token| !is_masked(token));
        let key = |token: &str| RowKey {
            namespace: namespace.clone(),
            label: (Some(token) == built_in).then(|| BUILT_IN_KEY.to_owned()),
            value: Some(Secret::new(token)),
        };
        tokens.map(key).collect()
    }

    /// The token that the server issued when it created this user: in version 4.3 the built-in key,
    /// later the first of the list. Nobody chooses it, and it is deleted with the user. Some answers
    /// mask it.
    fn first_token(self) -> Option<Secret> {
        let listed = || self.0.get("auth_tokens").and_then(|all| all.get(0));
        let token = self.0.get("api_key").or_else(listed).and_then(Value::as_str)?;
        (!is_masked(token)).then(|| Secret::new(token))
    }
}

fn is_masked(token: &str) -> bool {
    token.chars().all(|letter| letter == '*')
}

/// Whether the gateway made this address up for somebody without one: its domain is then that of the
/// default, below `.invalid`, where no real address is.
fn is_made_up(address: &str, service: &Service) -> bool {
    let template = &service.defaults.email;
    let domain = template.rfind('@').and_then(|at| template.get(at..));
    let domain = domain.filter(|domain| domain.ends_with(".invalid"));
    domain.is_some_and(|domain| address.ends_with(&domain.to_lowercase()))
}

/// The people of a list of rows, without `default`. A row that cannot be read makes the list
/// incomplete; a list without a readable row is refused.
pub(super) fn users(rows: &Value, service: &Service) -> Result<Listed, Fault> {
    let Value::Array(rows) = rows else { return Err(unexpected("no list of users")) };
    let mut listed = Listed::default();
    for row in rows {
        match Row::of(row).and_then(|row| row.user(service)) {
            Ok(user) => listed.users.extend(user),
            Err(fault) => {
                let id = row.get("user_id").and_then(Value::as_i64);
                listed.unread.push(format!("user {id:?}: {}", fault.detail));
            }
        }
    }
    if listed.users.is_empty() && !listed.unread.is_empty() {
        return Err(unexpected("no user of a list can be read"));
    }
    Ok(listed)
}

/// A moment. The server writes it in its own time zone, which it does not name.
fn moment(text: &str) -> Result<Timestamp, Fault> {
    let at = text.parse::<DateTime>().and_then(|at| at.to_zoned(TimeZone::UTC));
    at.map(|at| at.timestamp()).map_err(|error| unexpected("no date").because(error))
}

/// An id as the server writes it: no sign, no blank, no more than its column holds.
pub(super) fn parsed_id(id: &str) -> Option<i64> {
    let number: i32 = id.parse().ok()?;
    (number > 0 && number.to_string() == id).then_some(number.into())
}
