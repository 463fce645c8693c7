//! Long lists of people, read page by page. Such a list needs the memory of one page, however long
//! it is. See [`crate::listing`] for how it is written.

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::fault::Fault;
use crate::key::{Key, KeyChoice};
use crate::namespace::IdNamespace;
use crate::user::{User, UserId, folded};

/// The order of a list of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// As they were created, or as their system lists them.
    Created,
    /// By user name, byte by byte.
    Name,
    /// By user name regardless of case. Equal names come as they were created.
    FoldedName,
    /// By the numbers that they have in this namespace. Those without a number come first.
    Native(IdNamespace),
}

impl Order {
    /// The place of a person in this order. Places are compared; two people never have the same.
    #[must_use]
    pub fn place(&self, user: &User) -> Place {
        let text = match self {
            Self::Created => String::new(),
            Self::Name => user.username.clone(),
            Self::FoldedName => folded(&user.username),
            Self::Native(namespace) => user.native(namespace).unwrap_or_default().to_owned(),
        };
        // Numbers without leading zeros are in order if the shorter ones come first.
        let length = if matches!(self, Self::Native(_)) { text.len() } else { 0 };
        Place { length, text, id: user.id }
    }

    /// Sorts people. The sort is stable; people in the order of their creation stay as they are.
    pub fn sort(&self, users: &mut [User]) {
        match self {
            Self::Created => {}
            Self::Name => users.sort_by(|one, other| one.username.cmp(&other.username)),
            Self::FoldedName => users.sort_by_cached_key(|user| folded(&user.username)),
            Self::Native(namespace) => users.sort_by_cached_key(|user| {
                user.native(namespace).and_then(|id| id.parse::<i64>().ok())
            }),
        }
    }
}

/// A place in an order. See [`Order::place`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The length of the text, where numbers are compared; else 0.
    pub length: usize,
    /// The text that is compared.
    pub text: String,
    /// Distinguishes people whose texts are equal.
    pub id: UserId,
}

/// What a list of people has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleQuery {
    /// The order.
    pub order: Order,
    /// The keys that come with each person.
    pub keys: Option<KeysToo>,
}

/// The keys that come with a list of people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysToo {
    /// Their namespace.
    pub namespace: IdNamespace,
    /// Which ones.
    pub choice: KeyChoice,
    /// Whether a backend that cannot list keys lists the people without them. If not, that is a fault.
    pub optional: bool,
}

/// A part of a list of people.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// The people, in the order asked for.
    pub users: Vec<User>,
    /// The keys asked for, by owner. Those of one owner are in the order of their creation.
    pub keys: HashMap<UserId, Vec<Key>>,
    /// Whether the list ends with this page.
    pub is_last: bool,
}

impl PeopleQuery {
    /// Everybody without keys.
    #[must_use]
    pub const fn in_order(order: Order) -> Self {
        Self { order, keys: None }
    }
}

impl Page {
    /// A page of these people and keys. Keys without an owner are left out.
    #[must_use]
    pub fn new(users: Vec<User>, keys: Vec<Key>, is_last: bool) -> Self {
        let mut by_owner: HashMap<_, Vec<_>> = HashMap::new();
        for key in keys {
            if let Some(owner) = key.owner {
                by_owner.entry(owner).or_default().push(key);
            }
        }
        Self { users, keys: by_owner, is_last }
    }
}

/// Reads a list of people page by page. A person who is created or deleted meanwhile is listed or
/// not; everybody else is listed once.
#[async_trait]
pub trait Pages: Debug + Send {
    /// The next page. It is not asked again after the last page, or after a fault.
    async fn next(&mut self) -> Result<Page, Fault>;
}

/// Shows everybody on a list to a function, until it answers something. `None`: it never did.
pub async fn find<T>(
    mut pages: Box<dyn Pages>,
    mut look: impl FnMut(&User) -> Option<T> + Send,
) -> Result<Option<T>, Fault> {
    loop {
        let page = pages.next().await?;
        match page.users.iter().find_map(&mut look) {
            None if !page.is_last => {}
            found => return Ok(found),
        }
    }
}

/// Shows everybody on a list to a function.
pub async fn each(pages: Box<dyn Pages>, mut see: impl FnMut(&User) + Send) -> Result<(), Fault> {
    let all = find(pages, |user| {
        see(user);
        None::<Infallible>
    });
    all.await.map(|_| ())
}

/// A list that was read as a whole: its only page.
#[derive(Debug)]
pub struct Whole(Page);

impl Whole {
    /// The only page of a list.
    #[must_use]
    pub fn new(users: Vec<User>, keys: Vec<Key>) -> Self {
        Self(Page::new(users, keys, true))
    }
}

#[async_trait]
impl Pages for Whole {
    async fn next(&mut self) -> Result<Page, Fault> {
        Ok(Page { is_last: true, ..std::mem::take(&mut self.0) })
    }
}
