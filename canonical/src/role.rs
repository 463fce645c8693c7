//! The roles that all systems have.

/// The role that every system understands. Groups give all other rights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// An ordinary person. An unknown role becomes this one.
    #[default]
    User,
    /// Between the two (Kanboard's `app-manager`).
    Manager,
    /// May do everything.
    Administrator,
}

impl Role {
    /// Its name in files, tables and the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Manager => "manager",
            Self::Administrator => "administrator",
        }
    }

    /// The role of a name. An unknown name is the role with the fewest rights.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "administrator" => Self::Administrator,
            "manager" => Self::Manager,
            _ => Self::User,
        }
    }
}
