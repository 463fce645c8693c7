//! The results of reads of the system.

use std::collections::HashMap;

use isogloss_canonical::namespace::NativeIds;
use isogloss_canonical::user::{NewUser, Uniqueness, User, UserId};

use crate::rows::now;

/// A person as read from the system.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The system's own row.
    pub user: User,
    /// The creation, if the gateway has just created this person.
    pub made: Option<Box<NewUser>>,
    /// Ids to use in other id namespaces, if the person is new.
    pub ids: NativeIds,
}

impl From<User> for Seen {
    fn from(user: User) -> Self {
        Self { user, made: None, ids: NativeIds::new() }
    }
}

impl Seen {
    /// A person whom the system has just created from its own directory.
    #[must_use]
    pub fn made_by_system(user: User) -> Self {
        let seen = Self::from(user);
        let made = Some(Box::new(record_of(&seen)));
        Self { made, ..seen }
    }
}

/// The results of one or several reads of the system.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The people that were read.
    pub seen: Vec<Seen>,
    /// The records whose people are absent. True: a second, different read confirms it.
    pub absent: HashMap<UserId, bool>,
    /// Whether `seen` has all people of the system.
    pub complete: bool,
    pub(super) began: i64,
}

impl Reading {
    /// A reading that begins now. It must be called before the request to the system.
    #[must_use]
    pub fn begin() -> Self {
        let began = now();
        Self { seen: Vec::new(), absent: HashMap::new(), complete: false, began }
    }

    /// The reading with these people.
    #[must_use]
    pub fn showing(self, seen: Vec<Seen>) -> Self {
        Self { seen, ..self }
    }

    /// The reading with the absence of this record's person.
    #[must_use]
    pub fn missing(self, id: UserId, agreed: bool) -> Self {
        Self { absent: [(id, agreed)].into(), ..self }
    }
}

/// The fields of a first record. It stores all that the system shows, in case a later system has no
/// column for it.
pub(super) fn record_of(seen: &Seen) -> NewUser {
    let user = &seen.user;
    let ids = seen.ids.clone().into_iter();
    if let Some(made) = &seen.made {
        return NewUser {
            username: user.username.clone(),
            ids: made.ids.clone().into_iter().chain(ids).chain(user.ids.clone()).collect(),
            password: None,
            unique: Uniqueness::default(),
            ..(**made).clone()
        };
    }
    NewUser {
        username: user.username.clone(),
        display_name: user.display_name.clone(),
        given_name: user.given_name.clone(),
        family_name: user.family_name.clone(),
        email: user.email.clone(),
        role: user.role,
        inactive: !user.active,
        ids: ids.chain(user.ids.clone()).collect(),
        ..NewUser::default()
    }
}
