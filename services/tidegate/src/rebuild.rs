//! `tidegate rebuild`: the projection made anew out of history, and compared with the one in use.

use crate::cli::Places;
use crate::config::Config;
use crate::exit::Unavailable;
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::process::ExitCode;
use store::Store;

/// Rebuilds the projection in the database that is configured, else in this data directory; exit 1
/// if what was in use did not agree.
pub(crate) async fn rebuild(config: Option<Config>, places: &Places) -> anyhow::Result<ExitCode> {
    let store = open(config, places).await?;
    let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(
        "{elapsed_precise} [{bar:30}] {pos}/{len} events",
    )?);
    let rebuilt = store
        .projection()
        .rebuild(|progress| {
            bar.set_length(u64::try_from(progress.last).unwrap_or(0));
            bar.set_position(u64::try_from(progress.position).unwrap_or(0));
        })
        .await;
    bar.finish_and_clear();
    store.close().await;
    if matches!(rebuilt, Err(store::Error::Conflict)) {
        let problem = "another rebuild is under way; wait until it is done";
        return Err(Unavailable(problem.to_owned()).into());
    }
    let rebuilt = rebuilt.context("nothing was replaced; start it again")?;
    let mut out = anstream::stdout().lock();
    writeln!(
        out,
        "rebuilt from {} events; what was in use {}",
        rebuilt.position,
        if rebuilt.agrees() {
            "agreed"
        } else {
            "did NOT agree and was replaced; please report this"
        }
    )?;
    let code = if rebuilt.agrees() {
        0
    } else {
        crate::exit::DISAGREE
    };
    Ok(ExitCode::from(code))
}

async fn open(config: Option<Config>, places: &Places) -> anyhow::Result<Store> {
    if let Some(postgres) = config.and_then(|config| config.store.postgres) {
        places.one_database()?;
        return crate::rooms::history(&postgres).await;
    }
    let database = places.database()?;
    let store = Store::open(&database).await;
    store.context("the database can't be used")
}
