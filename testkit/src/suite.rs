//! Runs the trials of a suite in one process, and records the time of each one.
//!
//! The trials of a suite share what takes long to make: parsed recordings, prepared stores. With
//! one process for each trial, as in cargo-nextest, each trial would make them again.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{ExitCode, exit};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Conclusion, Failed, Trial};

/// The variable that names a folder. Each suite writes `SUITE.tsv` there, with one line for each
/// trial: `seconds TAB trial`.
const TIMES: &str = "TRIAL_TIMES";
/// If a trial takes longer than this, the suite ends and names the trial.
const LONGEST: Duration = Duration::from_mins(10);
/// The time between two checks of this limit.
const CHECK: Duration = Duration::from_secs(5);

/// The running trials, each with its start.
static RUNNING: Mutex<BTreeMap<String, Instant>> = Mutex::new(BTreeMap::new());
/// The ended trials, each with its time.
static ENDED: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

/// One trial of a suite. It fails if `run` returns an error or panics.
pub fn trial<R>(name: impl Into<String>, run: R) -> Trial
where
    R: FnOnce() -> Result<(), Failed> + Send + 'static,
{
    let name = name.into();
    Trial::test(name.clone(), move || {
        let _timed = Timed::start(name);
        run()
    })
}

/// Runs the trials that the command line selects.
#[must_use]
pub fn run(suite: &str, trials: Vec<Trial>) -> ExitCode {
    conclude(suite, &Arguments::from_args(), trials).exit_code()
}

/// The same, for a suite that does something after its trials.
pub fn conclude(suite: &str, arguments: &Arguments, trials: Vec<Trial>) -> Conclusion {
    thread::spawn(end_what_hangs);
    let conclusion = libtest_mimic::run(arguments, trials);
    if let Some(folder) = std::env::var_os(TIMES)
        && let Err(error) = write_times(&folder, suite)
    {
        eprintln!("the times of {suite} were not written: {error}");
    }
    conclusion
}

/// Measures a trial until it is dropped, so also a trial that panics.
struct Timed(String);

impl Timed {
    fn start(name: String) -> Self {
        lock(&RUNNING).insert(name.clone(), Instant::now());
        Self(name)
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        if let Some(start) = lock(&RUNNING).remove(&self.0) {
            lock(&ENDED).push((std::mem::take(&mut self.0), start.elapsed()));
        }
    }
}

/// Locks a mutex, also after a panic: no panic can leave its value inconsistent.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[expect(clippy::exit, reason = "a trial that hangs cannot be ended otherwise")]
fn end_what_hangs() {
    loop {
        thread::sleep(CHECK);
        let running = lock(&RUNNING);
        if let Some((name, _)) = running.iter().find(|(_, start)| start.elapsed() > LONGEST) {
            eprintln!("{name} has run for more than {LONGEST:?}: the suite ends here");
            exit(124);
        }
    }
}

fn write_times(folder: &OsString, suite: &str) -> std::io::Result<()> {
    let mut text = String::new();
    for (name, time) in lock(&ENDED).iter() {
        // Writing to a string does not fail.
        let _written = writeln!(text, "{:.3}\t{name}", time.as_secs_f64());
    }
    fs::create_dir_all(folder)?;
    fs::write(Path::new(folder).join(format!("{suite}.tsv")), text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_panics_is_measured() {
        let panicking = std::panic::catch_unwind(|| {
            let _timed = Timed::start("panics".to_owned());
            panic!("as a failed assertion does");
        });
        assert!(panicking.is_err());
        assert!(lock(&ENDED).iter().any(|(name, _)| name == "panics"));
        assert!(!lock(&RUNNING).contains_key("panics"));
    }
}
