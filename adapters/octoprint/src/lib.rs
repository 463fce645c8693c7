#![doc = include_str!("../README.md")]

mod backend;
mod dialect;
mod options;
mod permissions;
mod pyjson;
mod rights;
#[cfg(test)]
mod rights_tests;
mod wire;

use std::sync::Arc;

use isogloss_canonical::adapter::{Adapter, OptionError, RouteOptions, SystemBackend};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::group::NewGroup;
use isogloss_canonical::namespace::{IdNamespace, Numbering};
use isogloss_canonical::user::Role;
use serde_json::Value;

use crate::dialect::OctoPrint;
use crate::options::{BEFORE_1_4, OPTIONS, Settings};
use crate::rights::{ADMINS, BUILT_IN, BuiltIn, TITLE};

/// OctoPrint's adapter.
pub const ADAPTER: Adapter = Adapter {
    name: "octoprint",
    users: Numbering::Names,
    groups: Numbering::Names,
    versions: &["1.11", BEFORE_1_4],
    options: OPTIONS,
    backend: Some(SystemBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`/api/currentuser`; before 1.4 by the keys that people's rows show, so that the owner of an application's key is not known; the global key is nobody's",
    }),
    dialect,
    foundation,
    mint: dialect::secrets::key,
    shows_keys: true,
    key_word: "api_key",
    rights: &[rights::PERMISSION_KEYS, rights::SUBGROUPS, rights::DEFAULT],
    application_key: false,
};

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    Ok(Arc::new(OctoPrint::new(Settings::of(options)?)))
}

/// The groups of a fresh server. What they may do is not kept until it is changed.
fn foundation() -> Vec<NewGroup> {
    let group = |row: &BuiltIn| NewGroup {
        namespace: Some(IdNamespace::named("octoprint")),
        name: row.key.to_owned(),
        unique_name: true,
        description: Some(row.about.to_owned()),
        confers: (row.key == ADMINS).then_some(Role::Administrator),
        attributes: [(TITLE.to_owned(), Value::from(row.title))].into_iter().collect(),
        ..NewGroup::default()
    };
    BUILT_IN.iter().map(group).collect()
}
