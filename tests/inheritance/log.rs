//! The log of the test process. It starts before the first trial: a subscriber that is set while
//! other threads log may miss lines.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use tracing::level_filters::LevelFilter;

static BYTES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Memory;

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        BYTES.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Collects warnings and errors from now on.
pub(crate) fn start() {
    let log = tracing_subscriber::fmt().with_ansi(false).with_max_level(LevelFilter::WARN);
    log.with_writer(|| Memory).init();
}

/// The lines that hold a word, such as an id.
pub(crate) fn lines(word: &str) -> Vec<String> {
    let bytes = BYTES.lock().unwrap_or_else(PoisonError::into_inner);
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter(|line| line.contains(word)).map(str::to_owned).collect()
}
