//! The attributes that hold what only Dandelion has a column for.

/// The prefix of every attribute of Dandelion.
pub(crate) const PREFIX: &str = "dandelion.";
/// The theme of a user.
pub(crate) const THEME: &str = "dandelion.theme";
/// What the server asks a user at the next login: 1 is for a new password.
pub(crate) const INITIAL_LOGIN: &str = "dandelion.initial_login";
/// How many logs a user sees on a page.
pub(crate) const LOG_LIMIT: &str = "dandelion.logs_per_page";
/// `false` for a user without a Cheesto status.
pub(crate) const CHEESTO: &str = "dandelion.cheesto";
/// A Cheesto status: the status itself, a message, the time of return, the time of the change.
pub(crate) const STATUS: [&str; 4] =
    ["dandelion.status", "dandelion.message", "dandelion.returntime", "dandelion.modified"];
