//! The queue between log calls and standard error. If nobody reads the log, no request is delayed
//! and none fails. Lines that do not fit are counted, and the count is logged when there is room
//! again.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// The most lines in the queue.
const WAITING: usize = 4096;
/// How long the end of the process waits for the last lines.
const LAST_WORDS: Duration = Duration::from_millis(500);

thread_local! {
    /// Lines that the writing thread itself logs.
    static OWN: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// The queue of this process, for [`flush`].
static QUEUE: OnceLock<Queue> = OnceLock::new();

/// An entry of the queue.
enum Entry {
    Line(Vec<u8>),
    /// A request for an answer when everything before it is written.
    Flush(SyncSender<()>),
}

/// The queue. It is cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    entries: SyncSender<Entry>,
    lost: Arc<AtomicU64>,
}

impl Queue {
    /// Starts the writing thread.
    pub(super) fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let (entries, waiting) = sync_channel(WAITING);
        let queue = Self { entries, lost: Arc::default() };
        let lost = Arc::clone(&queue.lost);
        thread::Builder::new().name("log".to_owned()).spawn(move || write(out, &waiting, &lost))?;
        Ok(queue)
    }

    /// Makes it the queue that [`flush`] waits for.
    pub(super) fn is_for_the_process(&self) {
        // A second queue is ignored: the log can be started only once.
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

/// Waits a short time until all lines are written, before the process ends.
pub fn flush() {
    let Some(queue) = QUEUE.get() else { return };
    let (done, written) = sync_channel(1);
    if queue.entries.try_send(Entry::Flush(done)).is_ok() {
        // If the lines are not written in time, the process still ends.
        let _late = written.recv_timeout(LAST_WORDS);
    }
}

fn write(mut out: impl Write, waiting: &Receiver<Entry>, lost: &AtomicU64) {
    for entry in waiting {
        match entry {
            // An error in writing the log cannot be reported.
            Entry::Line(line) => drop(out.write_all(&line)),
            Entry::Flush(done) => drop((out.flush(), done.try_send(()))),
        }
        report(&mut out, lost);
    }
}

/// Writes how many lines were lost, in the format of the log. It does not go through the queue,
/// where it could be lost too.
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

/// One line being written. It is put into the queue whole.
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

    /// An output that blocks while the lock is held.
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
        // This is also for the writing thread, which logs how many lines were lost.
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
