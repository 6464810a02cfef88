//! Readiness that means it: Redis is listened to, the clock is compared; and once, what Kafka is set
//! to. The database stands in `crate::database`. None of these watches mends anything; each part comes back by itself.

use bus::KafkaOptions;
use chassis::clock::Steady;
use chassis::health::Check;
use fleet::Standing;
use std::sync::Arc;
use std::time::Duration;
use store::Store;

/// How often the clock is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A database that needs longer than this for its clock is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long until a Kafka that is away is asked again how it is set.
const ASK_KAFKA_AGAIN: Duration = Duration::from_secs(10);

/// Farther from the fleet's clock than this, a process is not ready (decision 16).
const AHEAD_MAX_MS: i64 = 10_000;

/// Without Redis everything is right and slower: the process stays ready, and says so.
pub(super) async fn redis(mut standing: tokio::sync::watch::Receiver<Standing>, check: Check) {
    loop {
        let now = *standing.borrow_and_update();
        match now {
            Standing::Up => check.up(),
            Standing::Away => check.degraded(
                "Redis is away: workers do each other's work and waiting merchants learn later, \
                 but nothing is wrong. It is tried again by itself",
            ),
        }
        if standing.changed().await.is_err() {
            return;
        }
    }
}

/// Says in the log, once, how Kafka's topics and time-outs differ from what they should be: what is
/// set wrongly there shows itself only when something dies.
pub(super) async fn topics(options: KafkaOptions) {
    loop {
        match bus::topics::verify(&options).await {
            Ok(differences) => {
                for difference in &differences {
                    tracing::warn!(%difference, "Kafka is not set as it should be");
                }
                return;
            }
            Err(bus::Error::Unavailable(_)) => tokio::time::sleep(ASK_KAFKA_AGAIN).await,
            Err(error) => {
                tracing::error!(%error, "Kafka is set wrongly");
                return;
            }
        }
    }
}

/// Keeps the process's clock at the fleet's, which is the database's.
pub(super) async fn clock(store: Store, clock: Arc<Steady>, check: Check) {
    check.up();
    loop {
        // A database that is away tells no time; the clock goes on as it is.
        let asked = tokio::time::timeout(PATIENCE, store.shared_clock()).await;
        if let Ok(Ok(shared)) = asked {
            let reference_ms = shared.map_or_else(|| clock.machine_ms(), |at| at.as_ms());
            let ahead_ms = clock.follow(reference_ms);
            if ahead_ms.saturating_abs() > AHEAD_MAX_MS {
                check.down(&format!(
                    "this clock is {ahead_ms} ms from the database's; set both right (NTP), then \
                     restart the process"
                ));
            } else {
                check.up();
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}
