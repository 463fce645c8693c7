//! The threads that hash passwords. The process has a few of them, each with its own memory, and
//! one bounded queue.
//!
//! These threads answer no requests, and there are fewer of them than cores. So hashing does not
//! delay a request with an API key. Each thread has one block of memory for Argon2, so the process
//! needs at most one block for each thread.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;

use argon2::{Argon2, Block};
use isogloss_canonical::fault::{Fault, FaultKind};
use tokio::sync::oneshot;
use zeroize::Zeroize;

/// How many jobs may wait for each thread. A hash takes about 30 ms, so the last one waits some
/// seconds. A job beyond the limit is refused at once.
const WAITING: usize = 128;

/// The threads of this process, which all its stores share.
static SHARED: LazyLock<Arc<Hashers>> = LazyLock::new(|| {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.saturating_sub(1).max(1);
    Arc::new(Hashers::start(threads, threads * WAITING))
});

/// The hashing threads and their queue.
pub(crate) struct Hashers {
    queue: Arc<Queue>,
    places: usize,
}

/// The jobs that wait for a thread.
#[derive(Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    ready: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<(u64, Job)>,
    next: u64,
    over: bool,
}

type Job = Box<dyn FnOnce(&mut Workspace) + Send>;

/// One place in the queue. Dropping it frees the place, also when the caller stops waiting.
struct Place<'q> {
    queue: &'q Queue,
    number: u64,
}

impl Hashers {
    /// The threads that all stores of this process share.
    pub(crate) fn shared() -> Arc<Self> {
        Arc::clone(&SHARED)
    }

    /// Starts `threads` threads. At most `places` jobs may wait.
    pub(crate) fn start(threads: usize, places: usize) -> Self {
        let queue = Arc::new(Queue::default());
        for number in 0..threads {
            let own = Arc::clone(&queue);
            let thread = thread::Builder::new().name(format!("hash-{number}"));
            if let Err(error) = thread.spawn(move || own.work()) {
                tracing::error!(%error, "a thread that hashes passwords cannot be started");
            }
        }
        Self { queue, places }
    }

    /// Runs a job on a thread and waits for its result. Refuses at once if the queue is full.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Workspace) -> T + Send + 'static,
    ) -> Result<T, Fault> {
        let (sender, receiver) = oneshot::channel();
        let job = Box::new(move |workspace: &mut Workspace| {
            if !sender.is_closed() {
                // The caller may have stopped waiting. Then the result is dropped.
                drop(sender.send(work(workspace)));
            }
        });
        let _place = self.queue.join(job, self.places)?;
        let done = receiver.await;
        done.map_err(|error| {
            Fault::new(FaultKind::Unexpected, "a password hash was not finished").because(error)
        })
    }
}

