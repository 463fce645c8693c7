//! The queue between whoever logs and standard error: a log that nobody reads delays and fails
//! nothing. Lines that do not fit are counted, and the count is logged once there is room again.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// How many lines wait at most.
const WAITING: usize = 4096;
/// How long the end of the process waits for lines that nobody may ever read.
const LAST_WORDS: Duration = Duration::from_millis(500);

thread_local! {
    /// What the writing thread itself logs, while it does.
    static OWN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The queue of this process, for [`flush`].
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// What goes through the queue.
enum Entry {
    Line(Vec<u8>),
    /// Answered once everything before it is written.
    Flush(SyncSender<()>),
}

/// Where lines are left. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    entries: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
}

impl Queue {
    /// Starts the thread that writes.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (entries, waiting) = sync_channel(WAITING);
        let queue = Self { entries, lost: Arc::default() };
        let lost = Arc::clone(&queue.lost);
        thread::Builder::new().name("log".to_owned()).spawn(move || write(out, &waiting, &lost))?;
        Ok(queue)
    }

    /// Makes it the one that [`flush`] waits for.
    pub(super) fn is_for_the_process(&self) {
        // A second one is not used: logs can be started once.
        drop(QUEUE.set(self.clone()));
    }

    fn leave(&self, line: Vec<u8>) {
        if let Some(own) = OWN.take() {
            OWN.set(Some([own, line].concat()));
            return;
        }
        if let Err(TrySendError::Full(_)) = self.entries.try_send(Entry::Line(line)) {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits for a moment until what was logged is written: the last lines before the process ends.
pub fn flush() {
    let Some(queue) = QUEUE.get() else { return };
    let (done, written) = sync_channel(1);
    if queue.entries.try_send(Entry::Flush(done)).is_ok() {
        // Too late or not at all: the process ends all the same.
        let _late = written.recv_timeout(LAST_WORDS);
    }
}

fn write(mut out: impl Write, waiting: &Receiver<Entry>, lost: &AtomicU64) {
    for entry in waiting {
        match entry {
            // Nobody is left to hear that the log cannot be written.
            Entry::Line(line) => drop(out.write_all(&line)),
            Entry::Flush(done) => drop((out.flush(), done.try_send(()))),
        }
        report(&mut out, lost);
    }
}

/// Says how many lines were lost, in the format of the others. It is written at once: in the queue
/// it could be lost itself.
fn report(out: &mut impl Write, lost: &AtomicU64) {
    let lines = lost.swap(0, Ordering::Relaxed);
    if lines == 0 {
        return;
    }
    OWN.set(Some(Vec::new()));
    tracing::warn!(lines, "log lines were lost: standard error was not read in time");
    if let Some(line) = OWN.take() {
        drop(out.write_all(&line));
    }
}

impl<'a> MakeWriter<'a> for Queue {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { queue: self, text: Vec::new() }
    }
}

/// One line under way; it is left in the queue whole.
#[derive(Debug)]
pub(super) struct Line<'a> {
    queue: &'a Queue,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.queue.leave(std::mem::take(&mut self.text));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Instant;

    use super::*;

    /// An output that is blocked for as long as the lock is held.
    #[derive(Clone, Default)]
    struct Blocked(Arc<Mutex<Vec<u8>>>);

    impl Write for Blocked {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_told() {
        let out = Blocked::default();
        let queue = Queue::start(out.clone()).unwrap();
        let lines = tracing_subscriber::fmt().with_writer(queue.clone()).with_ansi(false).finish();
        // For the writing thread too, which tells what was lost.
        tracing::subscriber::set_global_default(lines).unwrap();
        let blocked = out.0.lock().unwrap();
        let start = Instant::now();
        for number in 0..WAITING + 500 {
            tracing::info!(number, "a line");
        }
        assert!(start.elapsed() < Duration::from_secs(5), "logging waited");
        let lost = queue.lost.load(Ordering::Relaxed);
        drop(blocked);
        assert!((400..=500).contains(&lost), "{lost}");
        let told = || {
            let text = out.0.lock().unwrap();
            String::from_utf8_lossy(&text).contains(&format!("lines={lost}"))
        };
        while !told() {
            assert!(start.elapsed() < Duration::from_secs(20), "nobody says what was lost");
            thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn an_output_that_fails_is_no_failure() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let queue = Queue::start(Gone).unwrap();
        for _ in 0..3 {
            queue.make_writer().write_all(b"a line").unwrap();
        }
        let (done, written) = sync_channel(1);
        queue.entries.send(Entry::Flush(done)).unwrap();
        written.recv_timeout(Duration::from_secs(5)).unwrap();
    }
}
