#![doc = include_str!("../README.md")]

mod backend;
mod database;
mod dialect;
mod options;
mod roles;
mod wire;

use std::sync::Arc;

use isogloss_canonical::adapter::{
    Adapter, BackendKind, OptionError, RemoteBackend, RouteOptions, Untranslated,
};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::namespace::Numbering;

use crate::dialect::Kanboard;
use crate::options::version::VERSIONS;
use crate::options::{OPTIONS, Options};

/// The Kanboard adapter, as the gateway's registry lists it.
pub const ADAPTER: Adapter = Adapter {
    name: "kanboard",
    users: Numbering::From(1),
    groups: Numbering::From(1),
    versions: &VERSIONS,
    options: &OPTIONS,
    backend: Some(BackendKind::Remote(RemoteBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`getMe`, where `username` is set; the application's token is nobody's",
    })),
    dialect: Some(dialect),
    foundation: Vec::new,
    mint,
    shows_keys: true,
    key_word: "api_token",
    rights: &[],
    application_key: true,
    untranslated: UNTRANSLATED,
};

/// What its clients ask for and the dialect does not translate.
const UNTRANSLATED: &[Untranslated] = &[
    Untranslated {
        what: "`createMyPrivateProject`, and `getMyProjects` and the other methods `getMy...`",
        embedded: "the private projects, which are stored with their owner; empty lists of tasks and activities",
        remote: "`Method not found`",
    },
    Untranslated {
        what: "all other methods about projects, tasks, comments, files and links; methods of plugins",
        embedded: "`Method not found`, or 403 if Kanboard would not let the caller call it",
        remote: "the same",
    },
    Untranslated { what: "the web pages", embedded: "404", remote: "404" },
];

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    Ok(Arc::new(Kanboard::new(Options::of(options)?)))
}

/// A token as Kanboard makes it: sixty hexadecimal digits.
fn mint(random: &[u8; 32]) -> String {
    hex::encode(&random[..30])
}

#[cfg(test)]
mod tests {
    use isogloss_canonical::namespace::IdNamespace;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_unknown_option_is_refused() {
        let mut options = RouteOptions::of(IdNamespace::named("kanboard"));
        options.settings.insert("databse".to_owned(), json!("mysql"));
        let refused = dialect(&options).map(|_| ()).unwrap_err();
        assert!(refused.contains("known: authentication_header"), "{refused}");
    }

    #[test]
    fn a_key_is_sixty_hexadecimal_digits() {
        assert_eq!(mint(&[0xab; 32]), "ab".repeat(30));
    }
}
