//! The store as the registry lists it.

use isogloss_canonical::adapter::{Adapter, BackendKind, EmbeddedBackend};
use isogloss_canonical::namespace::Numbering;

use crate::backend::capability;

/// The store's adapter. It has no dialect. Nor has it an id namespace: its ids are the canonical
/// ones, so that what an adapter says of ids, keys and rights is empty here.
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
};

/// No key is ever made in the store's own name; a key is random all the same.
fn hex_of(random: &[u8; 32]) -> String {
    hex::encode(random)
}
