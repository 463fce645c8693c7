//! The options of a route: read from the configuration, checked, and handed to every part of the
//! dialect.

pub(crate) mod version;

use isogloss_canonical::adapter::{OptionError, OptionRow, RouteOptions};
use isogloss_canonical::group::Group;
use isogloss_canonical::namespace::IdNamespace;
use isogloss_canonical::user::User;
use serde_json::Value;

use crate::database::Database;
use crate::options::version::{Differences, Integers, Version};

const HEADER: &str = "authentication_header";
const DATABASE: &str = "database";
const INTEGERS: &str = "integers";

/// The options as `gateway.toml` knows them.
pub(crate) const OPTIONS: [OptionRow; 3] = [
    OptionRow {
        name: HEADER,
        takes: "the name of a header",
        about: "Reads base64(user:password) from this header first, and from Authorization what it leaves empty.",
    },
    OptionRow {
        name: DATABASE,
        takes: "\"sqlite\", \"mysql\" or \"postgres\"",
        about: "Answers as a server on this database does: columns, texts as ids, equal names.",
    },
    OptionRow {
        name: INTEGERS,
        takes: "\"numbers\" or \"texts\"",
        about: "How rows show integers: 1 or \"1\". The default is the version's. A 1.2 on PHP before 8.1 shows texts.",
    },
];

/// The checked options of one route. The dialect knows nothing else of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// The id namespace whose ids the callers use.
    pub(crate) namespace: IdNamespace,
    /// The version of Kanboard that the callers were written for.
    pub(crate) version: Version,
    /// The database behind the server that the callers were written for.
    pub(crate) database: Database,
    /// How rows show integers.
    pub(crate) integers: Integers,
    /// The header that may hold the credentials, in lower case, as requests have it.
    pub(crate) authentication_header: Option<String>,
}

impl Options {
    /// Checks the values of a route's options.
    pub(crate) fn of(options: &RouteOptions) -> Result<Self, OptionError> {
        let version = Version::named(options.version.as_deref());
        Ok(Self {
            namespace: options.namespace.clone(),
            version,
            database: database(options)?,
            integers: integers(options)?.unwrap_or(version.differences().integers),
            authentication_header: header(options)?,
        })
    }

    /// What differs in the version that the callers were written for.
    pub(crate) const fn differences(&self) -> &'static Differences {
        self.version.differences()
    }

    /// The integer that callers use for a user. The gateway gives every user one.
    pub(crate) fn user_id(&self, user: &User) -> i64 {
        user.native(&self.namespace).and_then(|id| id.parse().ok()).unwrap_or_default()
    }

    /// The integer that callers use for a group.
    pub(crate) fn group_id(&self, group: &Group) -> i64 {
        group.native(&self.namespace).and_then(|id| id.parse().ok()).unwrap_or_default()
    }
}

fn database(options: &RouteOptions) -> Result<Database, OptionError> {
    let Some(value) = options.settings.get(DATABASE) else { return Ok(Database::default()) };
    value.as_str().and_then(Database::named).ok_or_else(|| {
        format!("kanboard: {DATABASE} is {value}; expected \"sqlite\", \"mysql\" or \"postgres\"")
    })
}

fn integers(options: &RouteOptions) -> Result<Option<Integers>, OptionError> {
    let Some(value) = options.settings.get(INTEGERS) else { return Ok(None) };
    match value.as_str() {
        Some("numbers") => Ok(Some(Integers::Numbers)),
        Some("texts") => Ok(Some(Integers::Texts)),
        _ => Err(format!("kanboard: {INTEGERS} is {value}; expected \"numbers\" or \"texts\"")),
    }
}

fn header(options: &RouteOptions) -> Result<Option<String>, OptionError> {
    let Some(value) = options.settings.get(HEADER) else { return Ok(None) };
    let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name = value.as_str().filter(|name| !name.is_empty() && name.chars().all(is_token));
    let Some(name) = name else { return Err(not_a_header(value)) };
    Ok(Some(name.to_ascii_lowercase()))
}

fn not_a_header(value: &Value) -> OptionError {
    format!("kanboard: {HEADER} is {value}; expected the name of a header, such as \"X-API-Auth\"")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn checked(name: &str, value: Value) -> Result<Options, OptionError> {
        let mut options = RouteOptions::of(IdNamespace::named("kanboard"));
        options.settings.insert(name.to_owned(), value);
        Options::of(&options)
    }

    #[test]
    fn a_wrong_value_is_refused_with_what_was_expected() {
        assert_eq!(
            checked(DATABASE, json!("oracle")).unwrap_err(),
            "kanboard: database is \"oracle\"; expected \"sqlite\", \"mysql\" or \"postgres\""
        );
        assert_eq!(
            checked(INTEGERS, json!(1)).unwrap_err(),
            "kanboard: integers is 1; expected \"numbers\" or \"texts\""
        );
        assert!(checked(HEADER, json!("")).unwrap_err().contains("X-API-Auth"));
        assert!(checked(HEADER, json!(1)).unwrap_err().contains("is 1"));
    }

    #[test]
    fn a_header_is_compared_in_lower_case() {
        let options = checked(HEADER, json!("X-API-Auth")).unwrap();
        assert_eq!(options.authentication_header.as_deref(), Some("x-api-auth"));
    }
}
