//! Measures processor time, which does not depend on the load of the machine.

use std::fs;
use std::time::Duration;

/// The kernel counts processor time in hundredths of a second for user space.
const TICKS_PER_SECOND: u32 = 100;

/// The processor time of the calling thread since it began, in steps of 10 ms.
///
/// # Panics
/// Where there is no Linux `/proc`.
#[must_use]
pub fn of_this_thread() -> Duration {
    let Some(time) = of("thread-self") else { panic!("there is no /proc of Linux") };
    time
}

/// The processor time of all threads of a process, in steps of 10 ms. `None`: there is no such
/// process.
#[must_use]
pub fn of_process(id: u32) -> Option<Duration> {
    of(&id.to_string())
}

/// Reads fields 14 and 15, counted after the name in brackets: user and system time.
fn of(whose: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{whose}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u32>().ok());
    let ticks = ticks.sum::<Option<u32>>()?;
    Some(Duration::from_secs(1) / TICKS_PER_SECOND * ticks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_counted_and_rest_is_not() {
        let before = of_this_thread();
        std::thread::sleep(Duration::from_millis(50));
        let rested = of_this_thread().saturating_sub(before);
        assert!(rested < Duration::from_millis(50), "{rested:?}");
        while of_this_thread().saturating_sub(before) < Duration::from_millis(60) {
            std::hint::black_box(vec![1_u8; 4096]);
        }
        assert!(of_process(std::process::id()).unwrap() >= Duration::from_millis(60));
    }
}
