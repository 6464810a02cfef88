//! What an operator does before a fleet starts: the database's tables, Kafka's topics. Both may be
//! done again at any time.

use crate::config::Config;
use anyhow::Context;
use std::io::Write;

/// Brings the database's tables up to date.
pub(super) async fn migrate(config: &Config) -> anyhow::Result<()> {
    let store = crate::rooms::history(config.postgres()?).await?;
    store.close().await;
    let mut out = anstream::stdout().lock();
    writeln!(out, "the database's tables are up to date")?;
    Ok(())
}

/// Creates the topics that are missing, and says how those that are there differ from what is
/// wanted.
pub(super) async fn apply_topics(config: &Config) -> anyhow::Result<()> {
    let applied = bus::topics::apply(config.kafka()?)
        .await
        .context("the topics can't be seen to")?;
    let mut out = anstream::stdout().lock();
    for topic in &applied.created {
        writeln!(out, "created {topic}")?;
    }
    for difference in &applied.differences {
        writeln!(out, "{difference}")?;
    }
    if applied.created.is_empty() && applied.differences.is_empty() {
        writeln!(out, "the topics are as they should be")?;
    }
    Ok(())
}
