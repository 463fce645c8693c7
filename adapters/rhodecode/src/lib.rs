#![doc = include_str!("../README.md")]

mod backend;
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

use crate::dialect::RhodeCode;
use crate::options::Options;
use crate::options::version::VERSIONS;

/// RhodeCode's adapter. User 1 is the built-in `default`, which is no account of a person, so that
/// people are counted from 2.
pub const ADAPTER: Adapter = Adapter {
    name: "rhodecode",
    users: Numbering::From(2),
    groups: Numbering::From(1),
    versions: &VERSIONS,
    options: &[],
    backend: Some(BackendKind::Remote(RemoteBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`get_user` without `userid`",
    })),
    dialect: Some(dialect),
    foundation: Vec::new,
    mint: wire::token,
    shows_keys: true,
    key_word: "auth_token",
    rights: &[],
    application_key: false,
    untranslated: UNTRANSLATED,
};

/// What its clients ask for and the dialect does not translate.
const UNTRANSLATED: &[Untranslated] = &[
    Untranslated {
        what: "methods about repositories, repository groups, pull requests and gists",
        embedded: "empty lists; the arguments are checked, and then there is no such repository",
        remote: "`No such method`",
    },
    Untranslated { what: "the web pages", embedded: "404", remote: "404" },
];

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    Ok(Arc::new(RhodeCode::new(Options::of(options)?)))
}
