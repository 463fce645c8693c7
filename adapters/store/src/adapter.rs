//! The adapter of the store, for the registry.

use isogloss_canonical::adapter::{Adapter, BackendKind, EmbeddedBackend};
use isogloss_canonical::namespace::Numbering;

use crate::backend::capability;

/// The store's adapter. It has no dialect and no id namespace, because its ids are the canonical
/// ones. So the fields about ids, keys and rights are empty.
pub const ADAPTER: Adapter = Adapter {
    name: "store",
    users: Numbering::Names,
    groups: Numbering::Names,
    versions: &[],
    options: &[],
    backend: Some(BackendKind::Embedded(EmbeddedBackend { capability })),
    dialect: None,
    foundation: Vec::new,
    mint: hex_of,
    shows_keys: false,
    key_word: "",
    rights: &[],
    application_key: false,
    untranslated: &[],
};

/// No key is made for the store itself. The result is a random key nevertheless.
fn hex_of(random: &[u8; 32]) -> String {
    hex::encode(random)
}
