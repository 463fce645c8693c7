//! Counts who calls what: in memory, and every few seconds in a file of the data directory. Neither can
//! fail a request.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use isogloss_canonical::named::{Named, Shown};
use isogloss_canonical::secret::Secret;
use isogloss_store::usage::{UsageFile, UsageRow};
use jiff::Timestamp;
use sha2::Sha256;
use tokio::task::JoinHandle;

use crate::random::random;

/// How often the counts are written.
const EVERY: Duration = Duration::from_secs(2);
/// How often the gateway tries to open the file, and how long it waits between two attempts.
const ATTEMPTS: usize = 4;
const BETWEEN: Duration = Duration::from_millis(50);
/// The most rows between two writes. Calls beyond them are counted together.
const MOST_ROWS: usize = 2_000;
/// The most characters of a method and of a caller.
const LONGEST: usize = 80;
/// Stands for what is not counted by itself.
const OTHERS: &str = "(others)";

/// One answered request.
#[derive(Debug)]
pub struct Answered<'a> {
    /// The route.
    pub route: &'a str,
    /// What the request says of itself.
    pub named: &'a Named,
    /// Who was proved, if somebody was.
    pub proved: Option<&'a str>,
    /// What stands for the method of a request that names none.
    pub page: &'a str,
    /// Whether the status was from 400 on.
    pub failed: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Place {
    route: String,
    method: String,
    caller: String,
}

/// The counts since they were last written. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Usage {
    counts: Arc<Mutex<HashMap<Place, UsageRow>>>,
    key: [u8; 32],
}

impl Usage {
    /// Counts from zero; fingerprints of keys are made with this key.
    #[must_use]
    pub fn new(key: [u8; 32]) -> Self {
        Self { counts: Arc::default(), key }
    }

    /// Counts a request: each method that it names.
    pub fn count(&self, answered: &Answered<'_>) {
        let caller = match answered.proved {
            Some(name) => short(name),
            None => self.caller(&answered.named.shown),
        };
        let named = answered.named.methods.iter().map(String::as_str);
        let methods =
            named.chain(Some(answered.page).filter(|_| answered.named.methods.is_empty()));
        let now = Timestamp::now();
        for method in methods {
            self.add(UsageRow {
                route: answered.route.to_owned(),
                method: short(method),
                caller: caller.clone(),
                calls: 1,
                failed: u64::from(answered.failed),
                first: now,
                last: now,
            });
        }
    }

    /// Credentials that nobody has proved, without a secret.
    fn caller(&self, shown: &Shown) -> String {
        match shown {
            Shown::Nothing => "(nobody)".to_owned(),
            Shown::Session => "(session)".to_owned(),
            Shown::Password(name) => short(name),
            Shown::Key(key) => self.fingerprint(key),
        }
    }

    /// Tells keys apart. Whoever does not have the file cannot try keys against it.
    fn fingerprint(&self, key: &Secret) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return "(key)".to_owned();
        };
        mac.update(key.expose().as_bytes());
        let sum = mac.finalize().into_bytes();
        format!("(key {})", hex::encode(&sum[..4]))
    }

    fn add(&self, mut row: UsageRow) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let mut place = Place::of(&row);
        if counts.len() >= MOST_ROWS && !counts.contains_key(&place) {
            OTHERS.clone_into(&mut row.method);
            OTHERS.clone_into(&mut row.caller);
            place = Place::of(&row);
        }
        match counts.get_mut(&place) {
            None => drop(counts.insert(place, row)),
            Some(known) => {
                known.calls = known.calls.saturating_add(row.calls);
                known.failed = known.failed.saturating_add(row.failed);
                known.first = known.first.min(row.first);
                known.last = known.last.max(row.last);
            }
        }
    }

    fn take(&self) -> Vec<UsageRow> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *counts).into_values().collect()
    }
}

