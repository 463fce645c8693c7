#![doc = include_str!("../README.md")]

mod backend;
mod dialect;
mod ids;
mod php;
mod rights;
mod wire;

use std::sync::Arc;

use isogloss_canonical::adapter::{Adapter, OptionError, OptionRow, RouteOptions, SystemBackend};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::namespace::Numbering;
use serde_json::Value;

use crate::dialect::Dandelion;
use crate::dialect::keys;

/// The option that switches the API by key off.
const PUBLIC_API_DISABLED: &str = "public_api_disabled";
/// The option that takes the errors' words away.
const EMPTY_ERRORS: &str = "empty_errors";

/// The versions, the default first.
const VERSIONS: [&str; 2] = ["6.1", "6.0"];

/// The Dandelion adapter.
pub const ADAPTER: Adapter = Adapter {
    name: "dandelion",
    users: Numbering::From(1),
    groups: Numbering::From(1),
    versions: &VERSIONS,
    options: &[
        OptionRow {
            name: PUBLIC_API_DISABLED,
            takes: "true or false",
            about: "Refuses every call by API key, as a server does whose publicApiEnabled is \
                    off; sessions are not affected.",
        },
        OptionRow {
            name: EMPTY_ERRORS,
            takes: "true or false",
            about: "Answers nearly every error with HTTP 500 and an empty body, as 6.1.1 does as \
                    it was released.",
        },
    ],
    backend: Some(SystemBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`users/getuser` without `uid`",
    }),
    dialect,
    foundation: rights::foundation,
    mint: keys::mint,
    shows_keys: true,
    key_word: "api_key",
    rights: &[rights::RIGHTS],
    application_key: false,
};

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    for (name, value) in &options.settings {
        if !matches!(value, Value::Bool(_)) {
            return Err(format!("{name} is {value}; expected true or false"));
        }
    }
    Ok(Arc::new(Dandelion {
        namespace: options.namespace.clone(),
        public_api_off: options.flag(PUBLIC_API_DISABLED),
        empty_errors: options.flag(EMPTY_ERRORS),
        older: options.version.as_deref() == Some(VERSIONS[1]),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::NAMESPACE;

    #[test]
    fn options_are_checked() {
        let with = |name: &str, value: Value| {
            let mut options = RouteOptions::of(NAMESPACE);
            options.settings.insert(name.to_owned(), value);
            dialect(&options).err()
        };
        assert_eq!(with(EMPTY_ERRORS, true.into()), None);
        let words = with(EMPTY_ERRORS, "on".into());
        assert_eq!(words.as_deref(), Some("empty_errors is \"on\"; expected true or false"));
        assert!(with("colour", true.into()).is_some_and(|words| words.contains("colour")));
        let version = Some("5.0".to_owned());
        assert!(dialect(&RouteOptions { version, ..RouteOptions::of(NAMESPACE) }).is_err());
    }

    #[test]
    fn keys_are_thirty_digits() {
        let key = (ADAPTER.mint)(&[0xab; 32]);
        assert_eq!((key.len(), &key[..4]), (30, "abab"));
    }
}
