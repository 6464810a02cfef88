//! Stops a transaction of the store in its middle, and lets it go on.

use crate::database::Database;
use payment::OrderId;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use std::time::Duration;

/// The advisory lock that the stopped transaction waits for.
const LOCK: i64 = 42;

/// How often to look whether something waits.
const LOOKS_MAX: u32 = 3_000;

/// A gate, shut. Nothing that passes it holds a transaction id for it.
pub(crate) struct Gate {
    keeper: PgConnection,
    watcher: tokio::sync::Mutex<PgConnection>,
}

impl Gate {
    /// Stops whoever is about to write this order's events: its head has moved by then.
    pub(crate) async fn before_the_events_of(database: &Database, order: OrderId) -> Self {
        let mut keeper = database.connection().await;
        for sql in [
            format!("SELECT pg_advisory_lock({LOCK})"),
            format!(
                "CREATE OR REPLACE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
                 BEGIN
                     IF NEW.order_id = '{order}' THEN
                         PERFORM pg_advisory_xact_lock_shared({LOCK});
                     END IF;
                     RETURN NEW;
                 END $$"
            ),
            "CREATE OR REPLACE TRIGGER gate BEFORE INSERT ON events
             FOR EACH ROW EXECUTE FUNCTION gate()"
                .to_owned(),
        ] {
            sqlx::query(AssertSqlSafe(sql))
                .execute(&mut keeper)
                .await
                .unwrap();
        }
        Self {
            keeper,
            watcher: tokio::sync::Mutex::new(database.connection().await),
        }
    }

    /// Waits until a transaction stands at it.
    pub(crate) async fn reached(&self) {
        let mut watcher = self.watcher.lock().await;
        for _ in 0..LOOKS_MAX {
            let reached: bool = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                 WHERE d.datname = current_database() AND l.locktype = 'advisory'
                     AND NOT l.granted)",
            )
            .fetch_one(&mut *watcher)
            .await
            .unwrap();
            if reached {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing came to the gate");
    }

    pub(crate) async fn open(self) {
        self.keeper.close().await.unwrap();
    }
}
