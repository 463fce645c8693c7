//! Finds the values that occur twice among any number of values, in a bounded memory.
//!
//! Of each value there is a keyed hash with its place. The hashes are sorted in pieces, which are
//! written to a temporary file, and then merged. The key is random and only in the memory, so the file
//! tells nothing about a value.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;

use anyhow::Context;
use sha2::{Digest, Sha256};

/// The hashes of one sorted piece.
const PIECE: usize = 1 << 17;
/// The bytes of an entry in the file.
const WIDTH: usize = 32;
/// The memory for reading all pieces, and the least for one.
const READING: usize = 8 << 20;
const LEAST: usize = 64 * WIDTH;

/// Where a value is: the number of the row, and its number in the row.
pub(crate) type Place = (u64, u64);

/// The keyed hash of a value, and its place. It sorts by value, then by place.
type Entry = (u128, Place);

/// A value that occurred before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Repeat {
    /// The place of the repetition.
    pub(crate) later: Place,
    /// The last place before it that has the same value.
    pub(crate) earlier: Place,
}

/// The values so far.
#[derive(Debug)]
pub(crate) struct Repeats {
    key: [u8; 32],
    piece: Vec<Entry>,
    most: usize,
    spilled: Option<Spilled>,
}

/// The sorted pieces in a temporary file.
#[derive(Debug)]
struct Spilled {
    file: BufWriter<File>,
    /// How many entries each piece has.
    pieces: Vec<u64>,
}

impl Repeats {
    /// No value yet.
    pub(crate) fn new() -> anyhow::Result<Self> {
        Self::in_pieces(PIECE)
    }

    fn in_pieces(most: usize) -> anyhow::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).context("the system has no random bytes")?;
        Ok(Self { key, piece: Vec::new(), most, spilled: None })
    }

    /// Adds a value, which has several parts. Places must be in ascending order.
    pub(crate) fn add(&mut self, value: &[&str], place: Place) -> anyhow::Result<()> {
        let mut hash = Sha256::new_with_prefix(self.key);
        for part in value {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        let hash = hash.finalize().into_iter().take(WIDTH / 2);
        self.piece.push((hash.fold(0, |number, byte| (number << 8) | u128::from(byte)), place));
        if self.piece.len() < self.most {
            return Ok(());
        }
        self.spill().context("a temporary file cannot be written")
    }

    fn spill(&mut self) -> io::Result<()> {
        self.piece.sort_unstable();
        let spilled = match &mut self.spilled {
            Some(spilled) => spilled,
            none => none.insert(Spilled {
                file: BufWriter::with_capacity(1 << 20, tempfile::tempfile()?),
                pieces: Vec::new(),
            }),
        };
        for (hash, (row, at)) in &self.piece {
            spilled.file.write_all(&hash.to_be_bytes())?;
            spilled.file.write_all(&row.to_be_bytes())?;
            spilled.file.write_all(&at.to_be_bytes())?;
        }
        spilled.pieces.push(self.piece.len() as u64);
        self.piece.clear();
        Ok(())
    }

    /// The first repetitions, at most this many, in the order of their places, and the number of all.
    pub(crate) fn first(mut self, most: usize) -> anyhow::Result<(Vec<Repeat>, u64)> {
        self.piece.sort_unstable();
        let mut found = Found { most, ..Found::default() };
        let Some(spilled) = self.spilled else {
            self.piece.iter().for_each(|entry| found.next(*entry));
            return Ok((found.first.into_sorted_vec(), found.count));
        };
        merge(spilled, &self.piece, &mut found).context("a temporary file cannot be read")?;
        Ok((found.first.into_sorted_vec(), found.count))
    }
}

/// Reads all entries in the order of their hashes.
fn merge(spilled: Spilled, last: &[Entry], found: &mut Found) -> io::Result<()> {
    let file = spilled.file.into_inner().map_err(io::IntoInnerError::into_error)?;
    let size = (READING / spilled.pieces.len().max(1)).max(LEAST);
    let mut start = 0;
    let mut pieces: Vec<_> = Vec::new();
    for count in spilled.pieces {
        let end = start + count * WIDTH as u64;
        pieces.push(Piece { file: &file, start, end, size, read: Vec::new().into_iter() });
        start = end;
    }
    let mut last = last.iter();
    let mut heads = BinaryHeap::new();
    for (at, piece) in pieces.iter_mut().enumerate() {
        heads.extend(piece.next()?.map(|entry| Reverse((entry, at))));
    }
    heads.extend(last.next().map(|entry| Reverse((*entry, usize::MAX))));
    while let Some(Reverse((entry, at))) = heads.pop() {
        found.next(entry);
        let next = match pieces.get_mut(at) {
            Some(piece) => piece.next()?,
            None => last.next().copied(),
        };
        heads.extend(next.map(|entry| Reverse((entry, at))));
    }
    Ok(())
}

