//! Waiting, with a ceiling, and with a spinner where someone looks on. The tool waits for programs
//! that have no way to call it, so this file alone reads the clock and sleeps.

use indicatif::{ProgressBar, ProgressStyle};
use std::time::{Duration, Instant};

/// How long nothing is asked after the first answer of no. Each further pause is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(50);

/// The longest pause. PostgreSQL writes a line into its log for each time it is asked too early.
const PAUSE_MAX: Duration = Duration::from_millis(400);

/// Asks until the answer is yes, or until patience ends. Says whether it was yes.
///
/// # Errors
///
/// What the asking brings.
#[expect(
    clippy::disallowed_methods,
    reason = "a blocking tool that waits for other programs has no clock to be told by"
)]
pub(crate) fn until(
    patience: Duration,
    mut ask: impl FnMut() -> anyhow::Result<bool>,
) -> anyhow::Result<bool> {
    let began = Instant::now();
    let mut pause = PAUSE_FIRST;
    loop {
        if ask()? {
            return Ok(true);
        }
        if began.elapsed() >= patience {
            return Ok(false);
        }
        std::thread::sleep(pause);
        pause = pause.saturating_mul(2).min(PAUSE_MAX);
    }
}

/// Lets a while pass before something is tried again.
#[expect(
    clippy::disallowed_methods,
    reason = "nothing can tell a blocking tool that another program has let go"
)]
pub(crate) fn before_trying_again() {
    std::thread::sleep(Duration::from_secs(2));
}

/// Does something, and says how long it took.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool that times its steps has no clock to be told by"
)]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let done = work();
    (done, began.elapsed())
}

/// Does something that may take a while, with a spinner on a terminal.
pub(crate) fn spin<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
        spinner.set_style(style);
    }
    spinner.set_message(what.to_owned());
    spinner.enable_steady_tick(PAUSE_FIRST);
    let done = work();
    spinner.finish_and_clear();
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_no_patience_asks_once() {
        let mut asked = 0;
        let answered = until(Duration::ZERO, || {
            asked += 1;
            Ok(false)
        });
        assert!(!answered.unwrap());
        assert_eq!(asked, 1);
    }

    #[test]
    fn a_yes_ends_the_waiting() {
        assert!(until(Duration::MAX, || Ok(true)).unwrap());
    }
}
