//! The history for an operator's command, beside the processes that write it: a standalone's data
//! directory, also while that runs, or the PostgreSQL that the configuration names. The tables stay
//! as they are, whatever release made them.

use crate::cli::Places;
use crate::config::Config;
use anyhow::Context;
use std::path::Path;
use store::{Onlooker, Store};

/// To read.
///
/// # Errors
/// A database that is not there, or an option that has no effect.
pub(crate) async fn onlooker(config: Option<&Config>, places: &Places) -> anyhow::Result<Onlooker> {
    if let Some(postgres) = config.and_then(|config| config.store.postgres.as_ref()) {
        places.one_database()?;
        return Onlooker::of_server(postgres).context(CHECK_SETTINGS);
    }
    let database = places.database()?;
    let onlooker = Onlooker::of_file(&database).await;
    onlooker.with_context(|| cant_be(&database, "read"))
}

/// To write an operator's own deed.
///
/// # Errors
/// As [`onlooker`].
pub(crate) async fn store(config: Option<&Config>, places: &Places) -> anyhow::Result<Store> {
    if let Some(postgres) = config.and_then(|config| config.store.postgres.as_ref()) {
        places.one_database()?;
        return Store::of_server(postgres).context(CHECK_SETTINGS);
    }
    let database = places.database()?;
    let store = Store::of_file(&database).await;
    store.with_context(|| cant_be(&database, "written"))
}

/// What to do about a question that the database did not answer.
pub(crate) fn advised(error: anyhow::Error) -> anyhow::Error {
    match error.downcast_ref() {
        Some(store::Error::Unavailable(_) | store::Error::Busy(_)) => error.context(
            "the database does not do it; if tables are missing, bring them up to date: with `tidegate \
             migrate`, or a start of the standalone",
        ),
        Some(store::Error::Newer(_)) => {
            error.context("ask with the tidegate of that later release")
        }
        Some(
            store::Error::Conflict
            | store::Error::ReceiptRefused
            | store::Error::RequestIdTaken
            | store::Error::Corrupt(_),
        )
        | None => error,
    }
}

const CHECK_SETTINGS: &str = "the database can't be used; check [store.postgres]";

fn cant_be(database: &Path, deed: &str) -> String {
    format!("{} can't be {deed}", database.display())
}
