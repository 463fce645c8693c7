//! The Kanboard adapter: its dialect, which answers JSON-RPC as Kanboard 1.2 does.
//!
//! Recorded from a real server in `fixtures/transcripts/kanboard/`; what differs on purpose is
//! listed in the README beside this crate.

mod backend;
mod database;
mod dialect;
mod php;
mod project;
mod wire;

use std::sync::Arc;

use isogloss_canonical::adapter::{Adapter, OptionError, OptionRow, RouteOptions, SystemBackend};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::namespace::Numbering;

use crate::database::Database;
use crate::dialect::Kanboard;
use crate::wire::Shape;

/// Everything the gateway has to know of Kanboard.
pub const ADAPTER: Adapter = Adapter {
    name: "kanboard",
    users: Numbering::From(1),
    groups: Numbering::From(1),
    versions: &["1.2", STRINGS],
    options: &[
        OptionRow {
            name: HEADER,
            takes: "the name of a header",
            about: "Takes base64(user:password) from this header before it looks at Authorization.",
        },
        OptionRow {
            name: DATABASE,
            takes: "\"sqlite\", \"mysql\" or \"postgres\"",
            about: "Answers as a server on this database does: columns, loose ids, equal names.",
        },
    ],
    backend: Some(SystemBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`getMe`, where `username` is set; the application's token is nobody's",
    }),
    dialect,
    foundation: Vec::new,
    mint,
    shows_keys: true,
    key_word: "api_token",
    rights: &[],
    application_key: true,
};

/// The version whose rows hold integers as strings.
const STRINGS: &str = "1.0";
const HEADER: &str = "authentication_header";
const DATABASE: &str = "database";

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    let shape = Shape {
        namespace: options.namespace.clone(),
        database: database(options)?,
        strings: options.version.as_deref() == Some(STRINGS),
    };
    Ok(Arc::new(Kanboard { shape, header: header(options)? }))
}

fn database(options: &RouteOptions) -> Result<Database, OptionError> {
    let Some(value) = options.settings.get(DATABASE) else { return Ok(Database::default()) };
    value.as_str().and_then(Database::from_word).ok_or_else(|| {
        format!("kanboard: {DATABASE} is {value}; expected \"sqlite\", \"mysql\" or \"postgres\"")
    })
}

/// The header's name in lower case, which is how a request has it.
fn header(options: &RouteOptions) -> Result<Option<String>, OptionError> {
    let Some(value) = options.settings.get(HEADER) else { return Ok(None) };
    let token = |c: char| c.is_ascii_alphanumeric() || c == '-';
    match value.as_str() {
        Some(name) if !name.is_empty() && name.chars().all(token) => {
            Ok(Some(name.to_ascii_lowercase()))
        }
        _ => Err(format!(
            "kanboard: {HEADER} is {value}; expected the name of a header, such as \"X-API-Auth\""
        )),
    }
}

/// Sixty hexadecimal digits.
fn mint(random: &[u8; 32]) -> String {
    hex::encode(&random[..30])
}

#[cfg(test)]
mod tests {
    use isogloss_canonical::namespace::IdNamespace;
    use serde_json::{Value, json};

    use super::*;

    fn refused(name: &str, value: Value) -> String {
        let mut options = RouteOptions::of(IdNamespace::named("kanboard"));
        options.settings.insert(name.to_owned(), value);
        dialect(&options).map(|_| ()).unwrap_err()
    }

    #[test]
    fn options_are_checked() {
        assert_eq!(
            refused(DATABASE, json!("oracle")),
            "kanboard: database is \"oracle\"; expected \"sqlite\", \"mysql\" or \"postgres\""
        );
        assert!(refused(HEADER, json!("")).contains("X-API-Auth"));
        assert!(refused("databse", json!("mysql")).contains("known: authentication_header"));
    }

    #[test]
    fn a_key_is_sixty_hexadecimal_digits() {
        assert_eq!(mint(&[0xab; 32]), "ab".repeat(30));
    }
}
