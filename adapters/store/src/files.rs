//! The files of a store.

/// The file of the database, in the store's directory.
pub const DATABASE: &str = "isogloss.sqlite";

/// The file of the secret that keys are hashed and sealed with, beside the database.
pub const SECRET_KEY: &str = "secret.key";
