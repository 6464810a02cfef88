//! Tasks that must run as long as the process does: one that panics is counted, leaves readiness,
//! and is started again.

use crate::health::Health;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// How long until a task that panicked is started again.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// One that ran for so long since is well again.
const WELL_AFTER: Duration = Duration::from_secs(10);

/// Runs what `make` makes until it ends by itself, and anew each time it panics. Its check, `name`, is
/// up while it is well. Where the panic was is logged by the panic hook.
pub fn keep<F, M>(name: &'static str, health: Health, make: M) -> impl Future<Output = ()> + Send
where
    F: Future<Output = ()> + Send + 'static,
    M: FnMut() -> F + Send,
{
    // At once, not when it first runs: what is counted is there before the process says it is ready.
    metrics::counter!("process_tasks_restarted_total", "task" => name).increment(0);
    kept(name, health, make)
}

async fn kept<F>(name: &'static str, health: Health, mut make: impl FnMut() -> F + Send)
where
    F: Future<Output = ()> + Send + 'static,
{
    let check = health.register(name);
    check.up();
    loop {
        let mut running = AbortOnDropHandle::new(tokio::spawn(make()));
        let ended = match tokio::time::timeout(WELL_AFTER, &mut running).await {
            Ok(ended) => ended,
            Err(_still_running) => {
                check.up();
                running.await
            }
        };
        let panicked = ended.is_err_and(|error| error.is_panic());
        if !panicked {
            return;
        }
        metrics::counter!("process_tasks_restarted_total", "task" => name).increment(1);
        tracing::error!(
            task = name,
            "a task that must not end panicked; it is started again"
        );
        check.down("it panicked and was started again; if this stays, report the log's `place`");
        tokio::time::sleep(AGAIN_AFTER).await;
    }
}

#[cfg(test)]
mod tests {
    use super::keep;
    use crate::health::Health;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_leaves_readiness_is_started_again_and_comes_back() {
        let health = Health::new();
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        let kept = tokio::spawn(keep("sweep", health.clone(), move || {
            let start = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                assert!(start >= 2, "the first two fail");
                std::future::pending::<()>().await;
            }
        }));
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(starts.load(Ordering::Relaxed), 2);
        assert_eq!(health.ready().unwrap_err()[0].check, "sweep");
        tokio::time::sleep(Duration::from_secs(12)).await;
        assert_eq!(starts.load(Ordering::Relaxed), 3);
        assert_eq!(health.ready(), Ok(()));
        kept.abort();
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_was_asked_to_stop_is_not_started_again() {
        let starts = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&starts);
        keep("sweep", Health::new(), move || {
            counted.fetch_add(1, Ordering::Relaxed);
            async {}
        })
        .await;
        assert_eq!(starts.load(Ordering::Relaxed), 1);
    }
}
