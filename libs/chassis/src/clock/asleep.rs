//! How long the machine slept since this process began. Linux' monotonic clock stands still while a
//! machine is suspended; its boot clock goes on. An expiry counted by the former alone would lie in
//! the past when the lid is opened again.

use std::time::Duration;

/// How long the machine slept since the first call.
#[cfg(target_os = "linux")]
pub(super) fn since_start() -> Duration {
    use std::sync::OnceLock;
    static AT_START: OnceLock<Duration> = OnceLock::new();
    let asleep = since_boot();
    slept(*AT_START.get_or_init(|| asleep), asleep)
}

/// Elsewhere the wall clock alone tells; see `Steady`.
#[cfg(not(target_os = "linux"))]
pub(super) fn since_start() -> Duration {
    Duration::ZERO
}

/// Less is the time between two readings.
#[cfg(any(target_os = "linux", test))]
const LEAST: Duration = Duration::from_millis(100);

#[cfg(any(target_os = "linux", test))]
fn slept(at_start: Duration, now: Duration) -> Duration {
    let slept = now.saturating_sub(at_start);
    if slept < LEAST { Duration::ZERO } else { slept }
}

/// A process that is stopped between two readings would take that for sleep: it reads again.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let read = |clock| {
        let at = clock_gettime(clock);
        let secs = u64::try_from(at.tv_sec).unwrap_or(0);
        Duration::new(secs, u32::try_from(at.tv_nsec).unwrap_or(0))
    };
    loop {
        let before = read(ClockId::Monotonic);
        let boot = read(ClockId::Boottime);
        let after = read(ClockId::Monotonic);
        if after.saturating_sub(before) < LEAST {
            return boot.saturating_sub(before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_what_the_boot_clock_gained_and_two_readings_are_none() {
        let at_start = Duration::from_secs(3_600);
        let later = |ms: u64| slept(at_start, at_start + Duration::from_millis(ms));
        assert_eq!(later(0), Duration::ZERO);
        assert_eq!(later(99), Duration::ZERO);
        assert_eq!(later(600_000), Duration::from_secs(600));
        assert_eq!(slept(at_start, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_machine_that_did_not_sleep_slept_for_no_time() {
        assert_eq!(since_start(), Duration::ZERO);
    }
}