impl Drop for Hashers {
    fn drop(&mut self) {
        self.queue.lock().over = true;
        self.queue.ready.notify_all();
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, job: Job, places: usize) -> Result<Place<'_>, Fault> {
        let mut waiting = self.lock();
        if waiting.jobs.len() >= places {
            let detail = "too many passwords wait to be hashed; try again later";
            return Err(Fault::new(FaultKind::Throttled, detail));
        }
        let number = waiting.next;
        waiting.next += 1;
        waiting.jobs.push_back((number, job));
        drop(waiting);
        self.ready.notify_one();
        Ok(Place { queue: self, number })
    }

    /// The loop of one thread.
    fn work(&self) {
        let mut workspace = Workspace::default();
        while let Some(job) = self.next() {
            if catch_unwind(AssertUnwindSafe(|| job(&mut workspace))).is_err() {
                tracing::error!("hashing a password panicked");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.over {
                return None;
            }
            if let Some((_, job)) = waiting.jobs.pop_front() {
                return Some(job);
            }
            waiting = self.ready.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.queue.lock();
        let at = waiting.jobs.iter().position(|(number, _)| *number == self.number);
        let left = at.and_then(|at| waiting.jobs.remove(at));
        drop(waiting);
        drop(left);
    }
}

/// The memory of one hashing thread. It is cleared after each hash, and reused: the allocator would
/// not return memory that is allocated and freed for each hash.
#[derive(Default)]
pub(crate) struct Workspace(Vec<Block>);

impl Workspace {
    /// The hash of a password.
    pub(crate) fn argon2(
        &mut self,
        argon: &Argon2<'_>,
        (password, salt): (&[u8], &[u8]),
        out: &mut [u8],
    ) -> Result<(), argon2::Error> {
        let wanted = argon.params().block_count();
        if self.0.len() != wanted {
            // Allocates the exact size, so that an imported hash with a larger cost does not hold
            // its memory for good.
            self.0 = Vec::new();
            self.0.resize(wanted, Block::new());
        }
        let done = argon.hash_password_into_with_memory(password, salt, out, &mut self.0);
        self.0.iter_mut().for_each(Zeroize::zeroize);
        done
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::time::timeout;

    use super::*;

    /// One thread whose job runs until the sender is dropped.
    async fn busy(places: usize) -> (Arc<Hashers>, mpsc::Sender<()>) {
        let hashers = Arc::new(Hashers::start(1, places));
        let (release, wait) = mpsc::channel::<()>();
        let (started, begun) = oneshot::channel();
        let own = Arc::clone(&hashers);
        tokio::spawn(async move {
            let work = move |_: &mut Workspace| {
                let _told = started.send(());
                let _released = wait.recv();
            };
            own.run(work).await
        });
        begun.await.unwrap();
        (hashers, release)
    }

    #[tokio::test]
    async fn who_comes_when_all_places_are_taken_is_refused_at_once() {
        let (hashers, release) = busy(2).await;
        let waiting = [(); 2].map(|()| {
            let own = Arc::clone(&hashers);
            tokio::spawn(async move { own.run(|_| 1).await })
        });
        tokio::task::yield_now().await;
        let refused = hashers.run(|_| 1).await.unwrap_err();
        assert_eq!(refused.kind, FaultKind::Throttled, "{refused}");
        drop(release);
        for job in waiting {
            assert_eq!(job.await.unwrap().unwrap(), 1);
        }
        assert_eq!(hashers.run(|_| 1).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn who_waits_no_longer_gives_the_place_back_and_costs_nothing() {
        let (hashers, release) = busy(1).await;
        let (ran, record) = mpsc::channel();
        for number in 0..5 {
            let ran = ran.clone();
            let work = move |_: &mut Workspace| ran.send(number).unwrap();
            assert!(timeout(Duration::from_millis(5), hashers.run(work)).await.is_err());
        }
        let own = Arc::clone(&hashers);
        let last = tokio::spawn(async move { own.run(|_| 7).await });
        tokio::task::yield_now().await;
        drop(release);
        assert_eq!(last.await.unwrap().unwrap(), 7);
        assert_eq!(record.try_iter().count(), 0);
    }

    #[tokio::test]
    async fn a_panic_is_a_fault_and_the_thread_goes_on() {
        let hashers = Hashers::start(1, 1);
        let broken = hashers.run(|_| panic!("for a test")).await;
        let broken: Fault = broken.unwrap_err();
        assert_eq!(broken.kind, FaultKind::Unexpected, "{broken}");
        assert_eq!(hashers.run(|_| 1).await.unwrap(), 1);
    }

    #[test]
    fn the_memory_is_cleared_after_each_hash() {
        let params = argon2::Params::new(64, 1, 1, None).unwrap();
        let argon = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
        let mut workspace = Workspace::default();
        let mut out = [0; 32];
        workspace.argon2(&argon, (b"secret", b"saltsaltsalt"), &mut out).unwrap();
        assert_ne!(out, [0; 32]);
        assert_eq!(workspace.0.len(), 64);
        assert!(workspace.0.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }
}