/// A sorted piece of the file.
struct Piece<'f> {
    file: &'f File,
    start: u64,
    end: u64,
    size: usize,
    read: std::vec::IntoIter<Entry>,
}

impl Piece<'_> {
    fn next(&mut self) -> io::Result<Option<Entry>> {
        if let Some(entry) = self.read.next() {
            return Ok(Some(entry));
        }
        let left = usize::try_from(self.end - self.start).unwrap_or(usize::MAX);
        let mut bytes = vec![0; left.min(self.size / WIDTH * WIDTH)];
        self.file.read_exact_at(&mut bytes, self.start)?;
        self.start += bytes.len() as u64;
        let entries = bytes.as_chunks::<WIDTH>().0.iter().map(entry);
        self.read = entries.collect::<Vec<_>>().into_iter();
        Ok(self.read.next())
    }
}

fn entry(bytes: &[u8; WIDTH]) -> Entry {
    let number = |at: usize| {
        let half = bytes.iter().skip(at).take(WIDTH / 2);
        half.fold(0_u128, |number, byte| (number << 8) | u128::from(*byte))
    };
    let place = number(WIDTH / 2);
    #[expect(clippy::cast_possible_truncation, reason = "the lower half")]
    let place = ((place >> 64) as u64, place as u64);
    (number(0), place)
}

/// The repetitions so far.
#[derive(Default)]
struct Found {
    most: usize,
    last: Option<Entry>,
    /// Those with the lowest places.
    first: BinaryHeap<Repeat>,
    count: u64,
}

impl Found {
    /// Takes the next entry, in the order of the hashes.
    fn next(&mut self, entry: Entry) {
        let last = self.last.replace(entry);
        let Some((_, earlier)) = last.filter(|last| last.0 == entry.0) else { return };
        self.count += 1;
        self.first.push(Repeat { later: entry.1, earlier });
        if self.first.len() > self.most {
            self.first.pop();
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn repeats(piece: usize, values: &[&str], most: usize) -> (Vec<(u64, u64)>, u64) {
        let mut repeats = Repeats::in_pieces(piece).unwrap();
        for (row, value) in (0..).zip(values) {
            repeats.add(&[value], (row, row % 3)).unwrap();
        }
        let (found, count) = repeats.first(most).unwrap();
        assert!(found.iter().all(|one| one.earlier.1 == one.earlier.0 % 3));
        (found.iter().map(|one| (one.earlier.0, one.later.0)).collect(), count)
    }

    #[test]
    fn a_repetition_is_found_in_a_piece_and_across_pieces() {
        let values = ["a", "b", "c", "a", "d", "c", "a", "e"];
        for piece in [1, 2, 3, 4, 8, 100] {
            let expected = (vec![(0, 3), (2, 5), (3, 6)], 3);
            assert_eq!(repeats(piece, &values, 10), expected, "{piece}");
            assert_eq!(repeats(piece, &values, 1), (vec![(0, 3)], 3), "{piece}");
            assert_eq!(repeats(piece, &["a", "b", ""], 10), (vec![], 0), "{piece}");
        }
    }

    #[test]
    fn many_values_take_several_reads_of_each_piece() {
        let names: Vec<_> = (0..5_000).map(|number| (number % 4_999).to_string()).collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        assert_eq!(repeats(700, &names, 10), (vec![(0, 4_999)], 1));
    }

    #[test]
    fn parts_are_apart() {
        let mut repeats = Repeats::new().unwrap();
        repeats.add(&["ab", "c"], (0, 0)).unwrap();
        repeats.add(&["a", "bc"], (1, 0)).unwrap();
        assert_eq!(repeats.first(5).unwrap(), (vec![], 0));
    }
}
