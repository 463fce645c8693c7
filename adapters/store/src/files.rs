//! The names of the store's files.

/// The file of the database, in the store's directory.
pub const DATABASE: &str = "isogloss.sqlite";

/// The file of the master secret, in the same directory. Keys are hashed and encrypted with keys
/// derived from it.
pub const SECRET_KEY: &str = "secret.key";
