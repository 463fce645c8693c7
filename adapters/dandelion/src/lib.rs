#![doc = include_str!("../README.md")]

mod backend;
mod dialect;
mod ids;
mod options;
mod roles;
mod wire;

use std::sync::Arc;

use isogloss_canonical::adapter::{
    Adapter, BackendKind, OptionError, RemoteBackend, RouteOptions, Untranslated,
};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::namespace::Numbering;

use crate::dialect::{Dandelion, keys};
use crate::options::version::VERSIONS;
use crate::options::{OPTIONS, Options};
use crate::roles::foundation::foundation;
use crate::roles::rights::RIGHTS;

/// The Dandelion adapter.
pub const ADAPTER: Adapter = Adapter {
    name: "dandelion",
    users: Numbering::From(1),
    groups: Numbering::From(1),
    versions: &VERSIONS,
    options: OPTIONS,
    backend: Some(BackendKind::Remote(RemoteBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`users/getuser` without `uid`",
    })),
    dialect: Some(dialect),
    foundation,
    mint: keys::mint,
    shows_keys: true,
    key_word: "api_key",
    rights: &[RIGHTS],
    application_key: false,
    untranslated: UNTRANSLATED,
};

/// What its clients ask for and the dialect does not translate.
const UNTRANSLATED: &[Untranslated] = &[
    Untranslated {
        what: "the modules `logs`, `comments` and `categories`",
        embedded: "`Module not found`",
        remote: "`Module not found`",
    },
    Untranslated {
        what: "the web pages",
        embedded: "`/login` is a page of the gateway's own. Others: a redirect to it without a session, else 404",
        remote: "the same",
    },
];

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    Ok(Arc::new(Dandelion { options: Options::of(options)? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::NAMESPACE;
    use crate::options::EMPTY_ERRORS;
    use serde_json::Value;

    #[test]
    fn options_are_checked() {
        let with = |name: &str, value: Value| {
            let mut options = RouteOptions::of(NAMESPACE);
            options.settings.insert(name.to_owned(), value);
            dialect(&options).err()
        };
        assert_eq!(with(EMPTY_ERRORS, true.into()), None);
        let error = with(EMPTY_ERRORS, "on".into());
        assert_eq!(error.as_deref(), Some("empty_errors is \"on\"; expected true or false"));
        assert!(with("colour", true.into()).is_some_and(|error| error.contains("colour")));
        let version = Some("5.0".to_owned());
        assert!(dialect(&RouteOptions { version, ..RouteOptions::of(NAMESPACE) }).is_err());
    }

    #[test]
    fn keys_have_thirty_digits() {
        let key = (ADAPTER.mint)(&[0xab; 32]);
        assert_eq!((key.len(), &key[..4]), (30, "abab"));
    }
}
