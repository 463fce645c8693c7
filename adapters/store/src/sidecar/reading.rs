//! What a read of the system shows.

use std::collections::HashMap;

use isogloss_canonical::namespace::NativeIds;
use isogloss_canonical::user::{NewUser, Uniqueness, User, UserId};

use crate::rows::now;

/// Somebody as the system shows them.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The system's own row.
    pub user: User,
    /// What was asked for, if the gateway has made them just now.
    pub made: Option<Box<NewUser>>,
    /// Ids to take in other namespaces, if this is somebody new.
    pub ids: NativeIds,
}

impl From<User> for Seen {
    fn from(user: User) -> Self {
        Self { user, made: None, ids: NativeIds::new() }
    }
}

impl Seen {
    /// Somebody whom the system has just made by itself, out of its own directory.
    #[must_use]
    pub fn made_by_system(user: User) -> Self {
        let seen = Self::from(user);
        let made = Some(Box::new(record_of(&seen)));
        Self { made, ..seen }
    }
}

/// What one or more reads of the system show.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Whom they show.
    pub seen: Vec<Seen>,
    /// Whose records they show to be of nobody; true: a second, different read agrees.
    pub absent: HashMap<UserId, bool>,
    /// Whether `seen` is everybody.
    pub complete: bool,
    pub(super) began: i64,
}

impl Reading {
    /// A read that begins now. To be called before the system is asked.
    #[must_use]
    pub fn begin() -> Self {
        let began = now();
        Self { seen: Vec::new(), absent: HashMap::new(), complete: false, began }
    }

    /// The reading, which has shown these.
    #[must_use]
    pub fn showing(self, seen: Vec<Seen>) -> Self {
        Self { seen, ..self }
    }

    /// The reading, which has shown that this record's person is not there.
    #[must_use]
    pub fn missing(self, id: UserId, agreed: bool) -> Self {
        Self { absent: [(id, agreed)].into(), ..self }
    }
}

/// A first record holds what the system shows, for the day the system has no place for it.
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