impl Place {
    fn of(row: &UsageRow) -> Self {
        let UsageRow { route, method, caller, .. } = row.clone();
        Self { route, method, caller }
    }
}

/// A name as it is stored: without control characters, and not longer than the limit.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

/// The file, and the task that writes to it.
#[derive(Debug)]
pub struct Writer {
    usage: Usage,
    file: UsageFile,
    task: JoinHandle<()>,
}

impl Writer {
    /// Opens the file of a directory and begins to count. `None`: it cannot be opened, and nothing is
    /// counted.
    pub async fn start(directory: PathBuf) -> Option<Self> {
        let file = open(&directory).await?;
        let usage = Usage::new(*file.key());
        let (counted, written) = (usage.clone(), file.clone());
        let task = tokio::spawn(async move {
            loop {
                tokio::time::sleep(EVERY).await;
                write(&counted, &written).await;
            }
        });
        Some(Self { usage, file, task })
    }

    /// Where requests are counted.
    #[must_use]
    pub const fn usage(&self) -> &Usage {
        &self.usage
    }

    /// Writes what is left, and closes the file.
    pub async fn close(&self) {
        self.task.abort();
        write(&self.usage, &self.file).await;
        self.file.close().await;
    }
}

/// Opens the file. Another process may be making it.
async fn open(directory: &Path) -> Option<UsageFile> {
    for attempt in 1.. {
        match UsageFile::open(directory, random()).await {
            Ok(file) => return Some(file),
            Err(fault) if attempt == ATTEMPTS => {
                tracing::warn!(%fault, "calls are not counted");
                return None;
            }
            Err(_) => tokio::time::sleep(BETWEEN).await,
        }
    }
    None
}

/// Writes the counts. Those that cannot be written are counted on.
async fn write(usage: &Usage, file: &UsageFile) {
    let rows = usage.take();
    if rows.is_empty() {
        return;
    }
    if let Err(fault) = file.add(&rows).await {
        tracing::debug!(%fault, "counts cannot be written yet");
        for row in rows {
            usage.add(row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(usage: &Usage, shown: Shown, method: &str) {
        let named = Named { methods: vec![method.to_owned()], shown };
        let (route, page) = ("a at /", "GET /");
        usage.count(&Answered { route, named: &named, proved: None, page, failed: false });
    }

    #[test]
    fn callers_are_told_apart_without_their_secrets() {
        let usage = Usage::new([7; 32]);
        for (shown, times) in [
            (Shown::Key("hunter2".into()), 2),
            (Shown::Key("hunter3".into()), 1),
            (Shown::Password("ada".to_owned()), 1),
        ] {
            (0..times).for_each(|_| count(&usage, shown.clone(), "get"));
        }
        let mut rows = usage.take();
        rows.sort_by(|one, other| one.calls.cmp(&other.calls).then(one.caller.cmp(&other.caller)));
        let callers: Vec<_> = rows.iter().map(|row| (row.caller.as_str(), row.calls)).collect();
        assert_eq!(callers.len(), 3, "{callers:?}");
        assert!(callers.contains(&("ada", 1)) && callers[2].1 == 2, "{callers:?}");
        assert!(callers.iter().all(|(name, _)| !name.contains("hunter")), "{callers:?}");
        assert_ne!(Usage::new([8; 32]).fingerprint(&"hunter2".into()), callers[2].0);
    }

    #[test]
    fn what_a_client_makes_up_takes_bounded_memory() {
        let usage = Usage::new([7; 32]);
        let long = "x".repeat(10_000);
        for number in 0..MOST_ROWS + 500 {
            count(&usage, Shown::Nothing, &format!("{number}{long}"));
        }
        let rows = usage.take();
        assert_eq!(rows.len(), MOST_ROWS + 1);
        assert!(rows.iter().all(|row| row.method.len() <= LONGEST));
        assert_eq!(rows.iter().map(|row| row.calls).sum::<u64>(), MOST_ROWS as u64 + 500);
    }
}
