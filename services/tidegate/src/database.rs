//! Whether the database can be read and written, as readiness tells it. A disk that is full shows
//! only in what is written, so where nothing else is, the store writes to see.

use chassis::health::Check;
use std::path::Path;
use std::time::Duration;
use store::Store;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// A database that needs longer than this is away.
const PATIENCE: Duration = Duration::from_secs(2);

/// Without the database nothing can be done: the process is not ready. Goes on for ever.
pub(crate) async fn watch(store: Store, check: Check, place: Place<'_>) {
    let mut was_well = true;
    loop {
        let looked = tokio::time::timeout(PATIENCE, look(&store)).await;
        let fault = match looked {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(_) => Some("it does not answer in time".to_owned()),
        };
        match &fault {
            None => check.up(),
            Some(fault) => check.down(&place.advice(fault)),
        }
        if was_well && let Some(fault) = &fault {
            tracing::error!("not ready: {}", place.advice(fault));
        } else if !was_well && fault.is_none() {
            tracing::info!("the database can be written again");
        }
        was_well = fault.is_none();
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(store: &Store) -> Result<(), store::Error> {
    store.shared_clock().await?;
    store.can_write().await
}

/// Where the database is.
#[derive(Clone, Copy)]
pub(crate) enum Place<'p> {
    /// In a file of this directory.
    Directory(&'p Path),
    /// On a server.
    Server,
}

impl Place<'_> {
    fn advice(self, fault: &str) -> String {
        match self {
            Self::Directory(directory) => format!(
                "{fault}; nothing can be written to {}: see to the room on its disk, and to who may \
                 write there. It is tried again every second",
                directory.display()
            ),
            Self::Server => format!("{fault}; it is tried again every second"),
        }
    }
}
