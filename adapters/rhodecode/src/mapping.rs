//! Dictionaries of Python 2, which show their members in the order of their hash table.
//!
//! The order is not decoration only: of two missing arguments RhodeCode names the one that its
//! table holds first (fixtures/transcripts/rhodecode/create-user-missing.json).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

use crate::python::Py;

/// Larger dictionaries keep the order they came in: nobody can make us work through collisions.
const ORDERED: usize = 1000;

/// A dictionary; remembers in which order its members came.
#[derive(Clone, Default)]
pub(crate) struct Dict {
    members: Vec<(String, Py)>,
    /// For how many members its table was made.
    room: usize,
}

impl PartialEq for Dict {
    fn eq(&self, other: &Self) -> bool {
        self.members == other.members
    }
}

/// Shows names only, as the values may be secrets.
impl fmt::Debug for Dict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members.iter().map(|(name, _)| name)).finish()
    }
}

impl Dict {
    /// The value under a name.
    pub(crate) fn get(&self, name: &str) -> Option<&Py> {
        self.members.iter().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Sets a value, in place of an earlier one.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: impl Into<Py>) {
        let (name, value) = (name.into(), value.into());
        match self.members.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = value,
            None => self.members.push((name, value)),
        }
    }

    /// The same with one more value.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Py>) -> Self {
        self.set(name, value);
        self
    }

    /// An empty one that is about to be written out with this many members: Python makes its table
    /// large enough from the start.
    pub(crate) fn with_room(room: usize) -> Self {
        Self { members: Vec::with_capacity(room), room }
    }

    /// The same after `update(other)`.
    pub(crate) fn updated(mut self, other: &Self) -> Self {
        for (name, value) in other.hashed() {
            self.set(name, value.clone());
        }
        self
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members in the order Python 2 goes through them.
    pub(crate) fn hashed(&self) -> Vec<(&str, &Py)> {
        if self.members.len() > ORDERED {
            return self.members.iter().map(|(name, value)| (name.as_str(), value)).collect();
        }
        let mut table = Table::new(8).resized(self.room);
        for (index, (name, _)) in self.members.iter().enumerate() {
            table.insert(hash(name), index);
            if table.filled * 3 >= table.slots.len() * 2 {
                table = table.resized(4 * table.filled);
            }
        }
        let members =
            table.slots.iter().flatten().filter_map(|&(_, index)| self.members.get(index));
        members.map(|(name, value)| (name.as_str(), value)).collect()
    }
}

impl FromIterator<(String, Py)> for Dict {
    fn from_iter<I: IntoIterator<Item = (String, Py)>>(members: I) -> Self {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut mapping = Self::default();
        for (name, value) in members {
            match places.entry(name.clone()) {
                Entry::Occupied(place) => mapping.members[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    place.insert(mapping.members.len());
                    mapping.members.push((name, value));
                }
            }
        }
        mapping
    }
}

/// CPython's open addressing, as far as the order of its members goes.
struct Table {
    slots: Vec<Option<(u64, usize)>>,
    filled: usize,
}

impl Table {
    fn new(size: usize) -> Self {
        Self { slots: vec![None; size], filled: 0 }
    }

    fn insert(&mut self, hash: u64, index: usize) {
        let mask = self.slots.len() as u64 - 1;
        let mut probe = hash & mask;
        let mut perturb = hash;
        while let Some(Some(_)) = self.slots.get(slot(probe, mask)) {
            probe = probe.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1);
            perturb >>= 5;
        }
        if let Some(free) = self.slots.get_mut(slot(probe, mask)) {
            *free = Some((hash, index));
            self.filled += 1;
        }
    }

    fn resized(&self, at_least: usize) -> Self {
        let mut size = 8;
        while size <= at_least {
            size *= 2;
        }
        let mut larger = Self::new(size);
        for &(hash, index) in self.slots.iter().flatten() {
            larger.insert(hash, index);
        }
        larger
    }
}

fn slot(probe: u64, mask: u64) -> usize {
    usize::try_from(probe & mask).unwrap_or(0)
}

/// The hash of a string on a 64-bit Python 2 that does not randomise it.
fn hash(text: &str) -> u64 {
    let mut codes = text.chars().map(u64::from).peekable();
    let Some(first) = codes.peek() else { return 0 };
    let start = first << 7;
    let mixed = codes.fold(start, |hash, code| hash.wrapping_mul(1_000_003) ^ code);
    let hash = mixed ^ text.chars().count() as u64;
    if hash == u64::MAX { u64::MAX - 1 } else { hash }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(names: &[&str]) -> Vec<String> {
        let mapping: Dict = names.iter().map(|name| ((*name).to_owned(), Py::None)).collect();
        mapping.hashed().into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    /// `data.update(extras)` of a person: fixtures/transcripts/rhodecode/create-user.json.
    #[test]
    fn merges_as_python_2_does() {
        let of = |room, names: &str| {
            let names = names.split(' ').map(|name| (name.to_owned(), Py::None));
            names.fold(Dict::with_room(room), |all, (name, value)| all.with(&name, value))
        };
        let data = of(7, "user_id username firstname lastname description email emails");
        let extras = of(
            9,
            "auth_tokens active admin extern_type extern_name last_login last_activity \
             ip_addresses language",
        );
        let names: Vec<_> =
            data.updated(&extras).hashed().into_iter().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(
            names.join(" "),
            "username user_id description firstname last_activity admin lastname ip_addresses \
             emails language auth_tokens last_login extern_type active extern_name email"
        );
    }

    #[test]
    fn names_members_in_the_order_of_python_2() {
        assert_eq!(order(&["id", "result", "error"]), ["error", "id", "result"]);
        // create_user: a missing user name is named before a missing e-mail address.
        assert_eq!(
            order(&[
                "create_personal_repo_group",
                "force_password_change",
                "extern_type",
                "extern_name",
                "admin",
                "active",
                "description",
                "lastname",
                "firstname",
                "password",
                "email",
                "username",
                "apiuser",
                "request",
            ]),
            [
                "username",
                "password",
                "description",
                "firstname",
                "admin",
                "lastname",
                "request",
                "extern_name",
                "apiuser",
                "extern_type",
                "active",
                "force_password_change",
                "create_personal_repo_group",
                "email"
            ]
        );
    }
}
