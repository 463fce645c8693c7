//! A file that is read several times from its beginning.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// The bytes that are read at once.
const AT_ONCE: usize = 1 << 17;

/// A file for several reads, one after another.
#[derive(Debug)]
pub(crate) struct Rereadable(File);

impl Rereadable {
    /// Opens a file. What is no regular file, such as a pipe, can be read once only: it is copied to a
    /// temporary file without a name, which nobody else can open.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_file() { Ok(Self(file)) } else { Self::copied(file) }
    }

    /// Copies standard input in the same way.
    pub(crate) fn standard_input() -> io::Result<Self> {
        Self::copied(io::stdin().lock())
    }

    fn copied(mut from: impl Read) -> io::Result<Self> {
        let mut copy = tempfile::tempfile()?;
        io::copy(&mut from, &mut copy)?;
        Ok(Self(copy))
    }

    /// Begins to read at the beginning.
    pub(crate) fn read(&self) -> io::Result<BufReader<&File>> {
        let mut file = &self.0;
        file.seek(SeekFrom::Start(0))?;
        Ok(BufReader::with_capacity(AT_ONCE, file))
    }
}
