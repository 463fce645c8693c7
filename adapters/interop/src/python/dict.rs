//! Dictionaries. They remember the order of insertion, and can list their entries in the order of
//! a Python 2 hash table.
//!
//! The order of Python 2 is visible to clients: in JSON, and where a program reports the first of
//! several problems that it finds while it iterates over a dictionary.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;

/// Larger dictionaries are listed in the order of insertion, so that a request that provokes hash
/// collisions costs little.
const ORDERED: usize = 1000;

/// Among this many entries, a key is looked for one by one: that is faster than a hash table.
const FEW: usize = 32;

/// A dictionary with keys of text; no key twice.
#[derive(Clone)]
pub struct Dict<V> {
    entries: Vec<(Cow<'static, str>, V)>,
    /// For how many entries Python made its table.
    room: usize,
}

impl<V> Default for Dict<V> {
    fn default() -> Self {
        Self { entries: Vec::new(), room: 0 }
    }
}

impl<V: PartialEq> PartialEq for Dict<V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

/// Shows the keys only, as the values may be secrets.
impl<V> fmt::Debug for Dict<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.iter().map(|(name, _)| name)).finish()
    }
}

impl<V> Dict<V> {
    /// An empty dictionary for a literal of this many entries: Python makes its table large enough
    /// from the start, which changes the order of its entries.
    #[must_use]
    pub fn with_room(room: usize) -> Self {
        Self { entries: Vec::with_capacity(room), room }
    }

    /// A dictionary of entries whose keys are known to be distinct.
    pub(super) const fn of_distinct(entries: Vec<(Cow<'static, str>, V)>) -> Self {
        Self { entries, room: 0 }
    }

    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.iter().find(|(own, _)| own == key).map(|(_, value)| value)
    }

    /// Sets a value, in place of an earlier one.
    pub fn set(&mut self, key: impl Into<Cow<'static, str>>, value: impl Into<V>) {
        let (key, value) = (key.into(), value.into());
        match self.entries.iter_mut().find(|(own, _)| *own == key) {
            Some((_, own)) => *own = value,
            None => self.entries.push((key, value)),
        }
    }

    /// The same with one more value.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: impl Into<V>) -> Self {
        self.set(key, value);
        self
    }

    /// The same after Python 2's `update(other)`.
    #[must_use]
    pub fn updated(mut self, other: Self) -> Self {
        let order = other.order();
        let mut entries: Vec<_> = other.entries.into_iter().map(Some).collect();
        for place in order {
            if let Some((key, value)) = entries.get_mut(place).and_then(Option::take) {
                self.set(key, value);
            }
        }
        self
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entries in the order of insertion, as Python 3 iterates over them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        self.entries.iter().map(|(key, value)| (&**key, value))
    }

    /// The entries in the order of their keys' code points.
    #[must_use]
    pub fn sorted(&self) -> Vec<(&str, &V)> {
        let mut entries: Vec<_> = self.iter().collect();
        // The byte order of UTF-8 is the order of code points.
        entries.sort_by_key(|(key, _)| *key);
        entries
    }

    /// The entries in the order in which Python 2 iterates over them.
    #[must_use]
    pub fn hashed(&self) -> Vec<(&str, &V)> {
        let entry = |place: usize| self.entries.get(place).map(|(key, value)| (&**key, value));
        self.order().into_iter().filter_map(entry).collect()
    }

    /// The places of the entries in the order in which Python 2 iterates over them.
    fn order(&self) -> Vec<usize> {
        if self.entries.len() > ORDERED {
            return (0..self.entries.len()).collect();
        }
        let mut table = Table::new(8).resized(self.room);
        for (index, (key, _)) in self.entries.iter().enumerate() {
            table.insert(hash(key), index);
            if table.filled * 3 >= table.slots.len() * 2 {
                table = table.resized(4 * table.filled);
            }
        }
        table.slots.iter().flatten().map(|(_, place)| *place).collect()
    }
}

impl<K: Into<Cow<'static, str>>, V> FromIterator<(K, V)> for Dict<V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(members: I) -> Self {
        let members = members.into_iter();
        let mut dict =
            Self { entries: Vec::with_capacity(members.size_hint().0.min(FEW)), room: 0 };
        let mut places: HashMap<Cow<'static, str>, usize> = HashMap::new();
        // The last value of a key counts, at the place of the first.
        for (name, value) in members {
            let name = name.into();
            if dict.entries.len() < FEW {
                dict.set(name, value);
                continue;
            }
            if places.is_empty() {
                let names = dict.entries.iter().map(|(name, _)| name.clone());
                places = names.zip(0..).collect();
            }
            match places.entry(name.clone()) {
                Entry::Occupied(place) => dict.entries[*place.get()].1 = value,
                Entry::Vacant(place) => {
                    place.insert(dict.entries.len());
                    dict.entries.push((name, value));
                }
            }
        }
        dict
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
        let dict: Dict<()> = names.iter().map(|name| ((*name).to_owned(), ())).collect();
        dict.hashed().into_iter().map(|(name, ())| name.to_owned()).collect()
    }

    /// `data.update(extras)`, as recorded: fixtures/transcripts/rhodecode/create-user.json.
    #[test]
    fn merges_as_python_2_does() {
        let of = |room, names: &str| {
            let names = names.split(' ').map(str::to_owned);
            names.fold(Dict::with_room(room), |all: Dict<()>, name| all.with(name, ()))
        };
        let data = of(7, "user_id username firstname lastname description email emails");
        let extras = of(
            9,
            "auth_tokens active admin extern_type extern_name last_login last_activity \
             ip_addresses language",
        );
        let names: Vec<_> =
            data.updated(extras).hashed().into_iter().map(|(name, ())| name.to_owned()).collect();
        assert_eq!(
            names.join(" "),
            "username user_id description firstname last_activity admin lastname ip_addresses \
             emails language auth_tokens last_login extern_type active extern_name email"
        );
    }

    #[test]
    fn the_last_value_of_a_key_counts_at_the_place_of_the_first() {
        let names = |length: usize| (0..length).map(|number| number.to_string());
        for length in [FEW - 1, FEW, 3 * FEW] {
            let pairs =
                names(length).map(|name| (name, 1)).chain(names(length).map(|name| (name, 2)));
            let dict: Dict<i32> = pairs.collect();
            assert_eq!(dict.len(), length);
            assert!(
                dict.iter()
                    .map(|(name, value)| (name.to_owned(), *value))
                    .eq(names(length).map(|name| (name, 2)))
            );
        }
    }

    #[test]
    fn names_members_in_the_order_of_python_2() {
        assert_eq!(order(&["id", "result", "error"]), ["error", "id", "result"]);
        // As recorded: fixtures/transcripts/rhodecode/create-user-missing.json.
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
