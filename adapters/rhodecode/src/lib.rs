//! RhodeCode, as its versions 4.26 and 4.3 answer at `/_admin/api`.
//!
//! See the README for what differs between them and what is done knowingly otherwise.

mod backend;
mod dialect;
mod mapping;
mod python;
mod simplejson;
mod version;
mod wire;

use std::sync::Arc;

use isogloss_canonical::adapter::{Adapter, OptionError, RouteOptions, SystemBackend};
use isogloss_canonical::dialect::Dialect;
use isogloss_canonical::namespace::Numbering;

use crate::dialect::RhodeCode;
use crate::version::{VERSIONS, Version};

/// RhodeCode's adapter. Person 1 is the built-in `default`, who is nobody, so that people are
/// counted from 2.
pub const ADAPTER: Adapter = Adapter {
    name: "rhodecode",
    users: Numbering::From(2),
    groups: Numbering::From(1),
    versions: VERSIONS,
    options: &[],
    backend: Some(SystemBackend {
        capability: backend::capability,
        make: backend::make,
        own_account: "`get_user` without `userid`",
    }),
    dialect,
    foundation: Vec::new,
    mint,
    shows_keys: true,
    key_word: "auth_token",
    rights: &[],
    application_key: false,
};

fn dialect(options: &RouteOptions) -> Result<Arc<dyn Dialect>, OptionError> {
    options.check(&ADAPTER)?;
    let version = Version::named(options.version.as_deref());
    Ok(Arc::new(RhodeCode::new(version, options.namespace.clone())))
}

/// Forty hexadecimal digits, as RhodeCode's tokens are.
fn mint(random: &[u8; 32]) -> String {
    let digits = random.iter().take(20).flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}
