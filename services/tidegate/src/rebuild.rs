//! `tidegate rebuild`: the projection made anew out of history, and compared with the one in use.

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use store::Store;

/// Rebuilds the projection in this data directory; exit 1 if what was in use did not agree.
pub(crate) async fn rebuild(data_dir: &Path) -> anyhow::Result<ExitCode> {
    let database = data_dir.join("tidegate.sqlite3");
    if !database.exists() {
        let problem = format!(
            "there is no database in {}; name the standalone's directory with --data-dir",
            data_dir.display()
        );
        return Err(crate::exit::Unavailable(problem).into());
    }
    let store = Store::open(&database)
        .await
        .context("the database can't be used")?;
    let bar = ProgressBar::no_length().with_style(ProgressStyle::with_template(
        "{elapsed_precise} [{bar:30}] {pos}/{len} events",
    )?);
    let rebuilt = store
        .projection()
        .rebuild(|progress| {
            bar.set_length(u64::try_from(progress.last).unwrap_or(0));
            bar.set_position(u64::try_from(progress.position).unwrap_or(0));
        })
        .await?;
    bar.finish_and_clear();
    store.close().await;
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
