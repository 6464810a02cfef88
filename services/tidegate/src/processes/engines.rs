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

/// Lets the positions of a history from another server go on above all there are.
///
/// # Errors
/// A database that can't be reached, or whose tables can't be brought up to date.
pub(crate) async fn adopt(config: &Config) -> anyhow::Result<()> {
    let adopted = store::Store::adopt(config.postgres()?).await;
    let adopted = adopted.context("the database can't be used; check [store.postgres]")?;
    let mut out = anstream::stdout().lock();
    if adopted.before == adopted.after {
        writeln!(
            out,
            "nothing to do: what is written goes on above all that is there"
        )?;
    } else {
        writeln!(
            out,
            "the database is taken over: positions run {} ahead of this server's transaction ids",
            adopted.after
        )?;
    }
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
