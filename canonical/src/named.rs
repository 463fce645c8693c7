//! What a request says of itself before anybody is proved: for counting who calls what.

use crate::secret::Secret;

/// The methods that a request names, and the credentials that it shows. Nothing of it is proved, and
/// nothing is decided by it.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// The methods, in the order of the calls: as the manual has them (`getUser`,
    /// `GET /api/access/users/<name>`), or, if the manual has none of this name, as the client wrote
    /// it. Empty: the request names none.
    pub methods: Vec<String>,
    /// The credentials.
    pub shown: Shown,
}

/// Credentials by kind.
#[derive(Clone, Debug, Default)]
pub enum Shown {
    /// None.
    #[default]
    Nothing,
    /// A key or a token.
    Key(Secret),
    /// The password of the user of this name.
    Password(String),
    /// The cookie of a session.
    Session,
}
